"""A pin's requests: messages become states, and states become messages.

Inputs hold what was asked and what was chosen, as Check made them of what the program
says; `pinning` tells why, and how both are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._http.clock import Clock
from pulumi_ucimage._lookup import pin_rules
from pulumi_ucimage._spec import arguments, pin_state
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import ArgumentError
from pulumi_ucimage.plugin import wire

if TYPE_CHECKING:
    from collections.abc import Collection

    from google.protobuf.struct_pb2 import Struct

    from pulumi_ucimage._lookup.context import LookupContext

_CHOSEN: Final = frozenset(wire_name(key) for key in pin_state.CHOSEN)
_WANTED: Final = frozenset(wire_name(key) for key in pin_state.WANTED.values())
_ARGUMENTS: Final = {
    argument.wire: pin_state.WANTED.get(argument.name, argument.name)
    for argument in arguments.IMAGE_PIN
}
_KEPT: Final = _CHOSEN | {"region", "projectId"}
_CHOSEN_AT: Final = "chosenAt"


def checked(olds: Struct, news: Struct, context: LookupContext) -> Struct:
    """The inputs with a choice in them: the one of before, or a new one.

    Args:
        olds: the inputs of before, as this made them; empty for a new pin.
        news: what the program says, or inputs that this or a look made.
        context: where the look-up runs.

    Raises:
        UcimageError: see `errors`.
    """
    before = _whole(wire.plain(olds)) if olds.fields else {}
    said = wire.plain(news)
    secret = wire.secret_keys(news)
    if _WANTED & said.keys():
        asked = wire.state(said)
        frozen = False
    else:
        asked = wire.named(said, _ARGUMENTS, ignore=_CHOSEN)
        secret = _copied(secret)
        # Where `tag` is in ignoreChanges, the engine gives the chosen one back.
        tag = asked.get("wanted_tag")
        frozen = (
            bool(tag)
            and tag == before.get("tag")
            and not before.get("wanted_tag")
            and (asked.get("registry") or "") == before.get("registry", "")
        )
    state = pin_rules.decided(before, asked, context, unknown=wire.UNKNOWN, frozen=frozen)
    values = wire.from_state(state)
    if secret & {wire_name(key) for key in pin_state.ASKED}:
        # Whoever sees the choice could tell what was asked.
        secret |= _CHOSEN
    # What a pin keeps of a secret stays one, though the argument is taken away.
    secret |= wire.secret_keys(olds) & _KEPT
    return wire.message(values, secret)


def _copied(secret: frozenset[str]) -> frozenset[str]:
    """The keys of what is asked under which secret arguments are kept."""
    return frozenset(wire_name(_ARGUMENTS[key]) for key in secret if key in _ARGUMENTS)


def diff(
    olds: Struct, news: Struct, ignored: Collection[str] = ()
) -> provider_pb2.DiffResponse:
    """What differs between two inputs, and whether that makes another pin of it.

    Args:
        olds: the inputs of before.
        news: the inputs of now.
        ignored: what the program's ignoreChanges names.
    """
    before, after = wire.state(wire.plain(olds)), wire.state(wire.plain(news))
    changes = pin_rules.changes(before, after, wire.UNKNOWN)
    # The engine gave the chosen ones back, and nobody asked for them.
    for argument, key in pin_state.WANTED.items():
        if {wire_name(argument), "*"} & {*ignored}:
            changes.pop(key, None)
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


def created(inputs: Struct, *, preview: bool) -> tuple[str, Struct]:
    """The id and the outputs of a pin with these inputs; in a preview, with no id.

    Raises:
        ArgumentError: these are no inputs that Check made.
    """
    values = wire.plain(inputs)
    now = wire.UNKNOWN if preview else format_timestamp(int(Clock().now()))
    outputs = wire.message({**values, _CHOSEN_AT: now}, wire.secret_keys(inputs))
    return "" if preview else pin_rules.identity(_whole(values)), outputs


def imported(identity: str, context: LookupContext) -> tuple[str, Struct, Struct]:
    """The id, the inputs and the outputs of a pin that is adopted with its tag.

    Raises:
        UcimageError: the id is none, or there is no such tag.
    """
    state = pin_rules.chosen({}, pin_rules.adopted(identity), context)
    inputs = wire.message(wire.from_state(state))
    _, outputs = created(inputs, preview=False)
    return pin_rules.identity(state), inputs, outputs


def refreshed(
    inputs: Struct, outputs: Struct, context: LookupContext
) -> tuple[Struct, Struct, list[str]]:
    """The inputs and the outputs of a pin after a look, and what there is to tell.

    Raises:
        UcimageError: the look failed.
    """
    state, news = pin_rules.looked_at(_whole(wire.plain(inputs)), context)
    values = wire.from_state(state)
    secret = wire.secret_keys(inputs)
    seen = {_CHOSEN_AT: wire.plain(outputs).get(_CHOSEN_AT), **values}
    return wire.message(values, secret), wire.message(seen, secret), news


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """A state that has all that a pin must have."""
    state = wire.state(values)
    for key in ("bucket_name", "region", "image_name", "tag"):
        if not isinstance(state.get(key), str) or not state[key]:
            message = f"The pin's state has no {key}; import the pin anew."
            raise ArgumentError(message)
    return state
