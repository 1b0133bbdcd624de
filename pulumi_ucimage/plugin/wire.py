"""Values of Pulumi's protocol and plain ones: secrets, unknowns, numbers and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._spec import arguments, pin_state, results
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._spec.unknown import UNKNOWN
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# From pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go and .../properties.go.
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_TEXTS: Final = {
    UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array
    "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
}

_NAMES: Final = {
    "depends_on",
    "ignore_changes",
    *(argument.name for argument in arguments.GET_DOCKER_IMAGES),
    *(argument.name for argument in arguments.IMAGE_PIN),
    *(output.name for output in results.PIN_OUTPUTS if "_" in output.name),
}
_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
# What is quoted is a user's or the server's; a key of a profile file keeps its name.
_TOKEN: Final = re.compile(
    r"(?P<kept>(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|profile's \w+|\w+ of the profile)"
    rf"|(?<!\w)(?P<name>{'|'.join(sorted(_NAMES))})(?:(?P<equals>=)(?=[\w\"'])|(?!\w))"
    rf"|(?<!\w)(?P<word>{'|'.join(_WORDS)})(?!\w)"
)


def plain(struct: Struct) -> dict[str, Any]:
    """The values of a message, secrets unwrapped, unknown ones as `UNKNOWN`."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Value) -> Any:  # noqa: PLR0911 - one for each kind
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number: float = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_TEXTS else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "struct_value":
        if _is_secret(value):
            return _plain(value.struct_value.fields["value"])
        return plain(value.struct_value)
    return None


def _is_secret(value: Value) -> bool:
    """Whether a value as a whole is marked as a secret."""
    if value.WhichOneof("kind") != "struct_value":
        return False
    fields = value.struct_value.fields
    return (
        pin_state.SPECIAL_VALUE_KEY in fields
        and fields[pin_state.SPECIAL_VALUE_KEY].string_value == pin_state.SECRET
    )


def secret_keys(struct: Struct) -> frozenset[str]:
    """The keys of all values that are secret, or have a secret in them."""
    return frozenset(key for key, value in struct.fields.items() if _contains_secret(value))


def _contains_secret(value: Value) -> bool:
    if _is_secret(value):
        return True
    kind = value.WhichOneof("kind")
    inner: Iterable[Value] = ()
    if kind == "struct_value":
        inner = value.struct_value.fields.values()
    elif kind == "list_value":
        inner = value.list_value.values
    return any(_contains_secret(item) for item in inner)


def message(values: Mapping[str, Any], secret: Collection[str] = ()) -> Struct:
    """A message of plain values.

    Args:
        values: by wire name; None is sent as null, which is a known value to Pulumi.
        secret: the keys of those that are marked as secret.
    """
    struct = Struct()
    for key, value in values.items():
        whole = _value(value)
        if key in secret:
            marked = {pin_state.SPECIAL_VALUE_KEY: _value(pin_state.SECRET), "value": whole}
            whole = Value(struct_value=Struct(fields=marked))
        struct.fields[key].CopyFrom(whole)
    return struct


def _value(value: Any) -> Value:  # noqa: PLR0911 - one for each kind
    if value is None:
        return Value(null_value="NULL_VALUE")
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, (int, float)):
        return Value(number_value=value)
    if isinstance(value, str):
        # A server can send halves of characters, which the protocol cannot carry.
        return Value(string_value=value.encode(errors="backslashreplace").decode())
    if isinstance(value, (list, tuple)):
        return Value(list_value=ListValue(values=[_value(item) for item in value]))
    if isinstance(value, dict):
        fields = {key: _value(item) for key, item in value.items()}
        return Value(struct_value=Struct(fields=fields))
    return Value(string_value=UNKNOWN_TEXT)


def named(
    values: Mapping[str, Any], names: Mapping[str, str], *, ignore: Collection[str] = ()
) -> dict[str, Any]:
    """Arguments by their Python names.

    Args:
        values: by wire name; Pulumi's own begin with two underscores.
        names: the Python name of each wire name.
        ignore: wire names that are left out.

    Raises:
        ArgumentError: one of them is not an argument, and would have no effect.
    """
    given: dict[str, Any] = {}
    for wire, value in values.items():
        if wire in names:
            given[names[wire]] = value
        elif value is not None and wire not in ignore and not wire.startswith("__"):
            message = f"There is no argument {quoted(wire)}: use {', '.join(names)}."
            raise ArgumentError(message)
    return given


def with_wire_names(sentence: str) -> str:
    """A text in the words of the wire.

    Names of arguments are in camelCase, `name=value` is `name: value`, and `True`, `False`
    and `None` are `true`, `false` and `null`. Quoted text is kept.
    """
    return _TOKEN.sub(_word, sentence)


def _word(match: re.Match[str]) -> str:
    if name := match["name"]:
        return wire_name(name) + (": " if match["equals"] else "")
    return _WORDS.get(match[0], match[0])
