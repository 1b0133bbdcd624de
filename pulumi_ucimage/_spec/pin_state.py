"""The fields of a pin's state, and which inputs move a pin.

A pin's stored inputs are a flat map:

- the inputs of the program, under the names of the arguments. Only `tag` and `image_name`
  are stored as `wanted_tag` and `wanted_image`, because outputs have these names;
- what was chosen, under the names of the outputs, so that a preview shows the old and the
  new tag;
- `region` and `project_id` as they were when the pin was created: only an argument changes
  them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from pulumi_ucimage._spec import arguments, results
from pulumi_ucimage._spec.naming import wire_name

State: TypeAlias = Mapping[str, Any]
"""A pin's stored inputs, or its outputs, which contain them."""

PYTHON_TYPE: Final = "pulumi-python:dynamic/ucimage:ImagePin"
"""The type of a Python program's pins in every state; it may never change."""

PLUGIN_TYPE: Final = "ucimage:index:ImagePin"
"""The type of the plugin's pins: the resource's token."""

INPUT_ALIASES: Final = {"tag": "wanted_tag", "image_name": "wanted_image"}
"""Arguments that are stored under another name, because an output has the same name."""

ARGUMENTS: Final = {INPUT_ALIASES.get(a.name, a.name): a for a in arguments.IMAGE_PIN}
"""The arguments of a pin, by the names under which the program's inputs are stored."""

CHOOSING_INPUTS: Final = frozenset(
    {
        "policy",
        "order",
        "semver_range",
        "semver_loose",
        "tag_regex",
        "tag_exclude_regex",
        "tag_extract",
        "min_age",
        "as_of",
        "floating_tags",
        "wanted_tag",
        "triggers",
    }
)
"""A change of one of these chooses again."""

REPLACE_KEYS: Final = ("bucket_name", "region", "project_id", "image_name")
"""A change of one of these replaces the pin.

A change of any other input never moves it: `registry` and `resolve_digest` change its
references, the rest is only stored.
"""

CHOSEN_AT: Final = "chosen_at"

OUTPUTS: Final = tuple(o.name for o in results.PIN_OUTPUTS if o.name != CHOSEN_AT)
"""What a choice or a refresh sets; "" in place of None, which Pulumi does not store.

`chosen_at` is an output too. It is set when the choice is stored: a preview cannot know it.
"""

URN: Final = "__urn"
"""The pin's URN, for messages. Pulumi hides names with two underscores from users."""

PROGRAM: Final = "__program"
"""What the Python resource sends to Check besides inputs; it is not stored."""

STATE_KEYS: Final = (*ARGUMENTS, *OUTPUTS)
"""The names of a pin's stored inputs, without `URN`; its outputs have `CHOSEN_AT` too."""

NAMES_BY_WIRE_NAME: Final = {wire_name(key): key for key in (*STATE_KEYS, CHOSEN_AT)}
"""The names in a state, by those in a state of the plugin."""
_WIRE_NAMES: Final = {key: wire for wire, key in NAMES_BY_WIRE_NAME.items()}

SPECIAL_VALUE_KEY: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value, such as a secret, in states and in the protocol.

From pulumi/pulumi, sdk/go/common/resource/sig.
"""

SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, no secret
"""The value of that key for a secret; from the same file."""


def from_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """A pin's state for the rules: with Python's names, and "" in place of None.

    Fields that this release does not know keep their names and values.

    Args:
        values: a state of the plugin, or one of a Python program, whose names stay.
    """
    named = {NAMES_BY_WIRE_NAME.get(key, key): value for key, value in values.items()}
    return {
        key: "" if key in _WIRE_NAMES and value is None else value
        for key, value in named.items()
    }


def to_wire(state: Mapping[str, Any]) -> dict[str, Any]:
    """A pin's state for the plugin: inputs that are not set are left out."""
    return {
        _WIRE_NAMES.get(key, key): None if key in _WIRE_NAMES and value == "" else value
        for key, value in state.items()
        if value != "" or key in OUTPUTS or key not in _WIRE_NAMES
    }


def from_stored(value: object) -> Any:
    """A stored value: "" is stored in place of None, and floats for whole numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value == "" else value


def resource_name(urn: str) -> str:
    """The resource's name in a URN, which may contain `::`; empty for an empty URN."""
    return urn.split("::", 3)[-1]
