"""Results of functions and outputs of a pin: Pulumi output types, and their fields.

The annotation of each field is its row of the table: its type and its meaning. The getter,
the wire name, the documentation and the schema are made from it.

Nested results are dicts too, like those of generated SDKs, so that they can be passed on to
a resource.
"""

from collections.abc import Generator
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
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
        name: the name in Python.
        type: the type of its value.
        description: what it means; Markdown.
    """

    name: str
    type: Any
    description: str

    @property
    def wire_name(self) -> str:
        """The name on the wire, in camelCase."""
        return wire_name(self.name)


def _output_type(cls: type[T]) -> type[T]:
    """Turn a class with annotated fields into a Pulumi output type.

    Pulumi's own constructor and getters are many times slower, which matters with thousands
    of tags.
    """
    fields = tuple(
        Field(name, hint.__origin__, hint.__metadata__[0])
        for name, hint in get_type_hints(cls, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    )
    for field in fields:
        getter = pulumi.getter(name=field.wire_name)(
            _getter(field, is_dict=issubclass(cls, dict))
        )
        setattr(cls, field.name, property(getter, doc=field.description))
    # With annotations, Pulumi's decorator would replace these getters by its own.
    cls.__annotations__ = {}
    cls.fields = fields  # type: ignore[attr-defined]
    # Pulumi's decorator also adds a constructor to a class whose own body has none.
    setattr(cls, "__init__", cls.__init__)  # noqa: B010 - mypy knows no other way
    return pulumi.output_type(cls)


def _getter(field: Field, *, is_dict: bool) -> Any:
    def from_items(self: Any) -> Any:
        return self[field.name]

    def from_attributes(self: Any) -> Any:
        return self.__dict__[field.name]

    getter = from_items if is_dict else from_attributes
    getter.__annotations__ = {"return": field.type}
    return getter


class _Nested(dict[str, Any]):
    """A result within a result."""

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
        "The reference, `<full image name>:<tag>`, ready for a deployment. None if the"
        " image's name has no registry host and no `registry` is given.",
    ]
    create_time: Annotated[
        int | None, "When it was pushed, in Unix seconds. None if the API sent none."
    ]
    created_at: Annotated[
        str | None, "The same time as RFC 3339 in UTC, such as `2009-02-13T23:31:30Z`."
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
        "The tag that the policy `newest` chooses. None if there is none.",
    ]
    update_time: Annotated[
        int | None,
        "When the image was last changed, in Unix seconds. None if the API sent none.",
    ]
    updated_at: Annotated[str | None, "The same time as RFC 3339 in UTC."]
    resource_id: Annotated[str | None, "UCloud's ID of the image."]
    org_id: Annotated[str | None, "UCloud's ID of the project."]


@_output_type
class TagCounts(_Nested):
    """How many tags were rejected by each rule; with `candidates` they make `total`."""

    __slots__ = ()

    total: Annotated[int, "Tags of the image. A tag that is listed twice counts once."]
    invalid: Annotated[int, "Names that are not valid tags."]
    artifact: Annotated[int, "Signatures, attestations and bills of materials."]
    floating: Annotated[int, "Names that move, such as `latest`."]
    not_matched: Annotated[int, "Tags that `tag_regex` does not match."]
    excluded: Annotated[int, "Tags that `tag_exclude_regex` matches."]
    too_young: Annotated[int, "Tags younger than `min_age`, or created after `as_of`."]
    undated: Annotated[int, "Tags without the CreateTime that the choice needs."]
    unparsable: Annotated[int, "Tags that are not a version, or not a number."]
    out_of_range: Annotated[int, "Versions outside `semver_range`."]
    candidates: Annotated[int, "Tags that were not rejected."]


@_output_type
class GetDockerImagesResult(_Result):
    """The images of a bucket."""

    id: Annotated[str, "`<region>/<bucket>`."]
    region: Annotated[str, "The region that was listed."]
    bucket_name: Annotated[str, "The bucket that was listed."]
    total_count: Annotated[
        int, "Number of images in the bucket as the API says, before any filter."
    ]
    images: Annotated[list[DockerImage], "The images, in the API's order."]


@_output_type
class GetDockerImageResult(_Result):
    """The tag that was chosen."""

    id: Annotated[
        str,
        "`<region>/<bucket>/<image path>`. The path is the full name without the registry"
        " host.",
    ]
    region: Annotated[str, "The region that was listed."]
    bucket_name: Annotated[str, "The bucket that was listed."]
    image_name: Annotated[str, "The image's full name."]
    short_name: Annotated[str, "The name's last part."]
    tag: Annotated[str, "The tag that was chosen."]
    image: Annotated[
        str, "The reference, `<full image name>:<tag>`, ready for a deployment."
    ]
    digest: Annotated[
        str | None,
        "With `resolve_digest`: the digest that the tag names, such as `sha256:...`;"
        " of the index for a multi-platform image. None otherwise.",
    ]
    repo_digest: Annotated[
        str | None,
        "With `resolve_digest`: `<host>/<path>@<digest>`, a reference to exactly this"
        " image, even after the tag is pushed again. None otherwise.",
    ]
    create_time: Annotated[
        int | None, "When it was pushed, in Unix seconds. None if the API sent none."
    ]
    created_at: Annotated[str | None, "The same time as RFC 3339 in UTC."]
    resource_id: Annotated[str | None, "UCloud's ID of the image."]
    found: Annotated[bool, "False only if `default_tag` was used."]
    candidates: Annotated[list[str], "The tags that were not rejected, best first."]
    counts: Annotated[TagCounts, "How many tags were rejected by each rule."]
    explanation: Annotated[
        str,
        "A few lines: what was chosen, by which rule, and what was rejected and why.",
    ]


PIN_OUTPUTS: Final = (
    Field("tag", str, "The pinned tag."),
    Field(
        "image",
        str,
        "The reference, `<full image name>:<tag>`, ready for a deployment.",
    ),
    Field("image_name", str, "The image's full name."),
    Field(
        "digest",
        str | None,
        "With `resolve_digest`: the digest that the tag named when it was chosen, such as"
        " `sha256:...`; of the index for a multi-platform image.",
    ),
    Field(
        "repo_digest",
        str | None,
        "With `resolve_digest`: `<host>/<path>@<digest>`, a reference to exactly this"
        " image, even after the tag is pushed again.",
    ),
    Field(
        "create_time",
        int | None,
        "When the tag was pushed, in Unix seconds, as seen when it was chosen.",
    ),
    Field("created_at", str | None, "The same time as RFC 3339 in UTC."),
    Field("found", bool, "False only if `default_tag` was used."),
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
        "True if the pinned tag was listed when it was last checked; with `resolve_digest`"
        " only if the registry still had the digest too.",
    ),
    Field(
        "retagged",
        bool,
        "True if the same tag with another CreateTime was seen when it was last checked;"
        " with `resolve_digest`, with another digest.",
    ),
)
"""The outputs of an `ImagePin`."""


class AwaitableGetDockerImagesResult(GetDockerImagesResult):
    """The images of a bucket. It can be awaited too, which gives the same result."""

    def __await__(self) -> Generator[None, None, GetDockerImagesResult]:
        """The result."""
        return _ready(GetDockerImagesResult(**vars(self)))


class AwaitableGetDockerImageResult(GetDockerImageResult):
    """The tag that was chosen. It can be awaited too, which gives the same result."""

    def __await__(self) -> Generator[None, None, GetDockerImageResult]:
        """The result."""
        return _ready(GetDockerImageResult(**vars(self)))


def _ready(result: T) -> Generator[None, None, T]:
    """A generator that ends at once: `await` takes a generator."""
    yield from ()
    return result


def from_wire(cls: Any, value: Any) -> Any:
    """A result from wire names and values. A field that is left out is None.

    Args:
        cls: the type of the result, or of one of its fields.
        value: what came over the wire for it; there every number is a float.
    """
    if isinstance(value, float) and value.is_integer() and int in (cls, *get_args(cls)):
        return int(value)
    if isinstance(value, list):
        return [from_wire(cls, item) for item in value]
    nested = next((c for c in (cls, *get_args(cls)) if hasattr(c, "fields")), None)
    if nested is None or not isinstance(value, dict):
        return value
    return nested(
        **{
            field.name: from_wire(field.type, value.get(field.wire_name))
            for field in nested.fields
        }
    )


def to_wire(value: Any) -> Any:
    """A result, or a part of one, for JSON: with wire names."""
    if isinstance(value, list):
        return [to_wire(item) for item in value]
    if isinstance(value, _Result):
        return to_wire(vars(value))
    if isinstance(value, dict):
        return {wire_name(name): to_wire(item) for name, item in value.items()}
    return value
