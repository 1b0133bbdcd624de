"""What changed about a pin: between its state and the program's inputs, or two states."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.pin_query import BUCKET_INPUTS, query_of
from pulumi_ucimage._spec.pin_state import (
    ARGUMENTS,
    CHOSEN_AT,
    INPUT_ALIASES,
    REPLACE_KEYS,
    STATE_KEYS,
)
from pulumi_ucimage._spec.unknown import contains_unknown
from pulumi_ucimage._tags.policy import FLOATING_TAGS, HIGHEST, NEWEST
from pulumi_ucimage._tags.timestamps import (
    format_timestamp,
    parse_duration,
    parse_timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._spec.pin_state import State


_MEANINGS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "min_age": parse_duration,
    "wait": parse_duration,
    "as_of": parse_timestamp,
    "floating_tags": lambda names: frozenset(filter(None, names)),
    # Any spelling is of the pinned image; another image replaces the pin.
    "wanted_image": lambda _: "",
}
_DEFAULTS: Final = {
    "policy": NEWEST,
    "order": HIGHEST,
    "semver_range": "*",
    "semver_loose": False,
    "min_age": 0,
    "wait": 0,
    "floating_tags": FLOATING_TAGS,
    "triggers": {},
    "allow_downgrade": False,
    "resolve_digest": False,
}


def wanted_inputs(
    olds: State, new_inputs: State, *, ignores_tag: bool
) -> tuple[dict[str, Any], bool]:
    """What the program asks for, by stored names, and whether the tag is frozen.

    `tag` and `image_name` are inputs and outputs. If the program ignores changes of one,
    the engine sends the stored output in its place. So:

    - A value that differs from the stored output was set by the program.
    - An equal value was set by the program if it comes under the alias too (the Python
      resource sends it so), or if it was set before.
    - Otherwise it counts as ignored: a pin must not move when `ignore_changes` is removed.
    """
    inputs = {
        key: new_inputs[argument.name]
        for key, argument in ARGUMENTS.items()
        if argument.name in new_inputs
    }
    is_frozen = False
    for name, alias in INPUT_ALIASES.items():
        value, was_wanted = inputs.get(alias), olds.get(alias, "")
        if olds and value and value == olds.get(name) and new_inputs.get(alias) != value:
            inputs[alias] = was_wanted
            is_frozen |= name == "tag" and (ignores_tag or was_wanted != value)
    return inputs, is_frozen


def other_pin(before: State, inputs: State, context: LookupContext) -> dict[str, Any]:
    """The replace keys that inputs ask for, if they ask for another pin; else empty."""
    wanted = {
        key: inputs[key]
        for key in ("bucket_name", "region", "project_id")
        if inputs.get(key)
    }
    profile = inputs.get("profile")
    if profile and profile != before.get("profile"):
        settings = query_of({key: inputs.get(key) for key in BUCKET_INPUTS}).settings(
            context
        )
        wanted["region"] = settings.region
        wanted["project_id"] = settings.project_id or ""
    image = inputs.get("wanted_image")
    if image and not ImageName.parse(before["image_name"]).is_called(image):
        wanted["image_name"] = image
    return wanted if any(before[key] != value for key, value in wanted.items()) else {}


def changed_inputs(before: State, inputs: State) -> set[str]:
    """The inputs that differ in meaning; unset is equal to the default.

    The replace keys are not compared, since a pin keeps them from its creation if the
    program does not set them. A stored input that this release cannot understand differs
    from everything.
    """
    changed = {
        key
        for key in ARGUMENTS
        if key not in REPLACE_KEYS
        and _meaning(key, before.get(key)) != _meaning(key, inputs.get(key))
    }
    tag = inputs.get("wanted_tag")
    # A pin that was frozen by an older release may hold another tag than its input names.
    return changed | {"wanted_tag"} if tag and tag != before["tag"] else changed


def _meaning(key: str, value: Any) -> Any:
    """What an input means; something that equals nothing else if it cannot be read."""
    if value is None or value == "":
        return _DEFAULTS.get(key, "")
    try:
        value = ARGUMENTS[key].validate(value)
        return _MEANINGS[key](value) if key in _MEANINGS else value
    except ValueError:
        return object()


def changes(olds: State, new: State) -> dict[str, bool]:
    """The keys in which two states differ, and whether that replaces the pin."""
    return {
        key: key in REPLACE_KEYS and not contains_unknown(new.get(key))
        for key in STATE_KEYS
        if _stored(olds, key) != _stored(new, key)
    }


def _stored(state: State, key: str) -> Any:
    """A stored value; Pulumi does not store None."""
    value = state.get(key)
    return "" if value is None else value


def chosen_at(olds: State, new: State, *, now: Any = None) -> Any:
    """When the choice of a state was made: as it is stored, or now if it is another one.

    Args:
        olds: the state before; empty for a new pin.
        new: the state.
        now: what to return in place of the current time; None for the time, RFC 3339.
    """
    stored = olds.get(CHOSEN_AT)
    if stored and not _is_another_choice(olds, new):
        return stored
    return format_timestamp(int(time.time())) if now is None else now


def _is_another_choice(olds: State, new: State) -> bool:
    old_digest, new_digest = _stored(olds, "digest"), _stored(new, "digest")
    # A digest that appears or disappears belongs to the same choice.
    if old_digest and new_digest and old_digest != new_digest:
        return True
    return any(_stored(olds, key) != _stored(new, key) for key in ("tag", "create_time"))
