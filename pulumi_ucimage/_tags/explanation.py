"""Why this tag, or why none: what a person wants to read at three in the morning.

The first line can stand alone. The texts tell moments and never ages, and depend on what
fell out where, not on the clock.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._formatting import printable, quoted, some
from pulumi_ucimage._tags.evaluate import RejectReason
from pulumi_ucimage._tags.policy import (
    ALPHABETICAL,
    NEWEST,
    NUMERICAL,
    SEMVER,
    Policy,
)
from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.suggestions import old_enough_at, suggestions
from pulumi_ucimage._tags.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_ucimage._tags.evaluate import Candidate, Choice, TagLike
    from pulumi_ucimage._tags.semver import Version

_RUNNERS_UP: Final = 3
_EXAMPLES: Final = 3

_ENDS: Final = {
    NEWEST: ("newest CreateTime", "oldest CreateTime"),
    SEMVER: ("highest version", "lowest version"),
    NUMERICAL: ("highest number", "lowest number"),
    ALPHABETICAL: ("last name in the order of bytes", "first name in the order of bytes"),
}


def rule(policy: Policy) -> str:
    """A policy in some words: `highest version in ^1.2 (policy semver)`."""
    highest, lowest = _ENDS[policy.name]
    words = [highest if policy.highest else lowest]
    if policy.name == SEMVER:
        words.append(f"in {printable(policy.semver_range.text)}")
    if policy.extract:
        words.append(f"by tag_extract {quoted(policy.extract.text)}")
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
        why = f"it is default_tag, and nothing is left for the {rule(policy)}"
        lines = [f"To find one, {cure}." for cure in suggestions(choice)[:1]]
    elif policy.tag:
        why = "the argument tag names it"
        lines = [_would_have(choice, tag)]
    else:
        why = f"the {rule(policy)}"
        lines = [*_ties(choice), _runners_up(choice)]
    created = _created(create_time)
    head = f"Chose {quoted(tag)} of {quoted(image_name)}{created}: {why}."
    return "\n".join([head, *lines, *_rejected(choice)])


def explain_missing_tag(choice: Choice, image_name: str, *, wanted: str) -> str:
    """Why an explicit tag cannot be used: it is not there."""
    rejected = [tag.name for fallen in choice.rejected.values() for tag in fallen]
    names = [candidate.name for candidate in choice.candidates]
    names += [name for name in rejected if name]
    alike = [name for name in names if _alike(name, wanted)]
    if alike:
        there = f"it has {some(alike)}; name that, "
    elif names:
        there = f"it has {some(names)}; name one of them, "
    else:
        there = "it has none; "
    wait = "wait longer" if choice.policy.wait_s else "give wait"
    return (
        f"The image {quoted(image_name)} has no tag {quoted(wanted)}: {there}push"
        f" {quoted(wanted)} first, or {wait} if that was done a moment ago."
    )


def explain_nothing_left(choice: Choice, image_name: str) -> str:
    """Why nothing could be chosen, and the nearest thing that would have worked."""
    head = f"No tag of {quoted(image_name)} is left for the {rule(choice.policy)}"
    if not choice.total:
        return f"{head}, for the image has none: push one, or give default_tag."
    nearest, *others = [*suggestions(choice), "push a tag that fits, or give default_tag"]
    lines = [f"{head}: {nearest}."]
    if others[:-1]:
        lines.append(f"Or {'; or '.join(others[:-1])}.")
    return "\n".join([*lines, *_rejected(choice)])


def explain_ambiguous(choice: Choice, image_name: str) -> str:
    """Why two tags are as good as one another: they share the best extracted text."""
    text = choice.candidates[0].text
    return (
        f"The tags {some(choice.ambiguous())} of {quoted(image_name)} share the best"
        f" extracted text, {quoted(text)}: make tag_regex or tag_extract tell them apart,"
        " or name one of them in tag."
    )


def _alike(name: str, wanted: str) -> bool:
    """Whether names differ in case, a leading v or the spelling of a version alone."""
    read, asked = _loosely(name), _loosely(wanted)
    if read and asked:
        return read.precedence == asked.precedence
    return name.lower().removeprefix("v") == wanted.lower().removeprefix("v")


def _loosely(name: str) -> Version | None:
    return parse_version(name.lower(), loose=True)


def _created(create_time: int | None) -> str:
    return "" if create_time is None else f", created {format_timestamp(create_time)}"


def _would_have(choice: Choice, tag: str) -> str:
    by_policy = f"the {rule(choice.policy)}"
    if not choice.candidates:
        return f"Without tag: nothing is left for {by_policy}."
    best = choice.candidates[0]
    other = "the same" if best.name == tag else _shown(best, choice.policy)
    return f"Without tag: {other}, {by_policy}."


def _ties(choice: Choice) -> Iterator[str]:
    best, *others = choice.candidates
    equals = [tag.name for tag in takewhile(lambda tag: tag.rank == best.rank, others)]
    if equals:
        yield (
            f"Equal to {some(equals, _RUNNERS_UP)}: of equals the higher version is taken,"
            " else the last name in the order of bytes."
        )


def _runners_up(choice: Choice) -> str:
    _, *others = choice.candidates
    if not others:
        return "Nothing else was left to choose from."
    shown = "; ".join(_shown(other, choice.policy) for other in others[:_RUNNERS_UP])
    rest = len(others) - _RUNNERS_UP
    return f"Next: {shown}{f'; and {rest} more' if rest > 0 else ''}."


def _shown(candidate: Candidate, policy: Policy) -> str:
    compared = f" (as {quoted(candidate.text)})" if policy.extract else ""
    return f"{quoted(candidate.name)}{compared}{_created(candidate.create_time)}"


def _rejected(choice: Choice) -> Iterator[str]:
    fallen = sum(map(len, choice.rejected.values()))
    yield f"Left out {fallen or 'none'} of {choice.total} tags{':' if fallen else '.'}"
    for step, tags in choice.rejected.items():
        if tags:
            reason = _reason(step, choice.policy)
            examples = _examples(step, tags, choice.policy)
            yield f"  {len(tags)} {step.value} ({reason}), such as {examples}"


def _reason(step: RejectReason, policy: Policy) -> str:
    given = policy.arguments
    limits = []
    if policy.as_of_s is not None:
        limits.append(f"as_of {format_timestamp(policy.as_of_s)}")
    if policy.min_age_s is not None:
        limits.append(f"min_age {given['min_age']}")
    version = "a version" if policy.semver_loose else "a version of three parts"
    return {
        RejectReason.INVALID: "the name cannot be a tag's",
        RejectReason.ARTIFACT: "it belongs to an image and is none",
        RejectReason.FLOATING: "it is one of floating_tags, and no tag_regex matches it",
        RejectReason.NOT_MATCHED: "not matched by tag_regex"
        f" {quoted(given.get('tag_regex', ''))}",
        RejectReason.EXCLUDED: "matched by tag_exclude_regex"
        f" {quoted(given.get('tag_exclude_regex', ''))}",
        RejectReason.TOO_YOUNG: f"too young for {' and '.join(limits)}",
        RejectReason.UNDATED: "the API sent no CreateTime",
        RejectReason.UNPARSABLE: f"not {version if policy.name == SEMVER else 'a number'}",
        RejectReason.OUT_OF_RANGE: f"not in {printable(policy.semver_range.text)}",
    }[step]


def _examples(step: RejectReason, tags: Sequence[TagLike], policy: Policy) -> str:
    if step is not RejectReason.TOO_YOUNG:
        names = [quoted(tag.name) if tag.name else "one without a name" for tag in tags]
        return ", ".join(names[:_EXAMPLES])
    first = min(tags, key=lambda tag: (tag.create_time, tag.name))
    since = (
        ""
        if policy.as_of_s is not None
        else f", old enough from {old_enough_at(first, policy)}"
    )
    return f"{quoted(first.name or '')}{_created(first.create_time)}{since}"
