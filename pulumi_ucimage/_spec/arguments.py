"""The table of arguments: name, type and meaning of each, for every entry point.

Signatures, schema, help and documentation follow it. It checks types; what a value must be
beyond its type is checked where the value is used.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final, get_args

from pulumi_ucimage._spec import naming
from pulumi_ucimage.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


PolicyName: TypeAlias = Literal["newest", "semver", "numerical", "alphabetical"]
"""The values of the argument `policy`."""
OrderName: TypeAlias = Literal["highest", "lowest"]
"""The values of the argument `order`."""


class ArgumentType(enum.Enum):
    """The types of arguments, as Pulumi's schema names them."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRINGS = "array"
    MAP = "object"


_PYTHON_TYPES: Final[Mapping[ArgumentType, tuple[type | tuple[type, ...], str]]] = {
    ArgumentType.STRING: (str, "a string"),
    ArgumentType.INTEGER: (int, "a whole number"),
    ArgumentType.BOOLEAN: (bool, "a boolean"),
    ArgumentType.MAP: (dict, "a map of strings"),
    ArgumentType.STRINGS: ((list, tuple), "a list of strings"),
}


@final
@dataclass(frozen=True, slots=True)
class Argument:
    """One argument.

    Attributes:
        name: the name in Python.
        type: the type of its value.
        description: what it means; Markdown, with a summary as its first sentence.
        required: whether it must be given.
        choices: the values it can have; empty if they are not listed.
    """

    name: str
    type: ArgumentType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def wire_name(self) -> str:
        """The name on the wire, in camelCase."""
        return naming.wire_name(self.name)

    def validate(self, value: object) -> Any:
        """The value, if it has the argument's type.

        A whole number may be a float, because Pulumi's engine turns every number into one.

        Raises:
            ArgumentTypeError: it has another type.
        """
        is_integer = self.type is ArgumentType.INTEGER
        if is_integer and isinstance(value, float) and value.is_integer():
            value = int(value)
        python_type, words = _PYTHON_TYPES[self.type]
        # In Python, a bool is an int.
        fits = isinstance(value, python_type) and (
            isinstance(value, bool) == (self.type is ArgumentType.BOOLEAN)
        )
        if not fits:
            # YAML reads 2.0 as a number.
            is_unquoted = self.type is ArgumentType.STRING and type(value) in (int, float)
            hint = "; write it in quotes" if is_unquoted else ""
            message = f"{self.name} must be {words}, not {_type_name(value)}{hint}."
            raise ArgumentTypeError(message)
        for part in _items(value):
            if not isinstance(part, str):
                message = f"{self.name} must be {words}, but contains {_type_name(part)}."
                raise ArgumentTypeError(message)
        return value


_TYPE_NAMES: Final[Mapping[type, str]] = {
    bool: "a boolean",
    int: "a whole number",
    float: "a decimal number",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "a map",
    type(None): "null",
}


