"""What to change if nothing is left to choose from.

Each change of the policy is tried first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pulumi_ucimage._formatting import join_names, quoted
from pulumi_ucimage._tags.evaluate import RejectReason, evaluate
from pulumi_ucimage._tags.policy import (
    ALPHABETICAL,
    NEWEST,
    NUMERICAL,
    SEMVER,
    Policy,
)
from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.wording import (
    describe_rejection,
    format_old_enough_time,
    is_only_a_prerelease,
)
from pulumi_ucimage.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from pulumi_ucimage._tags.evaluate import Candidate, Evaluation

    Changes: TypeAlias = Mapping[str, Any]
    """Arguments to set; None to leave one out."""

_FAR_FUTURE: Final = 2.0**40
_MAX_EXAMPLES: Final = 3

_NO_LIMITS: Final[Changes] = {"as_of": None, "min_age": None}
_NO_VERSIONS: Final[Changes] = {"semver_range": None, "semver_loose": None}
_AS_VERSIONS: Final[Sequence[Changes]] = (
    {"policy": SEMVER},
    {"policy": SEMVER, "semver_loose": True},
)
_AS_NUMBERS: Final[Changes] = {"policy": NUMERICAL, **_NO_VERSIONS}
_BY_TIME: Final[Changes] = {"policy": NEWEST, **_NO_VERSIONS, "tag_extract": None}
_BY_NAME: Final[Changes] = {"policy": ALPHABETICAL, **_NO_VERSIONS}
_FROM_A_DIGIT: Final[Changes] = {"tag_regex": "[^0-9]*([0-9].*)", "tag_extract": "$1"}

_CHANGES: Final[Mapping[RejectReason, Sequence[Changes]]] = {
    RejectReason.UNPARSABLE: (
        {"semver_loose": True},
        {"semver_loose": True, "semver_range": None},
        *_AS_VERSIONS,
        _FROM_A_DIGIT,
        _AS_NUMBERS,
        _BY_TIME,
        _BY_NAME,
    ),
    RejectReason.UNDATED: [
        {**changes, **_NO_LIMITS} for changes in ({}, *_AS_VERSIONS, _AS_NUMBERS, _BY_NAME)
    ],
    RejectReason.EXCLUDED: ({"tag_exclude_regex": None},),
    RejectReason.NOT_MATCHED: ({"tag_regex": None, "tag_extract": None},),
}
"""What to try for each reason, the nearest first; others have a function each."""


def find_suggestions(evaluation: Evaluation) -> list[str]:
    """What would leave a tag to choose, the nearest first, as clauses.

    Args:
        evaluation: one without candidates.
    """
    found = [
        _suggest_age(evaluation),
        _suggest_range(evaluation),
        _find_first_that_helps(evaluation, RejectReason.UNPARSABLE),
        _find_first_that_helps(evaluation, RejectReason.UNDATED),
        _find_first_that_helps(evaluation, RejectReason.EXCLUDED),
        _suggest_whole_match(evaluation)
        or _find_first_that_helps(evaluation, RejectReason.NOT_MATCHED),
        _suggest_floating_tag(evaluation),
    ]
    return [text for text in found if text]


def _suggest_age(evaluation: Evaluation) -> str:
    """Say when the first tag is old enough."""
    young = {tag.name for tag in evaluation.rejected[RejectReason.TOO_YOUNG]}
    any_age = _evaluate(evaluation, _NO_LIMITS) if young else None
    fitting = [tag for tag in any_age.candidates if tag.name in young] if any_age else []
    first = min(fitting, key=lambda tag: tag.create_time or 0, default=None)
    if first is None:
        return ""
    name, time = quoted(first.name), format_old_enough_time(first, evaluation.policy)
    changes = {"as_of": time}
    if _evaluate(evaluation, changes, now=_FAR_FUTURE) is None:
        return ""
    if evaluation.policy.as_of_s is None:
        return f"wait, or lower min_age; the first, {name}, is old enough from {time}"
    return f"{_describe_changes(evaluation, changes)} or later to choose {name}"


def _suggest_range(evaluation: Evaluation) -> str:
    """Name the highest version outside the range, which a person can write as it is.

    A prerelease that is outside only because it is one comes first, then releases, then
    other prereleases.
    """
    policy, reason = evaluation.policy, RejectReason.OUT_OF_RANGE
    only_prereleases = {
        tag.name
        for tag in evaluation.rejected[reason]
        if is_only_a_prerelease(reason, tag, policy)
    }

    def distance(tag: Candidate) -> tuple[bool, bool]:
        return tag.name not in only_prereleases, not _is_release(tag)

    any_version = _evaluate(evaluation, {"semver_range": "*-0"})
    best = min(any_version.candidates, key=distance) if any_version else None
    if best is None:
        return ""
    changes = {"semver_range": best.text}
    changed = _evaluate(evaluation, changes)
    if changed is None or changed.candidates[0].name != best.name:
        return ""
    if best.name in only_prereleases:
        what = describe_rejection(reason, policy, is_prerelease=True)
    else:
        end = "highest" if policy.highest else "lowest"
        kind = "release" if _is_release(best) else "version"
        what = f"the {end} {kind} outside the range"
    fix = _describe_changes(evaluation, changes)
    return f"{quoted(best.name)} is {what}; {fix} to choose it"


def _is_release(tag: Candidate) -> bool:
    version = parse_version(tag.text, loose=True)
    return version is not None and not version.prerelease


def _suggest_whole_match(evaluation: Evaluation) -> str:
    """Name the tags of which tag_regex matches a part, and an expression for the whole."""
    policy, reason = evaluation.policy, RejectReason.NOT_MATCHED
    names = [tag.name or "" for tag in evaluation.rejected[reason]]
    partly = [name for name in names if policy.include and policy.include.search(name)]
    if policy.include is None or not partly:
        return ""
    text = policy.include.text
    text = f"(?:{text})" if "|" in text else text
    # What comes before a group must not match a part of what the group extracts.
    anything = ".*?" if policy.extract else ".*"
    wholes = (f"{text}.*", f"{anything}{text}", f"{anything}{text}.*")
    fix = _find_first_that_helps(
        evaluation, reason, [{"tag_regex": whole} for whole in wholes]
    )
    note = "tag_regex must match the whole tag, and matches only a part of"
    return f"{note} {join_names(partly, limit=_MAX_EXAMPLES)}{f'; {fix}' if fix else ''}"


def _suggest_floating_tag(evaluation: Evaluation) -> str:
    floating = evaluation.rejected[RejectReason.FLOATING]
    if not floating:
        return ""
    changes = {"tag": floating[0].name, "default_tag": None}
    return f"{_describe_changes(evaluation, changes)} to use a tag that moves"


def _find_first_that_helps(
    evaluation: Evaluation, reason: RejectReason, tries: Sequence[Changes] | None = None
) -> str:
    """The first change that chooses a tag with that reason; empty if none does."""
    rejected = {tag.name for tag in evaluation.rejected[reason]}
    if not rejected:
        return ""
    for changes in _CHANGES[reason] if tries is None else tries:
        if changes is _FROM_A_DIGIT and evaluation.policy.include:
            continue
        changed = _evaluate(evaluation, changes)
        if changed is None or changed.candidates[0].name not in rejected:
            continue
        best = changed.candidates[0]
        text = f"{_describe_changes(evaluation, changes)} to choose {quoted(best.name)}"
        # These reasons are checked before the age, so the tag may be too young as well.
        before_age = reason in {RejectReason.EXCLUDED, RejectReason.NOT_MATCHED}
        if before_age and changed.policy.min_age_s is not None:
            text += f", old enough from {format_old_enough_time(best, changed.policy)}"
        return text
    return ""


def _evaluate(
    evaluation: Evaluation, changes: Changes, *, now: float | None = None
) -> Evaluation | None:
    """Evaluate the policy after changes of its arguments.

    Args:
        evaluation: one without candidates.
        changes: the changes.
        now: Unix seconds; None for a time at which the same tags are too young.

    Returns:
        None if nothing can be chosen, if the arguments are invalid, or if a value cannot be
        shown so that it can be copied.
    """
    texts = [value for value in changes.values() if isinstance(value, str)]
    if any(quoted(text) != f"'{text}'" for text in texts):
        return None
    arguments = {**evaluation.policy.arguments, **changes}
    try:
        policy = Policy.from_arguments(
            {name: value for name, value in arguments.items() if value is not None}
        )
    except InvalidPolicyError:
        return None
    tags = [tag for rejected in evaluation.rejected.values() for tag in rejected]
    changed = evaluate(policy, tags, now=_now(evaluation) if now is None else now)
    return changed if changed.candidates and not changed.find_ambiguous() else None


def _now(evaluation: Evaluation) -> float:
    """A time at which the same tags are too young: a text must not depend on the clock."""
    young = evaluation.rejected[RejectReason.TOO_YOUNG]
    old_enough = (
        (tag.create_time or 0) + (evaluation.policy.min_age_s or 0) for tag in young
    )
    return min(old_enough, default=_FAR_FUTURE) - 1


def _describe_changes(evaluation: Evaluation, changes: Changes) -> str:
    """Changes as an instruction, without those that change nothing."""
    given = evaluation.policy.arguments
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
