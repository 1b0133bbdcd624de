"""Evaluating a policy: each tag is rejected for one reason, or becomes a candidate."""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, final

from pulumi_ucimage._tags.policy import NEWEST, NUMERICAL, SEMVER, Policy
from pulumi_ucimage._tags.ranking import sort_by_rank
from pulumi_ucimage._tags.semver import Range, parse_version
from pulumi_ucimage._tags.tag_name import TAG_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Tag(NamedTuple):
    """A tag as an image lists it.

    Attributes:
        name: the name; None if the API sent none.
        create_time: Unix seconds; None if the API sent none.
    """

    name: str | None
    create_time: int | None


class TagLike(Protocol):
    """Anything that has what a `Tag` has."""

    @property
    def name(self) -> str | None:
        """The name; None or empty if the API sent none."""

    @property
    def create_time(self) -> int | None:
        """Unix seconds; None if the API sent none."""


class RejectReason(enum.Enum):
    """Why a tag is rejected, in the order in which the reasons are checked."""

    INVALID = "invalid"  # no name, or not a tag name
    ARTIFACT = "artifact"  # a signature or another attachment of an image
    FLOATING = "floating"  # in floating_tags, and tag_regex does not match it
    NOT_MATCHED = "not_matched"  # tag_regex does not match it
    EXCLUDED = "excluded"  # tag_exclude_regex matches it
    TOO_YOUNG = "too_young"  # for min_age or as_of
    UNDATED = "undated"  # no CreateTime under newest, min_age or as_of
    UNPARSABLE = "unparsable"  # not a version, or not a number
    OUT_OF_RANGE = "out_of_range"  # not in semver_range


class Candidate(NamedTuple):
    """A tag that may be chosen.

    Attributes:
        rank: what the policy compares; a greater one is higher.
        name: the tag.
        text: what the rank was read from: the tag, or what `tag_extract` made of it.
        create_time: Unix seconds; None if the API sent none.
    """

    rank: Any  # comparable with the ranks of the same policy only
    name: str
    text: str
    create_time: int | None


