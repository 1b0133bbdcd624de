"""A pin's requests: messages become states, and states become messages.

Stored inputs are what Check returns: the program's inputs and the choice. See `pin_state`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup import pin_changes, pin_refresh, pin_rules
from pulumi_ucimage._lookup.pinned import resource_id, validated_state
from pulumi_ucimage._spec import arguments, pin_state
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._spec.unknown import UNKNOWN
from pulumi_ucimage.errors import ArgumentError
from pulumi_ucimage.plugin import wire

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._lookup.pin_messages import Message

_OUTPUTS: Final = frozenset(wire_name(key) for key in pin_state.OUTPUTS)
_ALIASES: Final = {wire_name(key): key for key in pin_state.INPUT_ALIASES.values()}
_ARGUMENTS: Final = {a.wire_name: a.name for a in arguments.IMAGE_PIN}
_KEPT: Final = _OUTPUTS | {"region", "projectId"}
_CHOSEN_AT: Final = wire_name(pin_state.CHOSEN_AT)


def check(
    olds: Struct, new_inputs: Struct, context: LookupContext, *, pin: str
) -> tuple[Struct, list[Message]]:
    """The inputs with a choice in them, and messages for the user.

    Args:
        olds: the stored inputs, as this made them; empty for a new pin.
        new_inputs: what the program asks for, or inputs that Check or a refresh returned.
        context: where a look-up runs.
        pin: the pin's name, for messages.

    Raises:
        UcimageError: see `errors`.
    """
    values = wire.plain(new_inputs)
    stored = {*_OUTPUTS, *_ALIASES, *olds.fields}
    inputs = wire.named(values, _ARGUMENTS, ignore=stored)
    inputs |= {key: values[name] for name, key in _ALIASES.items() if name in values}
    checked, messages = pin_rules.reconcile(state(olds), inputs, context, pin=pin)
    secret = wire.secret_keys(new_inputs)
    for key, alias in pin_state.INPUT_ALIASES.items():
        if wire_name(key) in secret and checked.get(alias):
            secret |= {wire_name(alias)}
    if secret & {*_ARGUMENTS, *_ALIASES}:
        # The choice may reveal the secret input.
        secret |= _OUTPUTS
    # What a pin keeps of a secret stays one, also when the argument is removed.
    secret |= wire.secret_keys(olds) & _KEPT
    return wire.message(pin_state.to_wire(checked), secret), messages


def diff(olds: Struct, new_inputs: Struct) -> provider_pb2.DiffResponse:
    """What differs between two inputs, and whether that replaces the pin.

    Args:
        olds: the old inputs.
        new_inputs: the new inputs.
    """
    before, after = state(olds), state(new_inputs)
    changes = pin_changes.changes(before, after)
    response = provider_pb2.DiffResponse(
        changes=(
            provider_pb2.DiffResponse.DIFF_SOME
            if changes
            else provider_pb2.DiffResponse.DIFF_NONE
        ),
        hasDetailedDiff=True,
    )
    for key, replaces in changes.items():
        kind = _kind(before.get(key, ""), after.get(key, ""))
        if replaces:
            response.replaces.append(wire_name(key))
            kind += "_REPLACE"
        response.diffs.append(wire_name(key))
        response.detailedDiff[wire_name(key)].CopyFrom(
            provider_pb2.PropertyDiff(
                kind=provider_pb2.PropertyDiff.Kind.Value(kind), inputDiff=True
            )
        )
    return response


def _kind(before: object, after: object) -> str:
    if before == "":
        return "ADD"
    return "DELETE" if after == "" else "UPDATE"


def create(inputs: Struct, *, pin: str, preview: bool) -> tuple[str, Struct]:
    """The id and the outputs of a pin with these inputs; in a preview, with no id.

    Raises:
        ArgumentError: these are not inputs that Check made.
    """
    values = wire.plain(inputs)
    if preview:
        return "", _outputs(values, UNKNOWN, inputs)
    created = validated_state(pin_state.from_wire(values), pin=pin)
    chosen_at = pin_changes.chosen_at({}, created)
    return resource_id(created), _outputs(values, chosen_at, inputs)


def update(olds: Struct, inputs: Struct, *, pin: str, preview: bool) -> Struct:
    """The outputs of a pin with other inputs than before.

    Raises:
        ArgumentError: these are not inputs that Check made.
    """
    updated = state(inputs)
    if not preview:
        validated_state(updated, pin=pin)
    now = UNKNOWN if preview else None
    chosen_at = pin_changes.chosen_at(state(olds), updated, now=now)
    return _outputs(wire.plain(inputs), chosen_at, inputs)


def has_choice(struct: Struct) -> bool:
    """Whether anything was chosen; if not, a pin is imported, or read by its id."""
    return not _OUTPUTS.isdisjoint(struct.fields)


def import_pin(import_id: str, context: LookupContext) -> tuple[str, Struct, Struct]:
    """The id, the inputs and the outputs of an imported pin.

    Raises:
        UcimageError: the id has another form, or there is no such tag.
    """
    inputs = _import_inputs(import_id)
    chosen = pin_rules.choose({}, inputs, context, pin=import_id)
    message = wire.message(pin_state.to_wire(chosen))
    pin_id, outputs = create(message, pin=import_id, preview=False)
    return pin_id, message, outputs


def _import_inputs(import_id: str) -> dict[str, Any]:
    """The inputs of a pin that is imported by `<region>/<bucket>/<image>:<tag>`.

    The image may be spelled in any way; the tag becomes an explicit one.

    Raises:
        ArgumentError: the id has another form.
    """
    path, _, tag = import_id.rpartition(":")
    region, _, rest = path.partition("/")
    bucket, _, image = rest.partition("/")
    if not (region and bucket and image and tag) or "/" in tag:
        message = (
            "A pin is imported by <region>/<bucket>/<image>:<tag>, not by"
            f" {quoted(import_id)}."
        )
        raise ArgumentError(message)
    names = {"bucket_name": bucket, "region": region}
    return {**names, "wanted_image": image, "wanted_tag": tag}


def refresh(
    inputs: Struct, outputs: Struct, context: LookupContext, *, pin: str
) -> tuple[Struct, Struct, list[Message]]:
    """The inputs and the outputs of a pin after a refresh, and messages for the user.

    Raises:
        UcimageError: the state is invalid, or a call failed.
    """
    refreshed, messages = pin_refresh.refresh(state(inputs), context, pin=pin)
    values = pin_state.to_wire(refreshed)
    values.pop(_CHOSEN_AT, None)
    chosen_at = wire.plain(outputs).get(_CHOSEN_AT)
    return (
        wire.message(values, wire.secret_keys(inputs)),
        _outputs(values, chosen_at, inputs),
        messages,
    )


def state(struct: Struct) -> dict[str, Any]:
    """A pin's state in a message, for the rules."""
    return pin_state.from_wire(wire.plain(struct))


def _outputs(values: dict[str, Any], chosen_at: Any, inputs: Struct) -> Struct:
    return wire.message({**values, _CHOSEN_AT: chosen_at}, wire.secret_keys(inputs))
