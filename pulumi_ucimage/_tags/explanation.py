"""The explanation of a choice, and of an error: what was chosen and what was rejected.

The first line can stand alone. The texts name times, never ages, and depend on which tags
were rejected for which reason, not on the clock.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._formatting import join_names, quoted
from pulumi_ucimage._tags.evaluate import RejectReason
from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.suggestions import find_suggestions
from pulumi_ucimage._tags.wording import (
    describe_policy,
    describe_rejection,
    format_created,
    format_old_enough,
    is_only_a_prerelease,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_ucimage._tags.evaluate import Candidate, Evaluation, TagLike
    from pulumi_ucimage._tags.policy import Policy
    from pulumi_ucimage._tags.semver import Version

_MAX_RUNNERS_UP: Final = 3
_MAX_EXAMPLES: Final = 3


def explain(
    evaluation: Evaluation,
    image_name: str,
    *,
    tag: str,
    create_time: int | None,
    found: bool,
) -> str:
    """Explain what was chosen, by which rule, what came next, and what was rejected.

    Args:
        evaluation: the result of `evaluate` on all tags.
        image_name: the image's full name.
        tag: the tag that was chosen.
        create_time: when it was pushed, in Unix seconds; None if not known.
        found: False if it is the default tag.
    """
    policy = evaluation.policy
    if not found:
        why = f"it is default_tag, and nothing is left for the {describe_policy(policy)}"
        lines = [f"Nearest change: {text}." for text in find_suggestions(evaluation)[:1]]
    elif policy.tag:
        why = "the argument tag names it"
        lines = [_describe_without_tag(evaluation, tag)]
    else:
        why = f"the {describe_policy(policy)}"
        lines = [*_describe_ties(evaluation), _describe_runners_up(evaluation)]
    head = (
        f"Chose {quoted(tag)} of {quoted(image_name)}{format_created(create_time)}: {why}."
    )
    return "\n".join([head, *lines, *_describe_rejected(evaluation)])


def explain_missing_tag(evaluation: Evaluation, image_name: str, *, wanted: str) -> str:
    """Explain that an explicit tag is not listed, and what is."""
    names = [candidate.name for candidate in evaluation.candidates]
    for reason, tags in evaluation.rejected.items():
        if reason not in {RejectReason.INVALID, RejectReason.ARTIFACT}:
            names += [tag.name for tag in tags if tag.name]
    if names:
        names = [name for name in names if _is_similar(name, wanted)] or names
        use = "use one of them" if names[1:] else "use that"
        listed = f"it has {join_names(names)}; {use}, "
    elif evaluation.total:
        listed = "it has no tag that can be used; "
    else:
        listed = "it has no tags; "
    wait = "wait longer" if evaluation.policy.wait_s else "set wait"
    return (
        f"The image {quoted(image_name)} has no tag {quoted(wanted)}: {listed}push"
        f" {quoted(wanted)} first, or {wait} if it was pushed a moment ago."
    )


def explain_nothing_left(
    evaluation: Evaluation, image_name: str, *, with_rejected: bool = True
) -> str:
    """Explain why nothing is left to choose from, and the nearest change that helps."""
    policy = describe_policy(evaluation.policy)
    head = f"No tag of {quoted(image_name)} is left for the {policy}"
    if not evaluation.total:
        return f"{head}: the image has no tags; push one, or give default_tag."
    push = "push a tag that fits, or give default_tag"
    nearest, *others = find_suggestions(evaluation) or [push]
    lines = [f"{head}: {nearest}."]
    if others:
        lines.append(f"Or {'; or '.join(others)}.")
    return "\n".join([*lines, *(_describe_rejected(evaluation) if with_rejected else ())])


def explain_ambiguous(evaluation: Evaluation, image_name: str) -> str:
    """Explain that two tags share the best extracted text."""
    text = evaluation.candidates[0].text
    names = join_names(evaluation.find_ambiguous())
    return (
        f"The tags {names} of {quoted(image_name)} share the best"
        f" extracted text, {quoted(text)}: change tag_regex or tag_extract so that the"
        " texts differ, or set tag to one of them."
    )


def _is_similar(name: str, wanted: str) -> bool:
    """Whether names differ only in case, a leading v or the spelling of a version."""
    one, other = _loose_version(name), _loose_version(wanted)
    if one and other:
        return one.precedence == other.precedence
    return name.lower().removeprefix("v") == wanted.lower().removeprefix("v")


def _loose_version(name: str) -> Version | None:
    return parse_version(name.lower(), loose=True)


def _describe_without_tag(evaluation: Evaluation, tag: str) -> str:
    """Say what the policy would have chosen if the argument tag were not given."""
    by_policy = f"the {describe_policy(evaluation.policy)}"
    if not evaluation.candidates:
        return f"Without tag: nothing is left for {by_policy}."
    if names := evaluation.find_ambiguous():
        return f"Without tag: none; {join_names(names)} share the best extracted text."
    best = evaluation.candidates[0]
    other = "the same" if best.name == tag else _describe_candidate(best, evaluation.policy)
    return f"Without tag: {other}, {by_policy}."


def _describe_ties(evaluation: Evaluation) -> Iterator[str]:
    best, *others = evaluation.candidates
    tied = [tag.name for tag in takewhile(lambda tag: tag.rank == best.rank, others)]
    if tied:
        yield (
            f"Tied with {join_names(tied, limit=_MAX_RUNNERS_UP)}: ties are broken by the"
            " higher version, then by the last name in byte order."
        )


def _describe_runners_up(evaluation: Evaluation) -> str:
    _, *others = evaluation.candidates
    if not others:
        return "There are no other candidates."
    shown = "; ".join(
        _describe_candidate(tag, evaluation.policy) for tag in others[:_MAX_RUNNERS_UP]
    )
    rest = len(others) - _MAX_RUNNERS_UP
    return f"Next: {shown}{f'; and {rest} more' if rest > 0 else ''}."


def _describe_candidate(candidate: Candidate, policy: Policy) -> str:
    compared = f" (as {quoted(candidate.text)})" if policy.extract else ""
    return f"{quoted(candidate.name)}{compared}{format_created(candidate.create_time)}"


def _describe_rejected(evaluation: Evaluation) -> Iterator[str]:
    """A line for each reason, and one for those that are only prereleases."""
    policy = evaluation.policy
    count = evaluation.total - len(evaluation.candidates)
    if not count:
        yield f"Rejected none of {evaluation.total} tags."
        return
    yield f"Rejected {count} of {evaluation.total} tags:"
    for reason, tags in evaluation.rejected.items():
        groups: dict[bool, list[TagLike]] = {False: [], True: []}
        for tag in tags:
            groups[is_only_a_prerelease(reason, tag, policy)].append(tag)
        for is_prerelease, group in groups.items():
            if group:
                why = describe_rejection(reason, policy, is_prerelease=is_prerelease)
                examples = _list_examples(reason, group, policy)
                yield f"  {len(group)} {reason.value} ({why}), for example {examples}"


def _list_examples(reason: RejectReason, tags: Sequence[TagLike], policy: Policy) -> str:
    if reason is not RejectReason.TOO_YOUNG:
        names = [quoted(tag.name) if tag.name else "one without a name" for tag in tags]
        return ", ".join(names[:_MAX_EXAMPLES])
    first = min(tags, key=lambda tag: (tag.create_time, tag.name))
    times = format_created(first.create_time) + format_old_enough(first, policy)
    return quoted(first.name or "") + times
