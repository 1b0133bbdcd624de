"""Messages for the user about a pin: each names the pin and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup.pinned import is_better, pinned_tag
from pulumi_ucimage._spec.unknown import contains_unknown
from pulumi_ucimage._tags.evaluate import ranks_below
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage._tags.verdicts import explain_rejection
from pulumi_ucimage._tags.wording import describe_policy

if TYPE_CHECKING:
    from pulumi_ucimage._spec.pin_state import State
    from pulumi_ucimage._tags.evaluate import Candidate, Evaluation
    from pulumi_ucimage._tags.policy import Policy
    from pulumi_ucimage.errors import UcimageError


class Message(NamedTuple):
    """A line for the user.

    Attributes:
        text: one sentence.
        is_warning: whether it is a warning; else it is information.
    """

    text: str
    is_warning: bool = False


def failure(error: UcimageError, olds: State) -> str:
    """The text of a pin's error, and a sentence that nothing was changed.

    Args:
        error: what failed.
        olds: the stored state, which may be invalid; empty for a new pin.
    """
    tag = olds.get("tag")
    if not olds:
        return str(error)
    stays = f"; {quoted(tag)} stays pinned" if isinstance(tag, str) and tag else ""
    # Some errors end with a list, to which a sentence cannot be added.
    gap = " " if str(error).endswith(".") else "\n"
    return f"{error}{gap}Nothing was changed{stays}."


def refresh_failed(pin: str, error: UcimageError, olds: State) -> Message:
    """The warning of a refresh that failed."""
    text = f"The pin {quoted(pin)} could not be checked: {failure(error, olds)}"
    return Message(text, is_warning=True)


def downgrade(pin: str, pinned: str, chosen: str, evaluation: Evaluation) -> str:
    """Why a pin does not move to a tag that ranks lower."""
    return (
        f"This would downgrade the pin {quoted(pin)} from {quoted(pinned)} to"
        f" {quoted(chosen)}, the {describe_policy(evaluation.policy)}. {quoted(pinned)}"
        f" is not chosen because {explain_rejection(evaluation, pinned)}. To downgrade, set"
        f' tag="{chosen}" or allow_downgrade=True.'
    )


def no_old_digest(pinned: str, evaluation: Evaluation) -> str:
    """Why the digest of a pinned tag cannot be used with `min_age` or `as_of`."""
    return (
        f"The digest of the pinned tag {quoted(pinned)} may be that of a later push:"
        f" {explain_rejection(evaluation, pinned)}. Change a trigger to choose again,"
        " or remove resolve_digest."
    )


def triggers_without_effect(
    pin: str, inputs: State, changed: set[str], *, is_frozen: bool
) -> list[Message]:
    """A message if triggers changed that cannot move the pin; else empty."""
    tag, triggers = inputs.get("wanted_tag"), inputs.get("triggers")
    if "triggers" not in changed or not (tag or is_frozen):
        return []
    if contains_unknown(tag) or contains_unknown(triggers):
        return []
    reason = _FROZEN if is_frozen else "tag is set; remove it to choose again"
    text = f"The changed triggers have no effect on the pin {quoted(pin)}: {reason}."
    return [Message(text)]


def tag_without_effect(pin: str, pinned: str) -> Message:
    """The message for a program that sets another tag, and ignores changes of it."""
    text = (
        f"The argument tag has no effect on the pin {quoted(pin)}, which stays at"
        f" {quoted(pinned)}: tag is in ignore_changes; remove that to move the pin."
    )
    return Message(text)


_CHOOSE_AGAIN: Final = "change a trigger to choose again"
_FROZEN: Final = (
    "tag is in ignore_changes, or is set to the pinned tag; remove that, then change a"
    " trigger to choose again"
)


def state_warnings(pin: str, state: State, *, is_frozen: bool) -> list[Message]:
    """A warning if the state says that the tag is gone or was pushed again; else empty."""
    stays = f"The pin {quoted(pin)} stays at {quoted(state['tag'])}, which was"
    digest = state["digest"]
    if state["found"] and not state["available"]:
        gone = ", or no longer in the registry with its digest," if digest else ""
        other = "" if is_frozen else ", or set tag to another one"
        text = (
            f"{stays} no longer listed{gone} when it was last checked: push it again and"
            f" run `pulumi refresh`{other}."
        )
    elif state["retagged"]:
        text = (
            f"{stays} pushed again after it was chosen and {'is' if digest else 'may be'}"
            f" another image now: {_FROZEN if is_frozen else _CHOOSE_AGAIN}."
        )
    else:
        return []
    return [Message(text, is_warning=True)]


def refresh_message(
    pin: str,
    after: State,
    pushed: int | None,
    evaluation: Evaluation | None,
    *,
    is_listed: bool,
) -> Message | None:
    """What a refresh found, and what to do; None if the pin is fine.

    Args:
        pin: the pin's name.
        after: its state after the refresh.
        pushed: when the pinned tag was last pushed, in Unix seconds.
        evaluation: the result of `evaluate` on the listed tags; None if the policy cannot
            be read.
        is_listed: whether the pinned tag is listed.
    """
    best = evaluation and evaluation.get_best()
    stays = f"The pin {quoted(pin)} stays at {quoted(after['tag'])}, which"
    if after["found"] and not after["available"]:
        if is_listed:
            text = (
                f"{stays} is listed, but its digest {after['digest']} is no longer in the"
                f" registry: {_way_to_accept(best, evaluation, after)}."
            )
            return Message(text, is_warning=True)
        ways = "push it again" + _other_way(best, evaluation, after)
        return Message(f"{stays} is no longer listed: {ways}.", is_warning=True)
    if after["retagged"]:
        at = "" if pushed is None else f" at {format_timestamp(pushed)}"
        text = (
            f"{stays} was pushed again{at} and {'is' if after['digest'] else 'may be'}"
            f" another image now: {_way_to_accept(best, evaluation, after)}."
        )
        return Message(text, is_warning=True)
    if evaluation and best and is_better(best, evaluation.policy, after):
        text = (
            f"The tag {quoted(best.name)} {_pushed(best, 'was') or 'is available'}, and the"
            f" pin {quoted(pin)} stays at {quoted(after['tag'])}: change a trigger to take"
            " it."
        )
        return Message(text)
    return None


def _other_way(best: Candidate | None, evaluation: Evaluation | None, state: State) -> str:
    """What else to do about a pinned tag that is no longer listed."""
    if evaluation is None or best is None:
        return ""
    if state.get("wanted_tag"):
        return f', or set tag to one that is listed, such as tag="{best.name}"'
    return f", or {_way_to(best, evaluation.policy, state)}"


def _way_to_accept(
    best: Candidate | None, evaluation: Evaluation | None, state: State
) -> str:
    """What to do about a pinned tag that was pushed again."""
    if evaluation is None or state.get("wanted_tag"):
        return "change a trigger to accept it"
    if best is None:
        return "change the policy so that it accepts a tag"
    if best.name == state["tag"]:
        return "change a trigger to accept it"
    return _way_to(best, evaluation.policy, state)


def _way_to(best: Candidate, policy: Policy, state: State) -> str:
    """How to move the pin to the best tag that is listed."""
    when = f" ({pushed})" if (pushed := _pushed(best)) else ""
    if ranks_below(policy, best, pinned_tag(state)):
        return (
            f'set tag="{best.name}"{when}, or change a trigger and set allow_downgrade=True'
        )
    return f"change a trigger to take {quoted(best.name)}{when}"


def _pushed(tag: Candidate, verb: str = "") -> str:
    """When a tag was pushed; empty if nothing says."""
    if tag.create_time is None:
        return ""
    return f"{verb} pushed at {format_timestamp(tag.create_time)}".lstrip()
