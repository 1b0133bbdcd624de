"""Selecting the tag to use from the tags of one image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, final

from pulumi_ucimage._tags.evaluate import Choice, TagLike, evaluate
from pulumi_ucimage._tags.explanation import (
    explain,
    explain_ambiguous,
    explain_missing_tag,
    explain_nothing_left,
)
from pulumi_ucimage.errors import AmbiguousTagError, NoMatchingTagError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_ucimage._tags.policy import Policy


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """The tag to use, and why.

    Attributes:
        tag: the tag.
        create_time: when it was pushed, in Unix seconds; None if not known.
        found: False only if the default tag is used.
        choice: the result of `evaluate` on all tags.
        explanation: a few lines: what was chosen, by which rule, what was rejected and why.
    """

    tag: str
    create_time: int | None
    found: bool
    choice: Choice
    explanation: str


def select(
    policy: Policy, tags: Sequence[TagLike], *, image_name: str, now: float
) -> Selection:
    """Select the tag of an image that a policy chooses.

    Args:
        policy: the policy.
        tags: the image's tags, in any order; not changed.
        image_name: the image's full name, for texts.
        now: Unix seconds, for `min_age`.

    Raises:
        NoMatchingTagError: the explicit tag is not listed, or nothing is left.
        AmbiguousTagError: two tags share the best extracted text.
    """
    choice = evaluate(policy, tags, now=now)
    if problem := find_problem(choice, image_name=image_name):
        raise problem
    found = bool(policy.tag or choice.candidates)
    tag = policy.tag or (choice.candidates[0].name if found else policy.default_tag or "")
    times = [listed.create_time for listed in tags if listed.name == tag]
    create_time = max((time for time in times if time is not None), default=None)
    explanation = explain(choice, image_name, tag=tag, create_time=create_time, found=found)
    return Selection(tag, create_time, found, choice, explanation)


def find_problem(
    choice: Choice, *, image_name: str, with_rejected: bool = True
) -> NoMatchingTagError | AmbiguousTagError | None:
    """Find why no tag can be selected; None if a tag or `default_tag` can be used.

    Args:
        choice: the result of `evaluate` on all tags of an image.
        image_name: the image's full name, for texts.
        with_rejected: whether the error lists the rejected tags.
    """
    policy = choice.policy
    if policy.tag:
        listed = chain(choice.candidates, *choice.rejected.values())
        if any(tag.name == policy.tag for tag in listed):
            return None
        message = explain_missing_tag(choice, image_name, wanted=policy.tag)
        return NoMatchingTagError(message)
    if choice.find_ambiguous():
        return AmbiguousTagError(explain_ambiguous(choice, image_name))
    if choice.candidates or policy.default_tag:
        return None
    return NoMatchingTagError(
        explain_nothing_left(choice, image_name, with_rejected=with_rejected)
    )
