"""The tags of one image and a policy become one chosen tag, and the reason why."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from pulumi_ucimage.errors import AmbiguousTagError
from pulumi_ucimage.selection.policy import NEWEST, NUMERICAL, SEMVER, TAG, Policy
from pulumi_ucimage.selection.semver import parse_version
from pulumi_ucimage.text import quoted, some

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


class Step(enum.Enum):
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
        left_out: the others, by the step at which they fell out.
        total: how many tags there were.
    """

    policy: Policy
    candidates: Sequence[Candidate]
    left_out: dict[Step, list[Tag]]
    total: int

    def counts(self) -> dict[str, int]:
        """How many tags fell out at each step; they add up to `total`."""
        return {
            "total": self.total,
            **{step.value: len(self.left_out[step]) for step in Step},
            "candidates": len(self.candidates),
        }


# As cosign and its like name what belongs to an image.
_ARTIFACT: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?", re.ASCII)
# Flux would take floats, which tell neither 1.10 from 1.1 nor two long time stamps.
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_LONGEST_NUMBER: Final = 4300
"""Characters; Python reads no longer number, and an extracted text may be any length."""

_NAME: Final = attrgetter("name")
_RANK: Final = attrgetter("rank")


def sort_out(policy: Policy, tags: Iterable[Tag], *, now: float) -> Choice:
    """What a policy makes of tags, in whatever order they come.

    Args:
        policy: the rule.
        tags: of one image; not changed.
        now: Unix seconds; only `min_age` looks at it, and only without `as_of`.

    Raises:
        AmbiguousTagError: two tags share the extracted text that is best, and no
            explicit tag is asked for.
    """
    distinct = _distinct(tags)
    left_out: dict[Step, list[Tag]] = {step: [] for step in Step}
    candidates: list[Candidate] = []
    judge = _judge(policy, _created_by(policy, now))
    for tag in distinct:
        verdict = judge(tag)
        if isinstance(verdict, Step):
            left_out[verdict].append(tag)
        else:
            candidates.append(verdict)
    for fallen in left_out.values():
        fallen.sort(key=lambda tag: tag.name or "")
    ranked = _ranked(candidates, highest=policy.highest)
    if policy.extract and not policy.tag:
        _refuse_twins(ranked)
    return Choice(policy, ranked, left_out, len(distinct))


def newest_first(tags: Iterable[Tag]) -> list[Tag]:
    """Each tag once, the newest first, with ties as in a choice; undated ones last."""
    candidates = [
        Candidate(_age_key(tag), tag.name or "", "", tag.create_time)
        for tag in _distinct(tags)
    ]
    return [
        Tag(candidate.name or None, candidate.create_time)
        for candidate in _ranked(candidates, highest=True)
    ]


def newest(tags: Iterable[Tag]) -> Tag | None:
    """What the policy `newest` chooses of tags that come newest first."""
    judge = _judge(Policy(), (None, None))
    return next((tag for tag in tags if isinstance(judge(tag), Candidate)), None)


def _distinct(tags: Iterable[Tag]) -> list[Tag]:
    """Each name once, with its newest CreateTime; those without a name all stay."""
    newest: dict[str, Tag] = {}
    nameless = []
    for tag in tags:
        if not tag.name:
            nameless.append(tag)
        elif (known := newest.get(tag.name)) is None or _age_key(tag) > _age_key(known):
            newest[tag.name] = tag
    return [*newest.values(), *nameless]


def _age_key(tag: Tag) -> int:
    return -1 if tag.create_time is None else tag.create_time


