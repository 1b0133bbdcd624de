"""The tags of one image and a policy become candidates, sorted, and counts."""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter, eq
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar, final

from pulumi_ucimage._tags.policy import NEWEST, NUMERICAL, SEMVER, TAG, Policy
from pulumi_ucimage._tags.semver import Range, parse_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Tag(NamedTuple):
    """A tag as an image lists it.

    Attributes:
        name: as the registry has it; None where it has none.
        create_time: Unix seconds; None where nothing says.
    """

    name: str | None
    create_time: int | None


class TagLike(Protocol):
    """What a tag is, whoever has read it; see `Tag`."""

    @property
    def name(self) -> str | None:
        """As the registry has it; None or empty where it has none."""

    @property
    def create_time(self) -> int | None:
        """Unix seconds; None where nothing says."""


class RejectReason(enum.Enum):
    """Why a tag was left out, in the order in which the reasons are tried."""

    INVALID = "invalid"
    ARTIFACT = "artifact"
    FLOATING = "floating"
    NOT_MATCHED = "not_matched"
    EXCLUDED = "excluded"
    TOO_YOUNG = "too_young"
    UNDATED = "undated"
    UNPARSABLE = "unparsable"
    OUT_OF_RANGE = "out_of_range"


class Candidate(NamedTuple):
    """A tag that is left to choose from.

    Attributes:
        rank: what the policy compares; greater is higher.
        name: the tag.
        text: what the rank was read from: the tag, or what was extracted from it.
        create_time: Unix seconds; None where nothing says.
    """

    rank: Any  # compared with ranks of the same policy only
    name: str
    text: str
    create_time: int | None


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """The tags of an image, sorted by a policy.

    Attributes:
        policy: the rule.
        candidates: what was left, best first.
        rejected: the others, newest first, by the step at which they fell out.
        total: how many tags there were.
    """

    policy: Policy
    candidates: Sequence[Candidate]
    rejected: dict[RejectReason, list[TagLike]]
    total: int

    def counts(self) -> dict[str, int]:
        """How many tags fell out at each step; they add up to `total`."""
        return {
            "total": self.total,
            **{step.value: len(tags) for step, tags in self.rejected.items()},
            "candidates": len(self.candidates),
        }

    def ambiguous(self) -> list[str]:
        """The tags that share the best extracted text, by name; empty where none do."""
        if not (self.policy.extract and self.candidates):
            return []
        best = self.candidates[0].text
        names = sorted(tag.name for tag in self.candidates if tag.text == best)
        return names if len(names) > 1 else []


T = TypeVar("T", bound=TagLike)

# As cosign and its like name what belongs to an image.
_ARTIFACT: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")
# Flux would take floats, which tell neither 1.10 from 1.1 nor two long time stamps.
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_LONGEST_NUMBER: Final = 640
"""Characters, of which a tag has 128; any Python reads numbers as long as this."""


def evaluate(policy: Policy, tags: Iterable[TagLike], *, now: float) -> Choice:
    """What a policy makes of tags, in whatever order they come.

    Args:
        policy: the rule.
        tags: of one image; not changed.
        now: Unix seconds, for `min_age`.
    """
    distinct = _distinct(tags)
    rejected: dict[RejectReason, list[TagLike]] = {step: [] for step in RejectReason}
    candidates: list[Candidate] = []
    judge = _judge(policy, _youngest(policy, now))
    for tag in distinct:
        verdict = judge(tag)
        if isinstance(verdict, RejectReason):
            rejected[verdict].append(tag)
        else:
            candidates.append(verdict)
    return Choice(
        policy,
        _ranked(candidates, attrgetter("rank"), highest=policy.highest),
        {step: _newest_first(fallen) for step, fallen in rejected.items()},
        len(distinct),
    )


def rank(policy: Policy, tag: TagLike) -> Any:
    """A tag's rank under a policy, whatever its filters and its range say.

    Returns:
        None where it has none: it is no version, no number, has no time, or
        `tag_extract` has nothing to compare of it.
    """
    text = tag.name or ""
    if policy.extract and policy.include:
        match = policy.include.match(text)
        if not match:
            return None
        text = policy.extract.expand(match)
    anything = replace(policy, semver_range=Range.parse("*-0"))
    read = _rank_reader(anything)(text, tag.create_time)
    return None if isinstance(read, RejectReason) else read


def newest_first(tags: Sequence[TagLike]) -> list[TagLike]:
    """Each tag once, the newest first, with ties as in a choice; undated ones last."""
    names, times = {tag.name for tag in tags}, {tag.create_time for tag in tags}
    if len(names) == len(times) == len(tags) and all(names) and None not in times:
        return sorted(tags, key=_CREATE_TIME, reverse=True)
    return _newest_first(_distinct(tags))


def newest(tags: Iterable[TagLike]) -> TagLike | None:
    """What the policy `newest` chooses of tags that come newest first."""
    return next((tag for tag in tags if isinstance(_JUDGE_NEWEST(tag), Candidate)), None)


