"""Values of the protocol and plain ones, there and back."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from pulumi_ucimage._spec.pin_state import SECRET, SPECIAL_VALUE_KEY
from pulumi_ucimage._spec.unknown import UNKNOWN, contains_unknown
from pulumi_ucimage.plugin import wire
from pulumi_ucimage.plugin.wire import UNKNOWN_TEXT


def struct(values: Any) -> Struct:
    """A message of plain values."""
    message = Struct()
    message.update(values)
    return message


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"a": None, "b": True, "c": 3, "d": -1.5, "e": "x", "f": "", "g": 1795486451},
        {"list": [1, None, ["a"], {"b": False}], "map": {"a": {"b": "c"}}},
    ],
)
def test_plain_values_come_back(values: dict[str, Any]) -> None:
    """Each with its own type: whole numbers are int, and true is not 1."""
    back = wire.plain(wire.message(values))

    assert values == back
    assert repr(values) == repr({key: back[key] for key in values})


@pytest.mark.parametrize(
    "text", [UNKNOWN_TEXT, "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", "unknown"]
)
def test_unknown_values_are_recognized(text: str) -> None:
    """Of every type, at any depth; other texts are known."""
    values = wire.plain(struct({"a": text, "b": [{"c": text}]}))

    found = [contains_unknown(value) for value in values.values()]
    assert [text != "unknown"] * 2 == found


def test_unknowns_are_sent() -> None:
    """They are sent as the text that every engine accepts."""
    message = wire.message({"a": UNKNOWN, "b": {"c": UNKNOWN}})

    assert {"a": UNKNOWN_TEXT, "b": {"c": UNKNOWN_TEXT}} == MessageToDict(message)


def test_secrets_are_unwrapped_and_noted() -> None:
    """Their keys are returned, even if only a part of a value is secret."""
    message = struct(
        {
            "whole": {SPECIAL_VALUE_KEY: SECRET, "value": 5},
            "part": {"a": [{SPECIAL_VALUE_KEY: SECRET, "value": {SPECIAL_VALUE_KEY: "x"}}]},
            "none": {SPECIAL_VALUE_KEY: "another mark", "value": 5},
            "unknown": {SPECIAL_VALUE_KEY: SECRET, "value": UNKNOWN_TEXT},
        }
    )

    values = wire.plain(message)

    assert 5 == values["whole"]
    assert {"a": [{SPECIAL_VALUE_KEY: "x"}]} == values["part"]
    assert contains_unknown(values["unknown"])
    assert {"whole", "part", "unknown"} == wire.secret_keys(message)


def test_secrets_are_marked() -> None:
    """Only those of the given keys."""
    message = wire.message({"a": 1, "b": [2]}, {"b", "c"})

    assert {"a": 1, "b": {SPECIAL_VALUE_KEY: SECRET, "value": [2]}} == MessageToDict(
        message
    )


def test_half_a_character_is_escaped() -> None:
    """The protocol cannot carry it, and a server can send it."""
    assert {"a": r"x\ud800"} == wire.plain(wire.message({"a": "x\ud800"}))
