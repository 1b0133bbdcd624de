"""Selecting the tag to use from the tags of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from pulumi_ucimage._tags.explanation import (
    explain,
    explain_ambiguous,
    explain_missing_tag,
    explain_nothing_left,
)
from pulumi_ucimage.errors import AmbiguousTagError, NoMatchingTagError

if TYPE_CHECKING:
    from pulumi_ucimage._tags.evaluate import Evaluation


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """The tag to use, and why.

    Attributes:
        tag: the tag.
        create_time: when it was pushed, in Unix seconds; None if not known.
        found: False only if the default tag is used.
        evaluation: the result of `evaluate` on all tags.
        explanation: a few lines: what was chosen, by which rule, what was rejected and why.
    """

    tag: str
    create_time: int | None
    found: bool
    evaluation: Evaluation
    explanation: str


def select(evaluation: Evaluation, *, image_name: str) -> Selection:
    """Select the tag of an image that a policy chooses.

    Args:
        evaluation: the result of `evaluate` on all tags of the image.
        image_name: the image's full name, for texts.

    Raises:
        NoMatchingTagError: the explicit tag is not listed, or nothing is left.
        AmbiguousTagError: two tags share the best extracted text.
    """
    if problem := find_problem(evaluation, image_name=image_name):
        raise problem
    policy = evaluation.policy
    found = bool(policy.tag or evaluation.candidates)
    tag = policy.tag or (
        evaluation.candidates[0].name if found else policy.default_tag or ""
    )
    listed = evaluation.find_tag(tag)
    create_time = listed.create_time if listed else None
    explanation = explain(
        evaluation, image_name, tag=tag, create_time=create_time, found=found
    )
    return Selection(tag, create_time, found, evaluation, explanation)


def find_problem(
    evaluation: Evaluation, *, image_name: str, with_rejected: bool = True
) -> NoMatchingTagError | AmbiguousTagError | None:
    """Find why no tag can be selected; None if a tag or `default_tag` can be used.

    Args:
        evaluation: the result of `evaluate` on all tags of an image.
        image_name: the image's full name, for texts.
        with_rejected: whether the error lists the rejected tags.
    """
    policy = evaluation.policy
    if policy.tag:
        if evaluation.find_tag(policy.tag):
            return None
        message = explain_missing_tag(evaluation, image_name, wanted=policy.tag)
        return NoMatchingTagError(message)
    if evaluation.find_ambiguous():
        return AmbiguousTagError(explain_ambiguous(evaluation, image_name))
    if evaluation.candidates or policy.default_tag:
        return None
    return NoMatchingTagError(
        explain_nothing_left(evaluation, image_name, with_rejected=with_rejected)
    )