def _distinct(tags: Iterable[TagLike]) -> list[TagLike]:
    """Each name once, with its newest CreateTime; those without a name all stay."""
    latest: dict[str, TagLike] = {}
    nameless = []
    for tag in tags:
        name = tag.name
        if not name:
            nameless.append(Tag(None, tag.create_time))
        elif (known := latest.get(name)) is None or _age_key(tag) > _age_key(known):
            latest[name] = tag
    return [*latest.values(), *nameless]


_CREATE_TIME: Final = attrgetter("create_time")


def _age_key(tag: TagLike) -> int:
    return -1 if tag.create_time is None else tag.create_time


def _newest_first(tags: Iterable[TagLike]) -> list[TagLike]:
    return _ranked(tags, _age_key, highest=True)


def _youngest(policy: Policy, now: float) -> int | None:
    """The latest CreateTime that is old enough for `as_of` and `min_age`."""
    if policy.min_age_s is None:
        return policy.as_of_s
    counted_from = now if policy.as_of_s is None else min(now, policy.as_of_s)
    return math.floor(counted_from) - policy.min_age_s


def _judge(  # noqa: C901 - one list of steps
    policy: Policy, youngest: int | None
) -> Callable[[TagLike], RejectReason | Candidate]:
    """A function that says of a tag why it falls out, or what it ranks by."""
    include, exclude, extract = policy.include, policy.exclude, policy.extract
    read_rank = _rank_reader(policy)
    floating, needs_time = policy.floating_tags, policy.needs_time

    def judge(tag: TagLike) -> RejectReason | Candidate:  # noqa: PLR0911 - one list of steps
        name, create_time = tag.name, tag.create_time
        if not name or not TAG.fullmatch(name):
            return RejectReason.INVALID
        if name.startswith("sha256-") and _ARTIFACT.fullmatch(name):
            return RejectReason.ARTIFACT
        match = include.match(name) if include else None
        if name in floating and not match:
            return RejectReason.FLOATING
        if include and not match:
            return RejectReason.NOT_MATCHED
        if exclude and exclude.match(name):
            return RejectReason.EXCLUDED
        if create_time is None:
            if needs_time:
                return RejectReason.UNDATED
        elif youngest is not None and create_time > youngest:
            return RejectReason.TOO_YOUNG
        text = extract.expand(match) if extract else name
        rank = read_rank(text, create_time)
        if isinstance(rank, RejectReason):
            return rank
        return Candidate(rank, name, text, create_time)

    return judge


def _rank_reader(policy: Policy) -> Callable[[str, int | None], Any]:
    """A function from a text and a CreateTime to a rank, or to why it has none."""
    if policy.name == NEWEST:
        return lambda _text, create_time: create_time
    if policy.name == NUMERICAL:
        return lambda text, _create_time: _number(text)
    if policy.name == SEMVER:
        loose, contains = policy.semver_loose, policy.semver_range.contains

        def version_rank(text: str, _create_time: int | None) -> Any:
            version = parse_version(text, loose=loose)
            if version is None:
                return RejectReason.UNPARSABLE
            return version.precedence if contains(version) else RejectReason.OUT_OF_RANGE

        return version_rank
    # Python compares text by code points, which is the order of its bytes in UTF-8.
    return lambda text, _create_time: text


def _number(text: str) -> tuple[int, ...] | RejectReason:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return RejectReason.UNPARSABLE
    return tuple(map(int, text.split(".")))


def _ranked(tags: Iterable[T], rank: Callable[[T], Any], *, highest: bool) -> list[T]:
    """Tags with different names, best first; where ranks are equal, by `_tie_broken`."""
    ranked = sorted(tags, key=rank, reverse=highest)
    ranks = list(map(rank, ranked))
    if not any(map(eq, ranks, ranks[1:])):
        return ranked
    broken: list[T] = []
    for _, equals in groupby(ranked, key=rank):
        broken += _tie_broken(list(equals))
    return broken


def _tie_broken(equals: list[T]) -> list[T]:
    """Tags of equal rank: SemVer precedence, then the bytewise greatest name.

    Precedence says something of two versions only, so that tags can go in a circle:
    1.10.0 before 1.9.0 (precedence) before 1.5_a before 1.10.0 (bytes). So a version
    takes the place of the greatest name among it and the versions below it. What comes
    before each other tag is then the first, in a circle the highest version is; and
    without the first, the second is what would be chosen.
    """
    if len(equals) == 1:
        return equals
    versions = sorted(
        (version.precedence, tag.name)
        for tag in equals
        if tag.name and TAG.fullmatch(tag.name)
        if (version := parse_version(tag.name, loose=True))
    )
    places: dict[str | None, tuple[str, int]] = {}
    greatest = ""
    for height, (_, name) in enumerate(versions):
        greatest = max(greatest, name)
        places[name] = (greatest, height)
    return sorted(
        equals,
        key=lambda tag: places.get(tag.name, (tag.name or "", 0)),
        reverse=True,
    )


_JUDGE_NEWEST: Final = _judge(Policy(), None)
