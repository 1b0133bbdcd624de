"""Versions and version ranges, by the rules of Masterminds/semver v3 and Flux.

The sources of the rules are github.com/Masterminds/semver/v3 v3.5.0 (`version.go`,
`constraints.go`), which Flux and Argo CD Image Updater use, and SemVer 2.0.0, section 11.
`test_masterminds.py` compares parsing and ranges with the originals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, NamedTuple, TypeAlias, final

from pulumi_ucimage._formatting import quoted

# ((False, number) | (True, text), ...): numbers rank below text.
_Identifiers: TypeAlias = tuple[tuple[bool, int | str], ...]
Precedence: TypeAlias = tuple[int, int, int, bool, _Identifiers]
_Bound: TypeAlias = tuple[object, ...]
_Test: TypeAlias = Callable[[Precedence], bool]

# version.go, MaxVersionLen; constraints.go, MaxConstraintLen, MaxConstraintGroups.
# The first also keeps int() far from the length at which it refuses.
_VERSION_LENGTH: Final = 256
_RANGE_LENGTH: Final = 512
_RANGE_GROUPS: Final = 32

_TOP: Final[_Bound] = (math.inf,)

_WORDS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_IDENTIFIER: Final = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION: Final = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+{_WORDS})?"
)

# constraints.go, cvRegex: what looks like a version in a range. The bar is there by
# accident and matters only in a hyphen range: "1||2 - 3" is ">=1 || 2 <=3".
_PART: Final = r"[0-9|xX*]+"
_PATTERN: Final = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_WORDS})?(?:\+{_WORDS})?"
_SPACE: Final = r"[\t\n\f\r ]"  # Go's \s
_HYPHEN: Final = re.compile(rf"{_SPACE}*({_PATTERN}){_SPACE}+-{_SPACE}+({_PATTERN})")
_GAP: Final = re.compile(rf"(?<=[=<>~^]){_SPACE}+(?=[v0-9xX*])")
_AND: Final = re.compile(rf"{_SPACE}*,{_SPACE}*|{_SPACE}+")
_COMPARATOR: Final = re.compile(
    r"([<>]=?|=[<>]?|!=|~>?|\^|)"
    rf"(v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(-{_WORDS})?(?:\+{_WORDS})?)"
)


@final
@dataclass(frozen=True, slots=True)
class Version:
    """A version, made by `parse_version`.

    `1.0.0`, `v1.0.0` and `1.0.0+build` are equal.

    Attributes:
        precedence: the rank by SemVer 2.0.0, section 11, to compare and sort by.
    """

    precedence: Precedence

    @property
    def prerelease(self) -> tuple[int | str, ...]:
        """The prerelease identifiers, empty for a release."""
        return tuple(identifier for _, identifier in self.precedence[4])


def parse_version(text: str, *, loose: bool = False) -> Version | None:
    """Parse a version; return None if the text is not one.

    A leading `v` (not `V`) and leading zeros of the three numbers are accepted, as in
    Flux; leading zeros of a numeric prerelease identifier are not. Numbers are exact at
    any length (Masterminds stops at 64 bits).

    Args:
        text: any text, such as a tag.
        loose: whether one or two numbers are enough, as in Masterminds' NewVersion and
            Argo CD Image Updater; otherwise three are needed. (Flux only counts dots, so
            that it accepts `1.2-3.4` too.)
    """
    match = _VERSION.fullmatch(text) if len(text) <= _VERSION_LENGTH else None
    if match is None or not (loose or match[3]):
        return None
    major, minor, patch, prerelease = match.groups()
    numbers = int(major), int(minor or 0), int(patch or 0)
    if not prerelease:
        return Version((*numbers, True, ()))
    ranks = tuple(
        (False, int(i)) if i.isdigit() else (True, i) for i in prerelease.split(".")
    )
    return Version((*numbers, False, ranks))


class _Group(NamedTuple):
    """Comparators joined by AND."""

    names_prerelease: bool
    tests: tuple[_Test, ...]


@final
@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions, made by `Range.parse`.

    Attributes:
        text: what was parsed.
    """

    text: str
    _groups: tuple[_Group, ...] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Range:
        """Parse a range such as `^1.2`, `>=1.1 <2 || 3.x` or `1.2 - 2.3`.

        The empty text is invalid, as in Masterminds; `*` is every release.

        Raises:
            ValueError: the text is not a range. The message is a clause that says what is
                wrong and what to write.
        """
        if len(text) > _RANGE_LENGTH:
            raise ValueError(
                f"a range has at most {_RANGE_LENGTH} characters, not {len(text)}"
            )
        groups = _HYPHEN.sub(r">= \1, <= \2 ", text).split("||")
        if len(groups) > _RANGE_GROUPS:
            raise ValueError(
                f"a range joins at most {_RANGE_GROUPS} parts by ||, not {len(groups)}"
            )
        return cls(text, tuple(_parse_group(group, text) for group in groups))

    @property
    def names_prerelease(self) -> bool:
        """Whether any comparator names a prerelease."""
        return any(group.names_prerelease for group in self._groups)

    def contains(self, version: Version, *, prereleases: bool = False) -> bool:
        """Whether a version is in the range.

        A prerelease is in range only in a group (the comparators between two `||`) of
        which some comparator names a prerelease.

        Args:
            version: the version.
            prereleases: also accept a prerelease that is outside only because it is one:
                a group that names none contains the release with the same numbers.
        """
        rank = version.precedence
        release = rank if rank[3] else (*rank[:3], True, ())
        # Loops, because generators take longer than the tests: there may be 10,000 tags.
        for group in self._groups:
            if group.names_prerelease or prereleases or rank[3]:
                asked = rank if group.names_prerelease else release
                for test in group.tests:
                    if not test(asked):
                        break
                else:
                    return True
        return False