def _type_name(value: object) -> str:
    """The type of a value in words that every language has; else its name in Python."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _items(value: object) -> Iterable[object]:
    """What a list or a map contains."""
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, (list, tuple)) else ()


_COMMON_ARGUMENTS: Final = (
    Argument(
        "bucket_name",
        ArgumentType.STRING,
        "The bucket, UCloud's name for an image repository.",
        required=True,
    ),
    Argument(
        "region",
        ArgumentType.STRING,
        "The bucket's region, such as `cn-bj2`. Default: the configured one.",
    ),
    Argument(
        "project_id",
        ArgumentType.STRING,
        "The bucket's project, such as `org-abc123`. Default: the configured one.",
    ),
    Argument(
        "profile",
        ArgumentType.STRING,
        "Use this profile of the UCloud CLI: its keys, its region and its project. For"
        " programs that work with several accounts.",
    ),
    Argument(
        "image_name",
        ArgumentType.STRING,
        "Only this image: its full name as the API returns it, its path"
        " (`ucs/helloworld`) or its last part (`helloworld`). The match is exact. A path"
        " or last part that matches several images is an error.",
    ),
    Argument(
        "registry",
        ArgumentType.STRING,
        "The registry host, `host[:port]`, that every `image` gets, such as a mirror."
        " Default: the configured one, then the host in the image's name.",
    ),
    Argument(
        "order_by",
        ArgumentType.STRING,
        "The order of the images, passed to the API unchanged. The only value in the"
        " API's documentation is `Default`.",
    ),
)

CHOICE_ARGUMENTS: Final = (
    Argument(
        "policy",
        ArgumentType.STRING,
        "How tags are compared: `newest` (by CreateTime; the default), `semver`,"
        " `numerical` or `alphabetical`.",
        choices=get_args(PolicyName),
    ),
    Argument(
        "order",
        ArgumentType.STRING,
        "Which end is chosen: `highest` (the default) or `lowest`.",
        choices=get_args(OrderName),
    ),
    Argument(
        "semver_range",
        ArgumentType.STRING,
        "Only versions in this range, such as `^1.2`, `~1.2.3`, `>=1.1 <2 || >3`, `1.x`"
        " or `1.2 - 2.3`. Only with policy `semver`. Prereleases are in range only if a"
        " comparator names one, as in `^1.2-0`. Default: `*`.",
    ),
    Argument(
        "semver_loose",
        ArgumentType.BOOLEAN,
        "Also accept `1`, `1.2` and `v1.2-5` as versions, not only names with three"
        " numeric parts. Only with policy `semver`. Default: False.",
    ),
    Argument(
        "tag_regex",
        ArgumentType.STRING,
        "Only tags that match this regular expression (RE2) as a whole.",
    ),
    Argument(
        "tag_exclude_regex",
        ArgumentType.STRING,
        "No tags that match this regular expression (RE2) as a whole.",
    ),
    Argument(
        "tag_extract",
        ArgumentType.STRING,
        "What the policy compares instead of the tag: a template over the groups of"
        " `tag_regex`, such as `$1`, `$name` or `${name}` (`$$` is a dollar sign). The"
        " result is still the tag itself. Not with policy `newest`.",
    ),
    Argument(
        "min_age",
        ArgumentType.STRING,
        "Reject tags that are younger than this: `30s`, `15m`, `12h` or `7d`.",
    ),
    Argument(
        "as_of",
        ArgumentType.STRING,
        "Reject tags that were created after this time (RFC 3339, such as"
        " `2026-03-01T12:00:00Z`), so that the choice is the same everywhere and at any"
        " time. `min_age` then counts from it.",
    ),
    Argument(
        "floating_tags",
        ArgumentType.STRINGS,
        "Names that move from image to image. They are rejected unless `tag_regex` matches"
        " them. Default: `latest`, `stable`, `edge`, `nightly`, `main`, `master`, `dev`,"
        " `develop` and `buildcache`.",
    ),
    Argument(
        "tag",
        ArgumentType.STRING,
        "Exactly this tag, whatever the other arguments say; an error if it is not listed.",
    ),
    Argument(
        "wait",
        ArgumentType.STRING,
        "Look again until `tag` is listed, at most this long, such as `90s`: for a tag"
        " that was pushed a moment ago. Only with `tag`.",
    ),
    Argument(
        "default_tag",
        ArgumentType.STRING,
        "Used, with `found` False, if nothing is left to choose from; by a pin only for its"
        " first choice. If the image itself is missing, it is used only if `image_name` is"
        " a full name with a registry host. Not with `tag`.",
    ),
)

_RESOLVE_DIGEST: Final = Argument(
    "resolve_digest",
    ArgumentType.BOOLEAN,
    "Read the tag's digest from the registry, for `digest` and `repo_digest`. Default:"
    " False.",
)

GET_DOCKER_IMAGES: Final = (
    *_COMMON_ARGUMENTS,
    Argument(
        "name_regex",
        ArgumentType.STRING,
        "Only images with a name whose last part matches this regular expression (RE2) as a"
        " whole.",
    ),
    Argument(
        "limit",
        ArgumentType.INTEGER,
        "At most this many images, 1 or more. Default: all.",
    ),
    Argument(
        "offset",
        ArgumentType.INTEGER,
        "Skip this many images. Filters are applied first, then `offset`, then `limit`."
        " Default: 0.",
    ),
)
GET_DOCKER_IMAGE: Final = (*_COMMON_ARGUMENTS, *CHOICE_ARGUMENTS, _RESOLVE_DIGEST)
IMAGE_PIN: Final = (
    *_COMMON_ARGUMENTS,
    *CHOICE_ARGUMENTS,
    Argument(
        "triggers",
        ArgumentType.MAP,
        "Any texts, such as a commit, a date or a release number. When one of them"
        " changes, the pin chooses again.",
    ),
    Argument(
        "allow_downgrade",
        ArgumentType.BOOLEAN,
        "Allow a move to a tag that ranks below the pinned one. An explicit `tag` is always"
        " allowed. Default: False.",
    ),
    _RESOLVE_DIGEST,
)


def validate_arguments(
    table: Iterable[Argument], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments that were given, by Python name, each with the type it must have.

    None and the empty string count as not given.

    Raises:
        ArgumentError: a required one is missing.
        ArgumentTypeError: one has another type.
    """
    checked: dict[str, Any] = {}
    for argument in table:
        value = values.get(argument.name)
        if value is not None and value != "":
            checked[argument.name] = argument.validate(value)
        elif argument.required:
            message = f"{argument.name} is missing: give the bucket's name."
            raise ArgumentError(message)
    return checked


def docstring_lines(table: Iterable[Argument]) -> str:
    """The lines of a docstring's section `Args`."""
    return "\n".join(
        f"        {argument.name}: {argument.description}" for argument in table
    )
