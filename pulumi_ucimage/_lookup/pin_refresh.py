"""Refreshing a pin: what its image has now. The tag stays, whatever was pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup import pin_messages
from pulumi_ucimage._lookup.pin_query import BUCKET_INPUTS, query_and_settings, query_of
from pulumi_ucimage._lookup.pinned import pinned_tag, validated_state
from pulumi_ucimage._tags.evaluate import evaluate
from pulumi_ucimage.errors import ArgumentError, NoSuchImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._lookup.pin_messages import Message
    from pulumi_ucimage._spec.pin_state import State
    from pulumi_ucimage._tags.evaluate import Evaluation, TagLike


_REFRESH_INPUTS: Final = (*BUCKET_INPUTS, "order_by")
"""The stored inputs that a refresh uses; a newer release may have written the others."""


def refresh(
    olds: State, context: LookupContext, *, pin: str
) -> tuple[dict[str, Any], list[Message]]:
    """A pin's state with what its image has now, and messages for the user.

    The tag stays, whatever was pushed.

    Args:
        olds: the stored state.
        context: where the look-up runs.
        pin: the pin's name, for messages.

    Raises:
        UcimageError: the state is invalid, or a call failed: the pin keeps its state.
    """
    observation = observe(olds, context, pin=pin)
    message = observation.message(pin)
    return {**olds, **observation.seen}, [message] if message else []


class Observation(NamedTuple):
    """What a refresh sees of a pin's image.

    Attributes:
        before: the pin's state, validated.
        seen: `available` and `retagged` as they are now.
        pushed: when the pinned tag was last pushed, in Unix seconds, if that is known.
        evaluation: the result of `evaluate` on the listed tags; None if this release cannot
            read the policy.
        is_listed: whether the pinned tag is listed.
    """

    before: dict[str, Any]
    seen: dict[str, bool]
    pushed: int | None
    evaluation: Evaluation | None
    is_listed: bool

    @property
    def after(self) -> dict[str, Any]:
        """The pin's state after the refresh."""
        return {**self.before, **self.seen}

    def message(self, pin: str) -> Message | None:
        """What to tell the user about the pin of that name; None if it is fine."""
        return pin_messages.refresh_message(
            pin, self.after, self.pushed, self.evaluation, is_listed=self.is_listed
        )


def observe(olds: State, context: LookupContext, *, pin: str) -> Observation:
    """See what a pin's image has now; arguments and errors are those of `refresh`."""
    before = validated_state(olds, pin=pin)
    query, settings = query_and_settings(
        before, {k: before.get(k) for k in _REFRESH_INPUTS}, context
    )
    try:
        tags = query.tags(settings, context)
    except NoSuchImageError:
        tags = []
    listed = [tag.create_time for tag in tags if tag.name == before["tag"]]
    pushed = max((time for time in listed if time is not None), default=None)
    known = pinned_tag(before).create_time
    seen = {
        "available": bool(listed),
        "retagged": None not in {pushed, known} and pushed != known,
    }
    if before["repo_digest"]:
        # Only here: a pin without a digest does not need it.
        from pulumi_ucimage._lookup import digests  # noqa: PLC0415

        deadline = Deadline.after(settings.timeout_s, context.clock)
        status = digests.check_digest(
            before["repo_digest"], before["tag"], settings, deadline
        )
        seen = {
            "available": bool(listed) and status.has_digest,
            "retagged": status.is_retagged,
        }
    evaluation = _evaluate(before, tags, context.clock.now())
    return Observation(before, seen, pushed, evaluation, is_listed=bool(listed))


def _evaluate(before: State, tags: Sequence[TagLike], now: float) -> Evaluation | None:
    """Evaluate the stored policy; None if this release cannot read it."""
    try:
        return evaluate(query_of(before).policy, tags, now=now)
    except ArgumentError:
        return None