@final
@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of evaluating a policy on the tags of an image.

    Attributes:
        policy: the policy.
        candidates: the tags that may be chosen, best first.
        rejected: the others, newest first, by the reason that rejected them.
    """

    policy: Policy
    candidates: Sequence[Candidate]
    rejected: dict[RejectReason, list[TagLike]]

    @property
    def total(self) -> int:
        """How many tags there are."""
        return len(self.candidates) + sum(map(len, self.rejected.values()))

    def count_tags(self) -> dict[str, int]:
        """How many tags there are of each kind; they add up to `total`."""
        return {
            "total": self.total,
            **{reason.value: len(tags) for reason, tags in self.rejected.items()},
            "candidates": len(self.candidates),
        }

    def find_tag(self, name: str) -> TagLike | None:
        """Find a listed tag by its name, whether it is rejected or not."""
        listed = chain(self.candidates, *self.rejected.values())
        return next((tag for tag in listed if tag.name == name), None)

    def get_best(self) -> Candidate | None:
        """The candidate to choose; None if there is none, or they are ambiguous."""
        return self.candidates[0] if self.candidates and not self.find_ambiguous() else None

    def find_ambiguous(self) -> list[str]:
        """The tags that share the best extracted text; empty if it is only one."""
        if not (self.policy.extract and self.candidates):
            return []
        best = self.candidates[0].text
        names = sorted(tag.name for tag in self.candidates if tag.text == best)
        return names if len(names) > 1 else []


# What cosign and similar tools attach to an image.
_ARTIFACT: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")
# Flux reads floats, which cannot distinguish 1.10 from 1.1, nor two long time stamps.
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_MAX_NUMBER_LENGTH: Final = 640
"""Characters; every Python converts this many digits. A tag has at most 128."""


def evaluate(policy: Policy, tags: Iterable[TagLike], *, now: float) -> Evaluation:
    """Evaluate a policy on the tags of one image.

    Args:
        policy: the policy.
        tags: in any order; not changed.
        now: Unix seconds, for `min_age`.
    """
    distinct = _remove_duplicates(tags)
    rejected: dict[RejectReason, list[TagLike]] = {reason: [] for reason in RejectReason}
    candidates: list[Candidate] = []
    evaluate_tag = _make_tag_evaluator(policy, _find_latest_create_time(policy, now))
    for tag in distinct:
        result = evaluate_tag(tag)
        if isinstance(result, RejectReason):
            rejected[result].append(tag)
        else:
            candidates.append(result)
    return Evaluation(
        policy,
        sort_by_rank(candidates, attrgetter("rank"), highest=policy.highest),
        {
            reason: sort_by_rank(rejects, get_time_key, highest=True)
            for reason, rejects in rejected.items()
        },
    )


def get_rank(policy: Policy, tag: TagLike) -> Any:
    """Get a tag's rank under a policy, regardless of filters and range.

    Returns:
        None if it has none: it is not a tag name, not a version or not a number, has no
        CreateTime, or `tag_regex` does not match it and `tag_extract` needs a match.
    """
    name = tag.name or ""
    text = get_compared_text(policy, name) if TAG_NAME.fullmatch(name) else None
    if text is None:
        return None
    any_version = replace(policy, semver_range=Range.parse("*-0"))
    result = _make_rank_reader(any_version)(text, tag.create_time)
    return None if isinstance(result, RejectReason) else result


def ranks_below(policy: Policy, tag: TagLike, other: TagLike) -> bool:
    """Whether a tag ranks below another; False if one of them has no rank."""
    low, high = get_rank(policy, tag), get_rank(policy, other)
    if low is None or high is None:
        return False
    return bool(low < high if policy.highest else low > high)


def get_compared_text(policy: Policy, name: str) -> str | None:
    """Get what a policy compares of a tag: its name, or what `tag_extract` makes of it.

    Returns:
        None if `tag_extract` is given and `tag_regex` does not match the name.
    """
    if policy.extract is None or policy.include is None:
        return name
    match = policy.include.match(name)
    return policy.extract.expand(match) if match else None


def sort_newest_first(tags: Sequence[TagLike]) -> list[TagLike]:
    """Each tag once, newest first, undated ones last; ties as in a choice."""
    # A listing sorts the tags of each image, and most need no more than this.
    names, times = {tag.name for tag in tags}, {tag.create_time for tag in tags}
    if len(names) == len(times) == len(tags) and all(names) and None not in times:
        return sorted(tags, key=_CREATE_TIME, reverse=True)
    return sort_by_rank(_remove_duplicates(tags), get_time_key, highest=True)


def find_newest(tags: Iterable[TagLike]) -> TagLike | None:
    """Find what the policy `newest` chooses from tags that are sorted newest first."""
    return next((tag for tag in tags if isinstance(_EVALUATE_NEWEST(tag), Candidate)), None)


def _remove_duplicates(tags: Iterable[TagLike]) -> list[TagLike]:
    """Keep each name once, with its newest CreateTime, and all tags without a name."""
    latest: dict[str, TagLike] = {}
    nameless = []
    for tag in tags:
        name = tag.name
        if not name:
            nameless.append(Tag(None, tag.create_time))
        elif (known := latest.get(name)) is None or get_time_key(tag) > get_time_key(known):
            latest[name] = tag
    return [*latest.values(), *nameless]


_CREATE_TIME: Final = attrgetter("create_time")


def get_time_key(tag: TagLike) -> int:
    """What tags are sorted by from old to new; the undated ones come first."""
    return -1 if tag.create_time is None else tag.create_time


def _find_latest_create_time(policy: Policy, now: float) -> int | None:
    """The latest CreateTime that `min_age` and `as_of` allow; None for any."""
    if policy.min_age_s is None:
        return policy.as_of_s
    counted_from = now if policy.as_of_s is None else min(now, policy.as_of_s)
    return math.floor(counted_from) - policy.min_age_s


def _make_tag_evaluator(  # noqa: C901 - one list of checks
    policy: Policy, latest_create_time: int | None
) -> Callable[[TagLike], RejectReason | Candidate]:
    """A function that rejects a tag, or makes it a candidate.

    A closure over local variables, because it runs once for each of 10,000 tags.
    """
    include, exclude, extract = policy.include, policy.exclude, policy.extract
    read_rank = _make_rank_reader(policy)
    floating, needs_time = policy.floating_tags, policy.needs_time

    def evaluate_tag(  # noqa: PLR0911 - one list of checks
        tag: TagLike,
    ) -> RejectReason | Candidate:
        name, create_time = tag.name, tag.create_time
        if not name or not TAG_NAME.fullmatch(name):
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
        elif latest_create_time is not None and create_time > latest_create_time:
            return RejectReason.TOO_YOUNG
        text = extract.expand(match) if extract else name
        rank = read_rank(text, create_time)
        if isinstance(rank, RejectReason):
            return rank
        return Candidate(rank, name, text, create_time)

    return evaluate_tag


def _make_rank_reader(policy: Policy) -> Callable[[str, int | None], Any]:
    """A function from text and CreateTime to a rank, or to a reason to reject."""
    if policy.name == NEWEST:
        return lambda _text, create_time: create_time
    if policy.name == NUMERICAL:
        return lambda text, _create_time: _parse_number(text)
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


def _parse_number(text: str) -> tuple[int, ...] | RejectReason:
    if len(text) > _MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        return RejectReason.UNPARSABLE
    return tuple(map(int, text.split(".")))


_EVALUATE_NEWEST: Final = _make_tag_evaluator(Policy(), None)
