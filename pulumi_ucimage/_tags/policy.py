"""The rule by which a tag is chosen, read from arguments; one that exists is valid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._tags.regex import Regex, Template
from pulumi_ucimage._tags.semver import Range
from pulumi_ucimage._tags.timestamps import parse_duration, parse_timestamp
from pulumi_ucimage.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

NEWEST: Final = "newest"
SEMVER: Final = "semver"
NUMERICAL: Final = "numerical"
ALPHABETICAL: Final = "alphabetical"
_NAMES: Final = (NEWEST, SEMVER, NUMERICAL, ALPHABETICAL)

HIGHEST: Final = "highest"
_ORDERS: Final = (HIGHEST, "lowest")

FLOATING_TAGS: Final = (
    "latest",
    "stable",
    "edge",
    "nightly",
    "main",
    "master",
    "dev",
    "develop",
)

_ANY: Final = Range.parse("*")

# The OCI distribution specification's grammar of a tag.
TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How one tag of an image is chosen: all of contract.md section 3.

    Attributes:
        name: `newest`, `semver`, `numerical` or `alphabetical`.
        highest: which end of that order is best.
        semver_range: which versions are in range.
        semver_loose: whether `1` and `1.2` are versions.
        include: tags must match it as a whole; None for all.
        exclude: tags must not match it as a whole.
        extract: what is compared instead of the tag.
        min_age_s: how old a tag must be, in seconds; None for any age.
        as_of_s: when a tag must have been created by, in Unix seconds.
        floating_tags: names that move.
        tag: exactly this tag, whatever the rest says.
        wait_s: how long to wait for it, in seconds.
        default_tag: what serves where nothing is left.
        arguments: what all this was read from, by Python name.
    """

    name: str = NEWEST
    highest: bool = True
    semver_range: Range = _ANY
    semver_loose: bool = False
    include: Regex | None = None
    exclude: Regex | None = None
    extract: Template | None = None
    min_age_s: int | None = None
    as_of_s: int | None = None
    floating_tags: frozenset[str] = frozenset(FLOATING_TAGS)
    tag: str | None = None
    wait_s: int = 0
    default_tag: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Policy:
        """The rule that arguments of the right types make.

        Args:
            arguments: Python names and values; what is not there is unset.

        Raises:
            InvalidPolicyError: one of them cannot be, or some do not go together.
        """
        name = _one_of(_NAMES, "policy", arguments)
        _refuse_combinations(name, arguments)
        include = _parsed(Regex.parse, "tag_regex", arguments)
        return cls(
            name=name,
            highest=_one_of(_ORDERS, "order", arguments) == HIGHEST,
            semver_range=_parsed(Range.parse, "semver_range", arguments) or _ANY,
            semver_loose=arguments.get("semver_loose", False),
            include=include,
            exclude=_parsed(Regex.parse, "tag_exclude_regex", arguments),
            extract=include
            and _parsed(
                lambda text: Template.parse(text, include), "tag_extract", arguments
            ),
            min_age_s=_parsed(parse_duration, "min_age", arguments),
            as_of_s=_parsed(parse_timestamp, "as_of", arguments),
            floating_tags=_floating_tags(arguments),
            tag=arguments.get("tag"),
            wait_s=_parsed(parse_duration, "wait", arguments) or 0,
            default_tag=_parsed(_tag, "default_tag", arguments),
            arguments=dict(arguments),
        )

    @property
    def needs_time(self) -> bool:
        """Whether a tag without a CreateTime cannot be judged."""
        return self.name == NEWEST or self.min_age_s is not None or self.as_of_s is not None


def _one_of(choices: tuple[str, ...], name: str, arguments: Mapping[str, Any]) -> str:
    value: str = arguments.get(name, choices[0])
    if value not in choices:
        message = f"{name} must be one of {', '.join(choices)}, not {quoted(value)}."
        raise InvalidPolicyError(message)
    return value


def _parsed(parse: Callable[[str], T], name: str, arguments: Mapping[str, Any]) -> T | None:
    text = arguments.get(name)
    return None if text is None else understood(parse, name, text)


def understood(parse: Callable[[str], T], name: str, text: str) -> T:
    """An argument's text, read.

    Raises:
        InvalidPolicyError: `parse` cannot, and its ValueError says why in a clause.
    """
    try:
        return parse(text)
    except ValueError as error:
        message = f"{name} {quoted(text)} cannot be used: {error}."
        raise InvalidPolicyError(message) from None


def _floating_tags(arguments: Mapping[str, Any]) -> frozenset[str]:
    names = arguments.get("floating_tags")
    if names is None:
        return frozenset(FLOATING_TAGS)
    # As for arguments, an empty string is the same as none.
    return frozenset(understood(_tag, "floating_tags", name) for name in names if name)


def _tag(text: str) -> str:
    if not TAG.fullmatch(text):
        message = (
            "a tag has letters, digits, '_', '.' and '-', at most 128 in all, and begins"
            " with none of '.' and '-'"
        )
        raise ValueError(message)
    return text


def _refuse_combinations(name: str, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that make no sense together, whatever their values."""
    semver_only = "serves policy 'semver' alone; set policy to 'semver' or leave it out"
    refusals = (
        ("semver_range", name != SEMVER, semver_only),
        ("semver_loose", name != SEMVER, semver_only),
        (
            "tag_extract",
            name == NEWEST,
            "is what a policy compares, and 'newest' compares times; set policy to"
            " 'semver', 'numerical' or 'alphabetical', or leave tag_extract out",
        ),
        (
            "tag_extract",
            not arguments.get("tag_regex"),
            "is a template over the groups of tag_regex; give tag_regex too",
        ),
        (
            "wait",
            not arguments.get("tag"),
            "waits for one tag; name it in tag, or leave wait out",
        ),
        (
            "default_tag",
            bool(arguments.get("tag")),
            "does not go with tag, which must be there; leave one of them out",
        ),
    )
    for argument, refused, why in refusals:
        if refused and arguments.get(argument):
            message = f"{argument} {why}."
            raise InvalidPolicyError(message)
