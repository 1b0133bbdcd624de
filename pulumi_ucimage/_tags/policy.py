"""The policy that chooses a tag; it is validated when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, final, get_args

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._spec.arguments import OrderName, PolicyName
from pulumi_ucimage._tags.regex import Regex, Template
from pulumi_ucimage._tags.semver import Range
from pulumi_ucimage._tags.tag_name import parse_tag_name
from pulumi_ucimage._tags.timestamps import parse_duration, parse_timestamp
from pulumi_ucimage.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

T = TypeVar("T")

NEWEST: Final = "newest"
SEMVER: Final = "semver"
NUMERICAL: Final = "numerical"
ALPHABETICAL: Final = "alphabetical"
_NAMES: Final = get_args(PolicyName)

HIGHEST: Final = "highest"
_ORDERS: Final = get_args(OrderName)

FLOATING_TAGS: Final = frozenset(
    {
        "latest",
        "stable",
        "edge",
        "nightly",
        "main",
        "master",
        "dev",
        "develop",
        "buildcache",
    }
)
"""The default of `floating_tags`. `buildcache` is BuildKit's cache, which cannot be run."""

_ANY_RELEASE: Final = Range.parse("*")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How one tag of an image is chosen; see docs/choosing-tags.md.

    Attributes:
        name: `newest`, `semver`, `numerical` or `alphabetical`.
        highest: whether the highest is best, or else the lowest.
        semver_range: the versions that may be chosen.
        semver_loose: whether `1` and `1.2` are versions.
        include: a tag must match it as a whole; None for no condition.
        exclude: a tag must not match it as a whole; None for no condition.
        extract: what is compared instead of the tag; None for the tag.
        min_age_s: how old a tag must be, in seconds; None for any age.
        as_of_s: a tag must not be created later, in Unix seconds; None for any time.
        floating_tags: names that move from image to image.
        tag: exactly this tag, whatever the rest says; None to choose by the rest.
        wait_s: how long to wait for `tag`, in seconds.
        default_tag: what to use if nothing is left to choose from.
        arguments: what all this was read from, by Python name.
    """

    name: str = NEWEST
    highest: bool = True
    semver_range: Range = _ANY_RELEASE
    semver_loose: bool = False
    include: Regex | None = None
    exclude: Regex | None = None
    extract: Template | None = None
    min_age_s: int | None = None
    as_of_s: int | None = None
    floating_tags: frozenset[str] = FLOATING_TAGS
    tag: str | None = None
    wait_s: int = 0
    default_tag: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def limits_age(self) -> bool:
        """Whether some tags may be too young."""
        return (self.min_age_s, self.as_of_s) != (None, None)

    @classmethod
    def from_arguments(
        cls, arguments: Mapping[str, Any], *, unknown: Collection[str] = ()
    ) -> Policy:
        """Read a policy from arguments of the right types.

        Args:
            arguments: values by Python name; a missing one is not set.
            unknown: names of arguments whose values are not known yet. What depends on
                them is not checked, and the policy must not be used.

        Raises:
            InvalidPolicyError: one of them is invalid, or some exclude each other.
        """
        name = _parse_choice(_NAMES, "policy", arguments)
        _check_combinations(name, arguments, unknown)
        include = _parse_optional("tag_regex", Regex.parse, arguments)
        return cls(
            name=name,
            highest=_parse_choice(_ORDERS, "order", arguments) == HIGHEST,
            semver_range=_parse_optional("semver_range", Range.parse, arguments)
            or _ANY_RELEASE,
            semver_loose=arguments.get("semver_loose", False),
            include=include,
            exclude=_parse_optional("tag_exclude_regex", Regex.parse, arguments),
            extract=include
            and _parse_optional(
                "tag_extract", lambda text: Template.parse(text, include), arguments
            ),
            min_age_s=_parse_optional("min_age", parse_duration, arguments),
            as_of_s=_parse_optional("as_of", parse_timestamp, arguments),
            floating_tags=_parse_floating_tags(arguments),
            tag=_parse_optional("tag", parse_tag_name, arguments),
            wait_s=_parse_optional("wait", parse_duration, arguments) or 0,
            default_tag=_parse_optional("default_tag", parse_tag_name, arguments),
            arguments=dict(arguments),
        )

    @property
    def needs_time(self) -> bool:
        """Whether a tag needs a CreateTime to be chosen."""
        return self.name == NEWEST or self.min_age_s is not None or self.as_of_s is not None


def parse_argument(name: str, parse: Callable[[str], T], text: str) -> T:
    """Parse an argument's text.

    Args:
        name: the argument's Python name.
        parse: raises a ValueError whose message is a clause that says what is wrong.
        text: its value.

    Raises:
        InvalidPolicyError: the text is invalid.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidPolicyError(f"{name} {quoted(text)} is invalid: {error}.") from None


def _parse_optional(
    name: str, parse: Callable[[str], T], arguments: Mapping[str, Any]
) -> T | None:
    text = arguments.get(name)
    return None if text is None else parse_argument(name, parse, text)


def _parse_choice(choices: tuple[str, ...], name: str, arguments: Mapping[str, Any]) -> str:
    value: str = arguments.get(name, choices[0])
    if value not in choices:
        message = f"{name} must be one of {', '.join(choices)}, not {quoted(value)}."
        raise InvalidPolicyError(message)
    return value


def _parse_floating_tags(arguments: Mapping[str, Any]) -> frozenset[str]:
    names = arguments.get("floating_tags")
    if names is None:
        return FLOATING_TAGS
    # An empty string counts as not given, as it does for an argument.
    return frozenset(
        parse_argument("floating_tags", parse_tag_name, name) for name in names if name
    )


def _check_combinations(
    name: str, arguments: Mapping[str, Any], unknown: Collection[str]
) -> None:
    """Raise InvalidPolicyError for arguments that exclude each other."""
    semver_only = "works only with policy 'semver'; set policy to 'semver', or leave it out"
    conflicts = (
        ("semver_range", "policy", name != SEMVER, semver_only),
        ("semver_loose", "policy", name != SEMVER, semver_only),
        (
            "tag_extract",
            "policy",
            name == NEWEST,
            "sets what a policy compares, but 'newest' compares times; set policy to"
            " 'semver', 'numerical' or 'alphabetical', or leave out tag_extract",
        ),
        (
            "tag_extract",
            "tag_regex",
            not arguments.get("tag_regex"),
            "is a template over the groups of tag_regex; give tag_regex too",
        ),
        (
            "wait",
            "tag",
            not arguments.get("tag"),
            "waits for one tag; set tag to it, or leave out wait",
        ),
        (
            "default_tag",
            "tag",
            bool(arguments.get("tag")),
            "cannot be used with the argument tag, which must be listed; leave one of"
            " them out",
        ),
    )
    for argument, other, is_conflict, why in conflicts:
        if is_conflict and other not in unknown and arguments.get(argument):
            raise InvalidPolicyError(f"{argument} {why}.")
