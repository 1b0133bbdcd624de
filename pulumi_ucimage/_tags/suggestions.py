"""What would have left a tag to choose: changes of arguments, each of them tried."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pulumi_ucimage._formatting import quoted, some
from pulumi_ucimage._tags.evaluate import RejectReason, evaluate
from pulumi_ucimage._tags.policy import (
    ALPHABETICAL,
    NEWEST,
    NUMERICAL,
    SEMVER,
    Policy,
)
from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_ucimage._tags.evaluate import Candidate, Choice, TagLike

_LATE: Final = 2.0**40
"""Unix seconds by which every tag is old enough, for what is said must not age."""

_EVERY_VERSION: Final = "*-0"

# A comparator that names no prerelease, with what tells what it does.
_COMPARATOR: Final = re.compile(
    r"(?<![0-9A-Za-z.*+-])(?P<operator>[<>=!~^]*)\s*"
    r"v?(?:(?P<whole>[0-9]+\.[0-9]+\.[0-9]+)|[0-9xX*]+(?:\.[0-9xX*]+){0,2})"
    r"(?![0-9A-Za-z.*+-])(?=(?P<hyphen>\s+-\s)?)"
)

_FROM_A_DIGIT: Final = "[^0-9]*([0-9].*)"
_SHOWN: Final = 3

_Changes: TypeAlias = dict[str, Any]


def suggestions(choice: Choice) -> list[str]:
    """What to change so that something is left, the nearest first, as clauses.

    Args:
        choice: one that has no candidates.
    """
    tries = {
        RejectReason.TOO_YOUNG: _of_time,
        RejectReason.OUT_OF_RANGE: _of_range,
        RejectReason.UNPARSABLE: _of_reading,
        RejectReason.UNDATED: _of_dates,
        RejectReason.EXCLUDED: _of_exclusion,
        RejectReason.NOT_MATCHED: _of_matching,
        RejectReason.FLOATING: _of_floating,
    }
    found = (cure(choice) for step, cure in tries.items() if choice.rejected[step])
    return list(dict.fromkeys(clause for clause in found if clause))


def old_enough_at(tag: TagLike | Candidate, policy: Policy) -> str:
    """The moment from which a tag with a CreateTime is old enough."""
    return format_timestamp((tag.create_time or 0) + (policy.min_age_s or 0))


def _of_time(choice: Choice) -> str | None:
    policy = choice.policy
    ageless = replace(policy, as_of_s=None, min_age_s=None)
    young = choice.rejected[RejectReason.TOO_YOUNG]
    fitting = evaluate(ageless, young, now=0).candidates
    times = [tag.create_time for tag in fitting if tag.create_time is not None]
    oldest = [tag for tag in young if tag.create_time == min(times, default=None)]
    first = evaluate(ageless, oldest, now=0)
    if first.ambiguous() or not first.candidates:
        return None
    best = first.candidates[0]
    name, moment = quoted(best.name), old_enough_at(best, policy)
    if policy.as_of_s is None:
        return f"wait or lower min_age; the first, {name}, is old enough from {moment}"
    return f"set as_of to {quoted(moment)} or later to take {name}"


def _of_range(choice: Choice) -> str | None:
    return _first(choice, RejectReason.OUT_OF_RANGE, _ranges(choice))


def _of_reading(choice: Choice) -> str | None:
    return _first(choice, RejectReason.UNPARSABLE, _readings(choice))


def _of_dates(choice: Choice) -> str | None:
    timeless: _Changes = {"as_of": None, "min_age": None}
    if choice.policy.name != NEWEST:
        return _first(choice, RejectReason.UNDATED, [timeless])
    others: list[_Changes] = [
        {"policy": SEMVER},
        {"policy": SEMVER, "semver_loose": True},
        {"policy": NUMERICAL},
        {"policy": ALPHABETICAL},
    ]
    return _first(choice, RejectReason.UNDATED, [{**other, **timeless} for other in others])


def _of_exclusion(choice: Choice) -> str | None:
    return _first(choice, RejectReason.EXCLUDED, [{"tag_exclude_regex": None}])


def _of_matching(choice: Choice) -> str | None:
    regex = choice.policy.include
    names = [tag.name or "" for tag in choice.rejected[RejectReason.NOT_MATCHED]]
    partly = [name for name in names if regex and regex.search(name)]
    if not (regex and partly):
        return _first(
            choice, RejectReason.NOT_MATCHED, [{"tag_regex": None, "tag_extract": None}]
        )
    why = (
        "tag_regex must match the whole of a tag and matches a part of"
        f" {some(partly, _SHOWN)}"
    )
    cure = _first(
        choice, RejectReason.NOT_MATCHED, [{"tag_regex": f".*?(?:{regex.text}).*"}]
    )
    return f"{why}; {cure or 'make it match the whole'}"


def _of_floating(choice: Choice) -> str:
    name = choice.rejected[RejectReason.FLOATING][0].name
    changes = {"tag": name, "default_tag": None}
    return f"{_told(choice, changes)} to take a tag that moves"


def _ranges(choice: Choice) -> Iterator[_Changes]:
    """Ranges that take a version which is out of range, those built most simply first."""
    every = _changed(choice, {"semver_range": _EVERY_VERSION})
    if every is None:
        return
    semver_range = choice.policy.semver_range
    versions = {
        tag.name: version
        for tag in every.candidates
        if (version := parse_version(tag.text, loose=True))
    }
    prereleases = {
        name
        for name, version in versions.items()
        if semver_range.contains(version, prereleases=True)
    }
    releases = {name for name, version in versions.items() if not version.prerelease}
    allowing: _Changes = {
        "semver_range": _COMPARATOR.sub(_with_prerelease, semver_range.text)
    }
    allowed = _changed(choice, allowing)
    if allowed and prereleases.issuperset(tag.name for tag in allowed.candidates):
        yield allowing
    for operator, names in (("", prereleases), ("^", releases), ("^", set(versions))):
        texts = [tag.text for tag in every.candidates if tag.name in names]
        if texts:
            yield {"semver_range": f"{semver_range.text} || {operator}{texts[0]}"}


def _with_prerelease(comparator: re.Match[str]) -> str:
    """A comparator that takes the same versions and their prereleases, if there is one."""
    text, operator = comparator[0], comparator["operator"]
    whole = comparator["whole"] and not comparator["hyphen"]
    if operator in {">=", "=>", "^", "~", "~>", "<"} or (
        operator in {"", "="} and not whole
    ):
        return f"{text}-0"
    return text


def _readings(choice: Choice) -> Iterator[_Changes]:
    """Other ways to read tags that are no versions, or no numbers."""
    other: _Changes = {"semver_range": None, "semver_loose": None}
    if choice.policy.name == NUMERICAL:
        yield {"policy": SEMVER}
        yield {"policy": SEMVER, "semver_loose": True}
    else:
        loose: _Changes = {"semver_loose": True}
        yield loose
        loosely = Policy.of({**choice.policy.arguments, **loose})
        for changes in _ranges(replace(choice, policy=loosely)):
            yield {**loose, **changes}
    if choice.policy.include is None:
        yield {"tag_regex": _FROM_A_DIGIT, "tag_extract": "$1"}
    yield {"policy": NUMERICAL, **other}
    yield {"policy": NEWEST, "tag_extract": None, **other}
    yield {"policy": ALPHABETICAL, **other}


def _first(choice: Choice, step: RejectReason, tries: Iterable[_Changes]) -> str | None:
    """The first of some changes that takes a tag which fell out at a step, as a clause."""
    fallen = {tag.name for tag in choice.rejected[step]}
    for changes in tries:
        changed = _changed(choice, changes)
        if changed and (best := changed.candidates[0]).name in fallen:
            version = parse_version(best.text, loose=True)
            prerelease = changed.policy.name == SEMVER and version and version.prerelease
            kind = "the prerelease " if prerelease else ""
            return f"{_told(choice, changes)} to take {kind}{quoted(best.name)}"
    return None


def _changed(choice: Choice, changes: _Changes) -> Choice | None:
    """What other arguments would leave of the tags that were old enough.

    Args:
        choice: one that has no candidates.
        changes: arguments and their values; None to leave one out.

    Returns:
        None where nothing could be chosen, where the arguments cannot be, and where they
        cannot be shown as they are, to be copied.
    """
    texts = [value for value in changes.values() if isinstance(value, str)]
    if any(quoted(text) != f"'{text}'" for text in texts):
        return None
    arguments = {**choice.policy.arguments, **changes}
    try:
        policy = Policy.of({k: v for k, v in arguments.items() if v is not None})
    except InvalidPolicyError:
        return None
    steps = [step for step in RejectReason if step is not RejectReason.TOO_YOUNG]
    tags = [tag for step in steps for tag in choice.rejected[step]]
    changed = evaluate(policy, tags, now=_LATE)
    return changed if changed.candidates and not changed.ambiguous() else None


def _told(choice: Choice, changes: _Changes) -> str:
    """Changes in words, without those that change nothing."""
    given = choice.policy.arguments
    news = {k: v for k, v in changes.items() if given.get(k) != v}
    values = {k: quoted(v) if isinstance(v, str) else v for k, v in news.items()}
    to_set = [f"{k} to {v}" for k, v in values.items() if v is not None]
    to_leave = [k for k, v in values.items() if v is None]
    clauses = []
    if to_set:
        clauses.append(f"set {' and '.join(to_set)}")
    if to_leave:
        clauses.append(f"leave out {' and '.join(to_leave)}")
    return " and ".join(clauses)
