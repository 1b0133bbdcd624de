"""The verdict on every tag, and why one tag is not chosen, for tables and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._tags.evaluate import RejectReason, get_time_key
from pulumi_ucimage._tags.ranking import sort_by_rank
from pulumi_ucimage._tags.wording import (
    describe_policy,
    describe_rejection,
    format_old_enough,
    is_only_a_prerelease,
)

if TYPE_CHECKING:
    from pulumi_ucimage._tags.evaluate import Candidate, Evaluation, TagLike
    from pulumi_ucimage._tags.policy import Policy

CHOSEN = "chosen"


class TagVerdict(NamedTuple):
    """The verdict of a policy on one tag.

    Attributes:
        name: the tag; None if the API sent no name.
        create_time: Unix seconds; None if the API sent none.
        verdict: `chosen`, `candidate 2` (its place), or the reason that rejects it, as in
            `counts`.
        why: the verdict in words; empty for a candidate, unless `tag_extract` is given.
    """

    name: str | None
    create_time: int | None
    verdict: str
    why: str


def list_verdicts(evaluation: Evaluation) -> list[TagVerdict]:
    """A verdict for each tag: candidates best first, then rejected newest first.

    No tag is `chosen` if the best ones are ambiguous, or if the tag to use is not listed.
    """
    rejected = [
        _make_rejected_verdict(reason, tag, evaluation.policy)
        for reason, tags in evaluation.rejected.items()
        for tag in tags
    ]
    newest_first = sort_by_rank(rejected, get_time_key, highest=True)
    candidates = [
        _make_candidate_verdict(position, candidate, evaluation.policy)
        for position, candidate in enumerate(evaluation.candidates, 1)
    ]
    chosen, why = _find_chosen(evaluation)
    return [
        tag._replace(verdict=CHOSEN, why=why) if chosen and tag.name == chosen else tag
        for tag in [*candidates, *newest_first]
    ]


def explain_rejection(evaluation: Evaluation, name: str) -> str:
    """Why the policy does not choose a tag, as a clause that starts with `it is`.

    Args:
        evaluation: the result of `evaluate` on the tags that are listed now.
        name: a tag that was listed at some time.
    """
    for reason, tags in evaluation.rejected.items():
        for tag in tags:
            if tag.name == name:
                rejected = _make_rejected_verdict(reason, tag, evaluation.policy)
                return f"it is rejected as {rejected.verdict} ({rejected.why})"
    if any(candidate.name == name for candidate in evaluation.candidates):
        best = quoted(evaluation.candidates[0].name)
        return f"it is still a candidate, but {best} ranks first"
    return "it is no longer listed"


def _find_chosen(evaluation: Evaluation) -> tuple[str | None, str]:
    """The tag that is chosen, if it is one of those that are listed, and why."""
    policy = evaluation.policy
    if policy.tag:
        return policy.tag, "the argument tag names it"
    if not evaluation.candidates and policy.default_tag:
        return policy.default_tag, "it is default_tag, and nothing is left"
    best = evaluation.get_best()
    return (best.name, describe_policy(policy)) if best else (None, "")


def _make_candidate_verdict(
    position: int, candidate: Candidate, policy: Policy
) -> TagVerdict:
    why = f"compared as {quoted(candidate.text)}" if policy.extract else ""
    return TagVerdict(candidate.name, candidate.create_time, f"candidate {position}", why)


def _make_rejected_verdict(
    reason: RejectReason, tag: TagLike, policy: Policy
) -> TagVerdict:
    is_prerelease = is_only_a_prerelease(reason, tag, policy)
    why = describe_rejection(reason, policy, is_prerelease=is_prerelease)
    if reason is RejectReason.TOO_YOUNG:
        why += format_old_enough(tag, policy)
    return TagVerdict(tag.name, tag.create_time, reason.value, why)