def _created_by(policy: Policy, now: float) -> tuple[int | None, int | None]:
    """The latest CreateTime that is old enough, by `as_of` and by `min_age`."""
    by_age = None
    if policy.min_age_s is not None:
        counted_from = now if policy.as_of_s is None else min(now, policy.as_of_s)
        by_age = int(counted_from // 1) - policy.min_age_s
    return policy.as_of_s, by_age


def _judge(  # noqa: C901 - one list of steps
    policy: Policy, created_by: tuple[int | None, int | None]
) -> Callable[[Tag], Step | Candidate]:
    """A function that says of a tag why it falls out, or what it ranks by."""
    limits = [limit for limit in created_by if limit is not None]
    youngest = min(limits, default=None)
    include, exclude, extract = policy.include, policy.exclude, policy.extract
    read_rank = _rank_reader(policy)
    floating, needs_time = policy.floating_tags, policy.needs_time

    def judge(tag: Tag) -> Step | Candidate:  # noqa: PLR0911 - one list of steps
        name, create_time = tag
        if not name or not TAG.fullmatch(name):
            return Step.INVALID
        if _ARTIFACT.fullmatch(name):
            return Step.ARTIFACT
        match = include.match(name) if include else None
        if name in floating and not match:
            return Step.FLOATING
        if include and not match:
            return Step.NOT_MATCHED
        if exclude and exclude.match(name):
            return Step.EXCLUDED
        if create_time is None:
            if needs_time:
                return Step.UNDATED
        elif youngest is not None and create_time > youngest:
            return Step.TOO_YOUNG
        text = extract.expand(match) if extract else name
        read = read_rank(text, create_time)
        if isinstance(read, Step):
            return read
        return Candidate(read, name, text, create_time)

    return judge


def _rank_reader(policy: Policy) -> Callable[[str, int | None], Any]:
    """A function from a text and a CreateTime to a rank, or to why it has none."""
    if policy.name == NEWEST:
        return lambda _text, create_time: (
            Step.UNDATED if create_time is None else create_time
        )
    if policy.name == NUMERICAL:
        return lambda text, _create_time: _number(text)
    if policy.name == SEMVER:
        loose, contains = policy.semver_loose, policy.semver_range.contains

        def version_rank(text: str, _create_time: int | None) -> Any:
            version = parse_version(text, loose=loose)
            if version is None:
                return Step.UNPARSABLE
            return version.precedence if contains(version) else Step.OUT_OF_RANGE

        return version_rank
    return lambda text, _create_time: text.encode()


def _number(text: str) -> tuple[int, ...] | Step:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return Step.UNPARSABLE
    return tuple(map(int, text.split(".")))


def _ranked(candidates: list[Candidate], *, highest: bool) -> list[Candidate]:
    """Candidates, best first; where ranks are equal, by `_tie_broken`."""
    # Sorting is stable, in reverse too: equal ranks keep the order of their names.
    by_name = sorted(candidates, key=_NAME, reverse=True)
    by_rank = sorted(by_name, key=_RANK, reverse=highest)
    ranked: list[Candidate] = []
    for _, group in groupby(by_rank, key=_RANK):
        ranked += _tie_broken(list(group))
    return ranked


def _tie_broken(equals: list[Candidate]) -> list[Candidate]:
    """Candidates of equal rank: SemVer precedence, then the bytewise greatest name.

    Precedence says something of two versions only. So the versions are put into their
    order at the places that versions have in the order of names, which no other name
    leaves.

    Args:
        equals: candidates of equal rank, the greatest name first.
    """
    if len(equals) == 1:
        return equals
    versions = [parse_version(tag.name, loose=True) for tag in equals]
    places = [place for place, version in enumerate(versions) if version]
    in_order = sorted(
        places,
        key=lambda place: version.precedence if (version := versions[place]) else (),
        reverse=True,
    )
    broken = list(equals)
    for place, source in zip(places, in_order, strict=True):
        broken[place] = equals[source]
    return broken


def _refuse_twins(ranked: list[Candidate]) -> None:
    twins = sorted(tag.name for tag in ranked if tag.text == ranked[0].text)
    if len(twins) > 1:
        message = (
            f"The tags {some(twins)} share the extracted text that is best,"
            f" {quoted(ranked[0].text)}; make tag_regex or tag_extract tell them apart,"
            " or name one of them in tag."
        )
        raise AmbiguousTagError(message)
