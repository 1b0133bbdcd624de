"""What users get back: Pulumi output types, and the table of their fields.

Each field's annotation is its row of the table: its type, and what it means. From it come
the getter, the wire name, the docs, and later the schema.

Nested results are dicts too, as Pulumi's own are, so that they can be passed on to a
resource.
"""

from collections.abc import Generator
from typing import (
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    TypeVar,
    get_args,
    get_type_hints,
)

import pulumi

from pulumi_ucimage._spec.naming import wire_name

T = TypeVar("T")


class Field(NamedTuple):
    """One field of a result.

    Attributes:
        name: as Python has it.
        type: the type of its value.
        description: what it means; Markdown.
    """

    name: str
    type: Any
    description: str

    @property
    def wire(self) -> str:
        """As every other language has it."""
        return wire_name(self.name)


def _output_type(cls: type[T]) -> type[T]:
    """Make a class with annotated fields a Pulumi output type.

    Pulumi's own decorator would do, but its constructor and getters cost many times what
    these do, which shows with thousands of tags.
    """
    fields = tuple(
        Field(name, hint.__origin__, hint.__metadata__[0])
        for name, hint in get_type_hints(cls, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    )
    for field in fields:
        getter = pulumi.getter(name=field.wire)(_getter(field, issubclass(cls, dict)))
        setattr(cls, field.name, property(getter, doc=field.description))
    # The annotations would make Pulumi's decorator put getters of its own here.
    cls.__annotations__ = {}
    cls.fields = fields  # type: ignore[attr-defined]
    # Likewise where a class has no constructor in its own body.
    setattr(cls, "__init__", cls.__init__)  # noqa: B010 - mypy knows no other way
    return pulumi.output_type(cls)


def _getter(field: Field, is_dict: bool) -> Any:  # noqa: FBT001 - one of two forms
    def from_items(self: Any) -> Any:
        return self[field.name]

    def from_attributes(self: Any) -> Any:
        return self.__dict__[field.name]

    getter = from_items if is_dict else from_attributes
    getter.__annotations__ = {"return": field.type}
    return getter


class _Nested(dict[str, Any]):
    """A result within a result; it holds its items and nothing else."""

    __slots__ = ()

    fields: ClassVar[tuple[Field, ...]]


class _Result:
    """What a function returns."""

    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"


@_output_type
class DockerImageTag(_Nested):
    """A tag of an image."""

    __slots__ = ()

    name: Annotated[str | None, "The tag, such as `1.4.2`."]
    image: Annotated[
        str | None,
        "The whole reference, `<full image name>:<tag>`, ready for a deployment. None"
        " where the image's name has no registry host and no `registry` is given.",
    ]
    create_time: Annotated[
        int | None, "When it was pushed, in Unix seconds. None where the API sent none."
    ]
    created_at: Annotated[
        str | None, "The same moment as RFC 3339 in UTC, `2009-02-13T23:31:30Z`."
    ]


@_output_type
class DockerImage(_Nested):
    """An image of a bucket."""

    __slots__ = ()

    name: Annotated[
        str | None, "The full name, such as `ucsdr.ucloud.cn:5000/ucs/helloworld`."
    ]
    short_name: Annotated[str | None, "The name's last part, such as `helloworld`."]
    tags: Annotated[list[DockerImageTag], "All tags, newest first."]
    latest_tag: Annotated[
        DockerImageTag | None,
        "The tag that the policy `newest` chooses; None where there is none.",
    ]
    update_time: Annotated[
        int | None,
        "When the image was last changed, in Unix seconds. None where the API sent none.",
    ]
    updated_at: Annotated[str | None, "The same moment as RFC 3339 in UTC."]
    resource_id: Annotated[str | None, "UCloud's id of the image."]
    org_id: Annotated[str | None, "UCloud's id of the project."]


@_output_type
class TagCounts(_Nested):
    """How many tags fell out at each step of a choice; they add up to `total`."""

    __slots__ = ()

    total: Annotated[int, "Tags of the image; one that is listed twice counts once."]
    invalid: Annotated[int, "Names that cannot be a tag's."]
    artifact: Annotated[int, "Signatures, attestations and bills of materials."]
    floating: Annotated[int, "Names that move, such as `latest`."]
    not_matched: Annotated[int, "Tags that `tag_regex` does not match."]
    excluded: Annotated[int, "Tags that `tag_exclude_regex` matches."]
    too_young: Annotated[int, "Tags younger than `min_age`, or later than `as_of`."]
    undated: Annotated[int, "Tags without a CreateTime, where it is needed."]
    unparsable: Annotated[int, "Tags that are no version, or no number."]
    out_of_range: Annotated[int, "Versions outside of `semver_range`."]
    candidates: Annotated[int, "Tags that were left to choose from."]


@_output_type
class GetDockerImagesResult(_Result):
    """The images of a bucket."""

    id: Annotated[str, "`<region>/<bucket>`."]
    region: Annotated[str, "The region that was asked."]
    bucket_name: Annotated[str, "The bucket that was asked for."]
    total_count: Annotated[
        int, "Images of the bucket, as the API says, whatever was filtered."
    ]
    images: Annotated[list[DockerImage], "The images, in the API's order."]


@_output_type
class GetDockerImageResult(_Result):
    """The tag that was chosen."""

    id: Annotated[
        str,
        "`<region>/<bucket>/<image path>`, the path being the full name without the"
        " registry's host.",
    ]
    region: Annotated[str, "The region that was asked."]
    bucket_name: Annotated[str, "The bucket that was asked for."]
    image_name: Annotated[str, "The image's full name."]
    short_name: Annotated[str, "The name's last part."]
    tag: Annotated[str, "The tag that was chosen."]
    image: Annotated[
        str, "The whole reference, `<full image name>:<tag>`, ready for a deployment."
    ]
    digest: Annotated[
        str | None,
        "With `resolve_digest`: the digest that the tag names, `sha256:` and 64 hex digits;"
        " of the index for a multi-platform image. None otherwise.",
    ]
    repo_digest: Annotated[
        str | None,
        "With `resolve_digest`: `<host>/<path>@<digest>`, a reference to exactly these"
        " bytes, even after the tag is pushed again. None otherwise.",
    ]
    create_time: Annotated[
        int | None, "When it was pushed, in Unix seconds. None where the API sent none."
    ]
    created_at: Annotated[str | None, "The same moment as RFC 3339 in UTC."]
    resource_id: Annotated[str | None, "UCloud's id of the image."]
    found: Annotated[bool, "False only where `default_tag` was used."]
    candidates: Annotated[list[str], "The tags there were to choose from, best first."]
    counts: Annotated[TagCounts, "How many tags fell out at each step."]
    explanation: Annotated[
        str,
        "What was chosen, by which rule, and what was left out and why; some lines.",
    ]


IMAGE_PIN = (
    Field("tag", str, "The pinned tag."),
    Field(
        "image",
        str,
        "The whole reference, `<full image name>:<tag>`, ready for a deployment.",
    ),
    Field("image_name", str, "The image's full name."),
    Field(
        "digest",
        str | None,
        "With `resolve_digest`: the digest that the tag named when it was chosen, `sha256:`"
        " and 64 hex digits; of the index for a multi-platform image.",
    ),
    Field(
        "repo_digest",
        str | None,
        "With `resolve_digest`: `<host>/<path>@<digest>`, a reference to exactly these"
        " bytes, even after the tag is pushed again.",
    ),
    Field(
        "create_time",
        int | None,
        "When the tag was pushed, in Unix seconds, as seen when it was chosen.",
    ),
    Field("created_at", str | None, "The same moment as RFC 3339 in UTC."),
    Field("found", bool, "False only where `default_tag` was used."),
    Field("previous_tag", str | None, "The tag before the last move."),
    Field(
        "previous_digest",
        str | None,
        "With `resolve_digest`: the digest before the last move.",
    ),
    Field("chosen_at", str, "When the tag was chosen, RFC 3339 in UTC."),
    Field(
        "available",
        bool,
        "Whether the pinned tag was listed at the last look; with `resolve_digest` also"
        " whether the registry still had the digest.",
    ),
    Field(
        "retagged",
        bool,
        "Whether the same tag with another CreateTime was seen at the last look; with"
        " `resolve_digest` with another digest.",
    ),
)
"""The outputs of an `ImagePin`."""


class AwaitableGetDockerImagesResult(GetDockerImagesResult):
    """The images of a bucket; may be awaited too, which waits for nothing."""

    def __await__(self) -> Generator[None, None, GetDockerImagesResult]:
        """Give the result itself."""
        return _ready(GetDockerImagesResult(**vars(self)))


class AwaitableGetDockerImageResult(GetDockerImageResult):
    """The tag that was chosen; may be awaited too, which waits for nothing."""

    def __await__(self) -> Generator[None, None, GetDockerImageResult]:
        """Give the result itself."""
        return _ready(GetDockerImageResult(**vars(self)))


def _ready(result: T) -> Generator[None, None, T]:
    """Make a generator that is done at once, which is what `await` takes."""
    yield from ()
    return result


def from_wire(cls: Any, values: Any) -> Any:
    """A result from wire names and values; a field that is left out is None.

    Args:
        cls: the type of the result, or of a field of one.
        values: what came over the wire for it.
    """
    if isinstance(values, list):
        return [from_wire(cls, value) for value in values]
    nested = next((c for c in (cls, *get_args(cls)) if hasattr(c, "fields")), None)
    if nested is None or not isinstance(values, dict):
        return values
    return nested(
        **{
            field.name: from_wire(field.type, values.get(field.wire))
            for field in nested.fields
        }
    )
