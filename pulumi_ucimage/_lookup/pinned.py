"""The state of a pin: what it chose before, validated before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._spec import pin_state, results
from pulumi_ucimage._tags.evaluate import Tag, ranks_below
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from pulumi_ucimage._spec.pin_state import State
    from pulumi_ucimage._tags.evaluate import Candidate
    from pulumi_ucimage._tags.policy import Policy

_TYPES: Final[dict[str, Any]] = {
    "bucket_name": str,
    "region": str,
    "project_id": str | None,
    **{o.name: o.type for o in results.PIN_OUTPUTS if o.name in pin_state.OUTPUTS},
}
"""The fields that every valid state has: the outputs, and what a pin keeps for ever."""


def validated_state(state: State, *, pin: str) -> dict[str, Any]:
    """The state of a pin, with its choice validated; "" in place of None.

    Args:
        state: as it is stored. Other fields, such as a newer release's, stay as they are.
        pin: the pin's name, for messages.

    Raises:
        ArgumentError: a field is missing or wrong.
    """
    present = {}
    for name, of in _TYPES.items():
        value = pin_state.from_stored(state.get(name))
        # In Python, a bool is an int.
        if not isinstance(value, of) or (isinstance(value, bool) and of is not bool):
            raise ArgumentError(_problem(name, value, pin))
        present[name] = "" if value is None else value
    return {**state, **present}


def _problem(field: str, value: object, pin: str) -> str:
    """What is wrong with a field, and what to do."""
    problem = "has no" if value is None else "has an invalid"
    # Without the pin's name there is only its id, which has slashes.
    target = "URN" if "/" in pin else f"'**::{pin}'"
    return (
        f"The state of the pin {quoted(pin)} {problem} {field}: set tag to the tag that"
        f" must stay pinned, then replace the pin with `pulumi up --replace {target}`."
    )


def pinned_tag(state: State) -> Tag:
    """The tag of a valid state, with its CreateTime when it was chosen."""
    time = state["create_time"]
    return Tag(state["tag"], None if time == "" else time)


def is_better(best: Candidate, policy: Policy, state: State) -> bool:
    """Whether a pin would move up to a tag if it chose again.

    Args:
        best: the tag that a new choice would take.
        policy: the pin's policy.
        state: the pin's state, validated.
    """
    if state.get("wanted_tag") or best.name == state["tag"]:
        return False
    # A default tag has no rank.
    return not state["found"] or ranks_below(policy, pinned_tag(state), best)


def resource_id(state: State) -> str:
    """A pin's id: `<region>/<bucket>/<image path>`."""
    path = ImageName.parse(state["image_name"]).path
    return f"{state['region']}/{state['bucket_name']}/{path}"
