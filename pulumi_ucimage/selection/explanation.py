"""Why this tag, or why none: what a person wants to read at three in the morning.

The texts tell moments and never ages, and depend on the tags and the policy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_ucimage.selection.choice import Step
from pulumi_ucimage.selection.moments import format_moment
from pulumi_ucimage.selection.policy import (
    ALPHABETICAL,
    NEWEST,
    NUMERICAL,
    SEMVER,
    Policy,
)
from pulumi_ucimage.selection.semver import parse_version
from pulumi_ucimage.text import quoted, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_ucimage.selection.choice import Candidate, Choice, Tag
    from pulumi_ucimage.selection.expressions import Expression

_RUNNERS_UP: Final = 3

_COMPARED: Final = {
    NEWEST: "CreateTime",
    SEMVER: "version",
    NUMERICAL: "number",
    ALPHABETICAL: "name in bytes",
}


def rule(policy: Policy) -> str:
    """A policy in some words: `highest version in ^1.2 (policy semver)`."""
    compared = _COMPARED[policy.name]
    end = "highest" if policy.highest else "lowest"
    if policy.name == NEWEST:
        end = "newest" if policy.highest else "oldest"
    words = [end, compared]
    if policy.name == SEMVER:
        words += ["in", policy.semver_range.text]
    if policy.extract:
        words += ["of", quoted(policy.extract.text)]
    return f"{' '.join(words)} (policy {policy.name})"


def explain(
    choice: Choice, image_name: str, *, tag: str, create_time: int | None, found: bool
) -> str:
    """What was chosen, by which rule, what came next, and what was left out and why.

    Args:
        choice: what the policy made of all tags.
        image_name: the image's full name.
        tag: the tag that was chosen.
        create_time: when it was pushed, in Unix seconds; None where nothing says.
        found: whether it is among the image's tags by right, and no default.
    """
    policy = choice.policy
    if not found:
        why = f"it is default_tag, for the {rule(policy)} left nothing to choose from"
    elif policy.tag:
        why = "it was asked for by name"
    else:
        why = f"the {rule(policy)}"
    created = _created(create_time)
    lines = [f"Chose {quoted(tag)} of {quoted(image_name)}{created}: {why}."]
    if policy.tag:
        lines += _would_have(choice)
    else:
        lines += _tie(choice)
        lines += _runners_up(choice.candidates[1:])
    return "\n".join([*lines, *_left_out(choice)])


def explain_missing_tag(choice: Choice, image_name: str) -> str:
    """Why an explicit tag cannot be used: it is not there."""
    wanted = choice.policy.tag or ""
    listed = [tag.name for fallen in choice.left_out.values() for tag in fallen if tag.name]
    names = [candidate.name for candidate in choice.candidates] + listed
    there = f"its tags are {some(names)}" if names else "it has no tags"
    alike = next((name for name in names if name.lower() == wanted.lower()), None)
    cure = f"; did you mean {quoted(alike)}?" if alike else "."
    return (
        f"The image {quoted(image_name)} has no tag {quoted(wanted)}: {there}; push it"
        f" first, give wait if it was pushed a moment ago, or name another{cure}"
    )


def explain_nothing_left(choice: Choice, image_name: str) -> str:
    """Why nothing could be chosen, and the nearest thing that would have worked."""
    head = f"No tag of {quoted(image_name)} is left for the {rule(choice.policy)}"
    if not choice.total:
        return f"{head}: the image has no tags; push one, or give default_tag."
    cures = "; ".join(_cures(choice))
    lines = [f"{head}: {cures or 'push a tag that fits, or give default_tag'}."]
    return "\n".join([*lines, *_left_out(choice)])


def _created(create_time: int | None) -> str:
    return "" if create_time is None else f", created {format_moment(create_time)}"


def _would_have(choice: Choice) -> Iterator[str]:
    if choice.candidates:
        best = choice.candidates[0]
        yield (
            f"The {rule(choice.policy)} would have been {quoted(best.name)}"
            f"{_created(best.create_time)}."
        )
    else:
        yield f"The {rule(choice.policy)} would have left nothing to choose from."


def _tie(choice: Choice) -> Iterator[str]:
    if not choice.candidates:
        return
    best, *others = choice.candidates
    equals = [other.name for other in others if other.rank == best.rank]
    if equals:
        by_version = all(parse_version(t, loose=True) for t in (best.name, equals[0]))
        rule_ = "the higher version" if by_version else "the greatest name in bytes"
        yield f"Equal to {some(equals)}; among equals it was {rule_}."


def _runners_up(others: Sequence[Candidate]) -> Iterator[str]:
    if others:
        shown = ", ".join(
            f"{quoted(other.name)}{_created(other.create_time)}"
            for other in others[:_RUNNERS_UP]
        )
        rest = len(others) - _RUNNERS_UP
        yield f"Next: {shown}{f' and {rest} more' if rest > 0 else ''}."


def _left_out(choice: Choice) -> Iterator[str]:
    fallen = sum(map(len, choice.left_out.values()))
    if fallen:
        yield f"Left out {fallen} of {choice.total} tags:"
    for step, tags in choice.left_out.items():
        if tags:
            yield (
                f"  {len(tags)} {step.value} ({_reason(step, choice.policy)}), such as"
                f" {_example(step, tags, choice.policy)}"
            )


def _reason(step: Step, policy: Policy) -> str:
    times = []
    if policy.as_of_s is not None:
        times.append(f"created after {format_moment(policy.as_of_s)}, as_of")
    if policy.min_age is not None:
        times.append(f"younger than min_age {policy.min_age}")
    return {
        Step.INVALID: "the name cannot be a tag's",
        Step.ARTIFACT: "it belongs to an image and is none",
        Step.FLOATING: "floating_tags names it and no tag_regex matches it",
        Step.NOT_MATCHED: f"tag_regex {_text(policy.include)} does not match the whole",
        Step.EXCLUDED: f"tag_exclude_regex {_text(policy.exclude)} matches it",
        Step.TOO_YOUNG: " or ".join(times),
        Step.UNDATED: "the API sent no CreateTime",
        Step.UNPARSABLE: "it is no number"
        if policy.name == NUMERICAL
        else "it is no version"
        if policy.semver_loose
        else "it is no version of three parts",
        Step.OUT_OF_RANGE: f"outside of {policy.semver_range.text}",
    }[step]


def _text(expression: Expression | None) -> str:
    return quoted(expression.text) if expression else ""


def _example(step: Step, tags: Sequence[Tag], policy: Policy) -> str:
    example = tags[0] if step is not Step.TOO_YOUNG else min(tags, key=_time)
    name = quoted(example.name) if example.name else "one without a name"
    if step is not Step.TOO_YOUNG:
        return name
    return f"{name}{_created(example.create_time)}{_old_enough(example, policy)}"


def _time(tag: Tag) -> tuple[int, str]:
    return tag.create_time or 0, tag.name or ""


def _old_enough(tag: Tag, policy: Policy) -> str:
    if policy.as_of_s is not None or policy.min_age_s is None:
        return ""
    return f", old enough from {format_moment((tag.create_time or 0) + policy.min_age_s)}"


def _cures(choice: Choice) -> Iterator[str]:
    """What would have left something, nearest first."""
    policy, left_out = choice.policy, choice.left_out
    if young := left_out[Step.TOO_YOUNG]:
        first = min(young, key=_time)
        yield _cure_young(first, policy)
    if fallen := [tag.name or "" for tag in left_out[Step.OUT_OF_RANGE]]:
        yield _cure_range(fallen, policy)
    if fallen := [tag.name or "" for tag in left_out[Step.UNPARSABLE]]:
        yield _cure_unparsable(fallen, policy)
    if left_out[Step.UNDATED]:
        yield "choose by another policy than time, such as 'semver' or 'alphabetical'"
    if excluded := left_out[Step.EXCLUDED]:
        yield f"make tag_exclude_regex leave some of {_names(excluded)}"
    if fallen := [tag.name or "" for tag in left_out[Step.NOT_MATCHED]]:
        yield _cure_unmatched(fallen, policy)
    if floating := left_out[Step.FLOATING]:
        yield f"name one of {_names(floating)} in tag to take a tag that moves"


def _names(tags: Sequence[Tag]) -> str:
    return some([tag.name or "" for tag in tags], 3)


def _cure_young(first: Tag, policy: Policy) -> str:
    name = quoted(first.name or "")
    if policy.as_of_s is None:
        return (
            f"wait or lower min_age: the first tag, {name}, is old enough from"
            f" {format_moment((first.create_time or 0) + (policy.min_age_s or 0))}"
        )
    return (
        f"set as_of later: the first tag, {name}, was created"
        f" {format_moment(first.create_time or 0)}"
    )


def _cure_range(names: Sequence[str], policy: Policy) -> str:
    for name in names:
        version = parse_version(_compared(name, policy), loose=policy.semver_loose)
        if version and policy.semver_range.contains(version, prereleases=True):
            return (
                f"{quoted(name)} is in range but for being a prerelease; a range"
                " allows those where it names one, such as '>=1.2.0-0' in place of"
                " '>=1.2.0'"
            )
    return f"widen semver_range to take one of {some(names, 3)}"


def _cure_unparsable(names: Sequence[str], policy: Policy) -> str:
    if policy.name == SEMVER and not policy.semver_loose:
        loose = [n for n in names if parse_version(_compared(n, policy), loose=True)]
        if loose:
            return f"set semver_loose to take {some(loose, 3)} for versions"
    return (
        "choose by another policy, such as 'newest' or 'alphabetical', or cut a"
        f" {'number' if policy.name == NUMERICAL else 'version'} out of"
        f" {some(names, 3)} with tag_regex and tag_extract"
    )


def _cure_unmatched(names: Sequence[str], policy: Policy) -> str:
    include = policy.include
    partly = [name for name in names if include and include.search(name)]
    if include and partly:
        return (
            f"tag_regex must match the whole of a tag, and matches a part of"
            f" {some(partly, 3)}; write {quoted(f'.*(?:{include.text}).*')} if a part is"
            " enough"
        )
    return f"make tag_regex match one of {some(names, 3)}"


def _compared(name: str, policy: Policy) -> str:
    """What the policy compares of a tag that matches its expressions."""
    if not (policy.extract and policy.include):
        return name
    return policy.extract.expand(policy.include.match(name))
