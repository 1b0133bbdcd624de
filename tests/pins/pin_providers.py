"""Both providers of pins, in this process and without an engine, as one interface.

States have Python's names, and "" for what there is not, as the rules have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import plugin_calls
import pulumi
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._pulumi import engine_log
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage.pin_provider import ImagePinProvider
from pulumi_ucimage.plugin import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest
    from google.protobuf.struct_pb2 import Struct

    State = dict[str, Any]

UNKNOWN = pulumi.output.UNKNOWN
NAME = "app"
ID = "cn-bj2/ucs/ucs/helloworld"


class Line(tuple[str, str, str]):
    """A line in the engine's log: severity, text and the resource's URN."""

    __slots__ = ()

    @property
    def severity(self) -> str:
        """`info`, `warning` or `debug`."""
        return self[0]

    @property
    def text(self) -> str:
        """The line itself."""
        return self[1]


class EngineLog:
    """Keeps what a provider logs, in place of an engine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[Line] = []
        self.passing: list[str] = []
        monkeypatch.setattr(engine_log, "write", self._write)

    def _write(
        self,
        _address: str,
        severity: int,
        message: str,
        urn: str = "",
        *,
        ephemeral: bool = False,
    ) -> None:
        if ephemeral:
            self.passing.append(message)
            return
        names = {int(engine_log.DEBUG): "debug", int(engine_log.INFO): "info"}
        self.lines.append(Line((names.get(severity, "warning"), message, urn)))

    def take(self) -> list[Line]:
        """The lines since the last call, without those for debugging."""
        lines, self.lines = self.lines, []
        return [line for line in lines if line.severity != "debug"]


class PinProvider(Protocol):
    """One provider of pins."""

    urn: str

    def check(self, olds: State, inputs: State, **program: Any) -> State:
        """The stored inputs for the program's; raises CheckError."""

    def diff(self, olds: State, news: State) -> tuple[bool, list[str]]:
        """Whether something changed, and what replaces the pin."""

    def create(self, inputs: State) -> tuple[str, State]:
        """The id and the outputs of a new pin."""

    def update(self, olds: State, inputs: State) -> State:
        """The outputs of a changed pin."""

    def read(self, inputs: State, outputs: State) -> tuple[State, State]:
        """The inputs and the outputs after a refresh."""

    def delete(self, outputs: State) -> None:
        """Delete the pin."""

    def start_refresh(self) -> None:
        """Begin another pass, as the engine does by starting or configuring a provider."""


class CheckError(Exception):
    """A check failed; the text is its only failure."""


class DynamicProvider:
    """The dynamic provider."""

    urn = f"urn:pulumi:dev::test::pulumi-python:dynamic/ucimage:ImagePin::{NAME}"

    def __init__(self) -> None:
        self.start_refresh()

    def start_refresh(self) -> None:
        self._provider = ImagePinProvider()
        self._provider.configure(ConfigureRequest(Config({}, "test")))

    def check(self, olds: State, inputs: State, **program: Any) -> State:
        # As the constructor does: the markers say what the program itself sets.
        program = {"urn": self.urn, **program}
        is_ignored = program.get("ignores_tag")
        markers = {
            alias: inputs[name]
            for name, alias in {"tag": "wanted_tag", "image_name": "wanted_image"}.items()
            if name in inputs and not (name == "tag" and is_ignored)
        }
        stored = {"__provider": "x", **olds} if olds else {}
        sent = {"__provider": "x", **inputs, **markers, "__program": program}
        result = self._provider.check(stored, sent)
        if result.failures:
            (failure,) = result.failures
            assert not failure.property
            raise CheckError(failure.reason)
        return dict(result.inputs)

    def diff(self, olds: State, news: State) -> tuple[bool, list[str]]:
        result = self._provider.diff(ID, olds, news)
        return result.changes is not False, result.replaces or []

    def create(self, inputs: State) -> tuple[str, State]:
        result = self._provider.create(inputs)
        return result.id, result.outs or {}

    def update(self, olds: State, inputs: State) -> State:
        return self._provider.update(ID, olds, inputs).outs or {}

    def read(self, _inputs: State, outputs: State) -> tuple[State, State]:
        result = self._provider.read(ID, {"__provider": "x", **outputs})
        read = dict(result.inputs or {}), dict(result.outs or {})
        for state in read:
            state.pop("__provider", None)  # Pulumi itself stores it
        return read

    def delete(self, outputs: State) -> None:
        self._provider.delete(ID, outputs)


class PluginProvider:
    """The plugin, spoken to by its protocol."""

    urn = f"urn:pulumi:dev::test::ucimage:index:ImagePin::{NAME}"

    def __init__(self) -> None:
        self._client = plugin_calls.in_process()

    def start_refresh(self) -> None:
        self._client.configure()

    def call(self, method: str, request: Any) -> Any:
        """Answer a request of the protocol."""
        return getattr(self._client.stub, method)(request)

    def check(self, olds: State, inputs: State, **program: Any) -> State:
        del program  # a plugin knows nothing of it
        response = self.call(
            "Check",
            provider_pb2.CheckRequest(urn=self.urn, olds=struct(olds), news=struct(inputs)),
        )
        if response.failures:
            (failure,) = response.failures
            assert not failure.property
            raise CheckError(failure.reason)
        return state(response.inputs)

    def diff(self, olds: State, news: State) -> tuple[bool, list[str]]:
        response = self.call(
            "Diff",
            provider_pb2.DiffRequest(
                urn=self.urn, id=ID, old_inputs=struct(olds), news=struct(news)
            ),
        )
        changes = provider_pb2.DiffResponse.DiffChanges
        return response.changes == changes.DIFF_SOME, [
            pin_state.NAMES_BY_WIRE_NAME[key] for key in response.replaces
        ]

    def create(self, inputs: State) -> tuple[str, State]:
        response = self.call(
            "Create", provider_pb2.CreateRequest(urn=self.urn, properties=struct(inputs))
        )
        return response.id, state(response.properties)

    def update(self, olds: State, inputs: State) -> State:
        response = self.call(
            "Update",
            provider_pb2.UpdateRequest(
                urn=self.urn, id=ID, olds=struct(olds), news=struct(inputs)
            ),
        )
        return state(response.properties)

    def read(self, inputs: State, outputs: State) -> tuple[State, State]:
        response = self.call(
            "Read",
            provider_pb2.ReadRequest(
                urn=self.urn, id=ID, inputs=struct(inputs), properties=struct(outputs)
            ),
        )
        return state(response.inputs), state(response.properties)

    def delete(self, outputs: State) -> None:
        self.call(
            "Delete",
            provider_pb2.DeleteRequest(urn=self.urn, id=ID, properties=struct(outputs)),
        )


PROVIDERS: dict[str, Callable[[], PinProvider]] = {
    "dynamic": DynamicProvider,
    "plugin": PluginProvider,
}


def struct(values: Mapping[str, Any]) -> Struct:
    """A message of a state, by the names of the wire; None and "" are null."""
    return wire.message(
        {
            key if key.startswith("__") else wire_name(key): None if value == "" else value
            for key, value in values.items()
        }
    )


def state(message: Struct) -> dict[str, Any]:
    """The state in a message."""
    return pin_state.from_wire(wire.plain(message))
