"""What to change if nothing is left to choose from. Each change is tried first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
from pulumi_ucimage._tags.wording import is_only_a_prerelease, old_enough_at, why_rejected
from pulumi_ucimage.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_ucimage._tags.evaluate import Choice, TagLike

_FAR_FUTURE: Final = 2.0**40
"""Unix seconds at which every tag is old enough: a text must not depend on the clock."""
_MAX_EXAMPLES: Final = 3
_NO_TIME_LIMITS: Final = {"as_of": None, "min_age": None}


class _Change(NamedTuple):
    """Other arguments, which may leave a tag to choose.

    Attributes:
        arguments: what to set; None to leave one out.
        tag: the tag that they must choose; empty for any.
        what: what that tag is.
    """

    arguments: Mapping[str, Any]
    tag: str = ""
    what: str = ""


def suggestions(choice: Choice) -> list[str]:
    """Return what would leave a tag to choose, the nearest first, as clauses.

    Args:
        choice: one without candidates.
    """
    found = [
        _when_old_enough(choice),
        *(_first_that_helps(choice, reason) for reason in _CHANGES),
        _floating_tag(choice),
    ]
    return [text for text in found if text]


def _when_old_enough(choice: Choice) -> str:
    """Say when the first tag is old enough."""
    policy, young = choice.policy, choice.rejected[RejectReason.TOO_YOUNG]
    fitting = _evaluate(choice, _NO_TIME_LIMITS, young)
    times = [tag.create_time or 0 for tag in fitting.candidates] if fitting else []
    oldest = [tag for tag in young if times and tag.create_time == min(times)]
    first = _evaluate(choice, _NO_TIME_LIMITS, oldest)
    if first is None:
        return ""
    best = first.candidates[0]
    name, time = quoted(best.name), old_enough_at(best, policy)
    if policy.as_of_s is None:
        return f"wait, or lower min_age; the first, {name}, is old enough from {time}"
    return f"set as_of to {quoted(time)} or later to choose {name}"


def _floating_tag(choice: Choice) -> str:
    """Name a tag that moves."""
    floating = choice.rejected[RejectReason.FLOATING]
    if not floating:
        return ""
    words = _in_words(choice, {"tag": floating[0].name, "default_tag": None})
    return f"{words} to use a tag that moves"


def _versions(choice: Choice) -> Iterator[_Change]:
    """The highest version outside the range, as a person would write it.

    A prerelease that is out of range only for being one comes first, then releases.
    """
    policy, outside = choice.policy, choice.rejected[RejectReason.OUT_OF_RANGE]
    every = _evaluate(choice, {"semver_range": "*-0"}, outside)
    versions = every.candidates if every else []
    nearest = {
        tag.name
        for tag in outside
        if is_only_a_prerelease(RejectReason.OUT_OF_RANGE, tag, policy)
    }
    releases = {
        tag.name
        for tag in versions
        if (version := parse_version(tag.text, loose=True)) and not version.prerelease
    }
    end = "highest" if policy.highest else "lowest"
    prerelease = why_rejected(RejectReason.OUT_OF_RANGE, policy, is_prerelease=True)
    for what, names in (
        (prerelease, nearest),
        (f"the {end} release outside the range", releases),
        (f"the {end} version outside the range", {tag.name for tag in versions}),
    ):
        for best in [tag for tag in versions if tag.name in names][:1]:
            yield _Change({"semver_range": best.text}, best.name, what)


def _readings(choice: Choice) -> Iterator[_Change]:
    """Other ways to read tags that are not versions, or not numbers."""
    policy = choice.policy
    if policy.name == SEMVER:
        yield _Change({"semver_loose": True})
        yield _Change({"semver_loose": True, "semver_range": None})
    else:
        yield from _policies(SEMVER)
    prefix = _prefix(choice.rejected[RejectReason.UNPARSABLE])
    if prefix and policy.include is None:
        yield _Change({"tag_regex": f"{prefix}(.*)", "tag_extract": "$1"})
    yield from _policies(NUMERICAL, NEWEST, ALPHABETICAL)


def _prefix(tags: Iterable[TagLike]) -> str:
    """What comes before the first digit in the newest tag that has one, as a regex."""
    for name in (tag.name or "" for tag in tags):
        start = next((i for i, c in enumerate(name) if c.isdigit()), 0)
        if start:
            return name[:start].replace(".", "[.]")
    return ""


def _policies(*names: str) -> Iterator[_Change]:
    """Other policies, without the arguments that they do not take."""
    for name in names:
        if name == SEMVER:
            yield _Change({"policy": SEMVER})
            yield _Change({"policy": SEMVER, "semver_loose": True})
        else:
            extract = {"tag_extract": None} if name == NEWEST else {}
            yield _Change(
                {"policy": name, **extract, "semver_range": None, "semver_loose": None}
            )


def _without_times(choice: Choice) -> Iterator[_Change]:
    if choice.policy.name != NEWEST:
        yield _Change(_NO_TIME_LIMITS)
        return
    for change in _policies(SEMVER, NUMERICAL, ALPHABETICAL):
        yield _Change({**change.arguments, **_NO_TIME_LIMITS})


def _whole_matches(choice: Choice) -> Iterator[_Change]:
    """Expressions that match the tags of which tag_regex matches only a part."""
    regex = choice.policy.include
    if regex is None or not _partly_matched(choice):
        yield _Change({"tag_regex": None, "tag_extract": None})
        return
    text = f"(?:{regex.text})" if "|" in regex.text else regex.text
    # What comes before a group must not take a part of what the group extracts.
    anything = ".*?" if choice.policy.extract else ".*"
    for whole in (f"{text}.*", f"{anything}{text}", f"{anything}{text}.*"):
        yield _Change({"tag_regex": whole})


def _partly_matched(choice: Choice) -> list[str]:
    regex = choice.policy.include
    names = [tag.name or "" for tag in choice.rejected[RejectReason.NOT_MATCHED]]
    return [name for name in names if regex and regex.search(name)]


_CHANGES: Final[Mapping[RejectReason, Callable[[Choice], Iterable[_Change]]]] = {
    RejectReason.OUT_OF_RANGE: _versions,
    RejectReason.UNPARSABLE: _readings,
    RejectReason.UNDATED: _without_times,
    RejectReason.EXCLUDED: lambda _: [_Change({"tag_exclude_regex": None})],
    RejectReason.NOT_MATCHED: _whole_matches,
}
"""The changes to try for each reason, the nearest first."""
_BEFORE_AGE: Final = (RejectReason.EXCLUDED, RejectReason.NOT_MATCHED)
"""Reasons that are checked before the age: their tags may be too young as well."""


def _first_that_helps(choice: Choice, reason: RejectReason) -> str:
    """The first change that chooses a tag with that reason, as a clause; may be empty."""
    rejected = {tag.name for tag in choice.rejected[reason]}
    notes = []
    if partly := _partly_matched(choice) if reason is RejectReason.NOT_MATCHED else []:
        names = some(partly, _MAX_EXAMPLES)
        notes = [f"tag_regex must match the whole tag, and matches only a part of {names}"]
    for change in _CHANGES[reason](choice) if rejected else ():
        changed = _evaluate(choice, change.arguments)
        if changed is None or (best := changed.candidates[0]).name not in rejected:
            continue
        if change.tag not in {"", best.name}:
            continue
        name, words = quoted(best.name), _in_words(choice, change.arguments)
        if change.what:
            notes += [f"{name} is {change.what}", f"{words} to choose it"]
        else:
            notes += [f"{words} to choose {name}"]
        if changed.policy.min_age_s and reason in _BEFORE_AGE:
            notes[-1] += f", old enough from {old_enough_at(best, changed.policy)}"
        break
    return "; ".join(notes)


def _evaluate(
    choice: Choice, changes: Mapping[str, Any], tags: Sequence[TagLike] | None = None
) -> Choice | None:
    """Evaluate the policy with other arguments.

    Args:
        choice: one without candidates.
        changes: arguments to set; None to leave one out.
        tags: None for all that are not too young under these arguments.

    Returns:
        None if nothing can be chosen, if the arguments are invalid, or if a value cannot be
        shown in a way that can be copied.
    """
    texts = [value for value in changes.values() if isinstance(value, str)]
    if any(quoted(text) != f"'{text}'" for text in texts):
        return None
    arguments = {**choice.policy.arguments, **changes}
    try:
        policy = Policy.from_arguments(
            {name: value for name, value in arguments.items() if value is not None}
        )
    except InvalidPolicyError:
        return None
    if tags is None:
        has_limits = policy.as_of_s is not None or policy.min_age_s is not None
        tags = [
            tag
            for reason, rejected in choice.rejected.items()
            if not (has_limits and reason is RejectReason.TOO_YOUNG)
            for tag in rejected
        ]
    changed = evaluate(policy, tags, now=_FAR_FUTURE)
    return changed if changed.candidates and not changed.ambiguous() else None


def _in_words(choice: Choice, changes: Mapping[str, Any]) -> str:
    """Changes as an instruction, without those that change nothing."""
    given = choice.policy.arguments
    new = {name: value for name, value in changes.items() if given.get(name) != value}
    values = {k: quoted(v) if isinstance(v, str) else v for k, v in new.items()}
    to_set = [f"{name} to {v}" for name, v in values.items() if v is not None]
    to_leave_out = [name for name, v in values.items() if v is None]
    clauses = []
    if to_set:
        clauses.append(f"set {' and '.join(to_set)}")
    if to_leave_out:
        clauses.append(f"leave out {' and '.join(to_leave_out)}")
    return " and ".join(clauses)