def _parse_group(group: str, whole: str) -> _Group:
    """Parse comparators joined by AND; messages quote the whole range."""
    names_prerelease = False
    tests = []
    for piece in _AND.split(_GAP.sub("", group.strip("\t\n\f\r "))):
        # A rewritten hyphen range or a removed gap is not what the user wrote.
        shown = quoted(piece if piece in whole else whole) if piece else "an empty part"
        version, test = _parse_comparator(piece, shown)
        names_prerelease |= bool(version.prerelease)
        tests.append(test)
    return _Group(names_prerelease, tuple(tests))


def _parse_comparator(text: str, shown: str) -> tuple[Version, _Test]:
    """Parse an operator and its version, with zeros for the numbers it leaves open."""
    match = _COMPARATOR.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{shown} is not a comparator; write an operator (none, =, !=, >, >=, <,"
            " <=, ~ or ^) and a version, for example ^1.2, >=1.1 <2, 1.x || 3.x or"
            " 1.2 - 2.3"
        )
    # The first wildcard hides what comes after it, except a prerelease.
    open_part = (None, "x", "X", "*")
    numbers = list(takewhile(lambda part: part not in open_part, match.group(3, 4, 5)))
    padded = ".".join([*numbers, "0", "0", "0"][:3]) + (match[6] or "")
    version = parse_version(match[2] if numbers[2:] else padded)
    if version is None:
        raise ValueError(
            f"{shown} has no version to compare with; write numbers, or only x or *, and"
            " no leading zeros in a prerelease, for example 1.x or >=1.2.0-1"
        )
    return version, _make_test(match[1], len(numbers), version.precedence)


def _make_test(operator: str, parts: int, rank: Precedence) -> _Test:
    """An operator's test of a version's rank.

    Args:
        operator: such as `^`; empty for a plain version.
        parts: how many numbers come before the first wildcard.
        rank: the rank of the version that the operator compares with.
    """
    match operator, parts:
        case "!=", 1:
            return lambda other: other[0] != rank[0]
        case "!=", 2:
            return lambda other: (other[:2], other[4]) != (rank[:2], rank[4])
        case "!=", _:
            return lambda other: other != rank
    low, high = _find_bounds(operator, parts, rank)
    return lambda other: low <= other < high


def _find_bounds(operator: str, parts: int, rank: Precedence) -> tuple[_Bound, _Bound]:
    """The bounds of an operator, the upper one excluded.

    These are the results of constraintOps in constraints.go. Without any number they
    differ from its documentation: `^*` is 0.0.0, `>*` is above 0.0.0
    and `<=*` is 0.0.x; `~0.0.0` has no upper bound.
    """
    numbers: tuple[int, ...] = rank[:3]

    def above(count: int) -> _Bound:
        """The least bound above all versions with the first numbers."""
        return (*numbers[: count - 1], numbers[count - 1] + 1)

    # Directly above the named versions, which are a block of versions or one version.
    beyond = above(parts) if parts in (1, 2) else (*rank, ())
    low: _Bound = rank
    high = _TOP
    match operator:
        case "" | "=":
            high = beyond if parts else _TOP
        case ">":
            low = beyond
        case "<":
            low, high = (), rank
        case "<=" | "=<":
            low, high = (), beyond if parts else above(2)
        case "~" | "~>" if any(numbers) or parts in (1, 2):
            high = above(min(parts, 2))
        case "^":
            high = above(next((n for n in (1, 2) if numbers[n - 1] or n == parts), 3))
    return low, high
