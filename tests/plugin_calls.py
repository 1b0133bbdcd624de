"""The plugin as the engine meets it, spoken to in plain values.

`in_process` serves the provider within the test's process; `started` is a real process.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

from pulumi_ucimage._spec.pin_state import SECRET, SPECIAL_VALUE_KEY
from pulumi_ucimage.plugin.provider import Provider
from pulumi_ucimage.plugin.server import start_server

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")

URN = "urn:pulumi:dev::test::ucimage:index:ImagePin::app"
IMAGE = "ucimage:index:getDockerImage"
IMAGES = "ucimage:index:getDockerImages"
INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION


class Engine(engine_pb2_grpc.EngineServicer):
    """An engine on 127.0.0.1 that keeps what a plugin logs."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str]] = []
        self.ephemeral: list[str] = []
        self._server = grpc.server(ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Log(self, request: Any, _context: object) -> Empty:  # noqa: N802
        """Keep a line: severity, text and the resource's URN."""
        if request.ephemeral:
            self.ephemeral.append(request.message)
        else:
            self.lines.append((request.severity, request.message, request.urn))
        return Empty()

    def texts(self, severity: int) -> list[str]:
        """The texts of one severity."""
        return [text for of, text, _ in self.lines if of == severity]

    def stop(self) -> None:
        """Close the address."""
        self._server.stop(None).wait()


class Client:
    """The engine's side of a plugin that serves on a port."""

    def __init__(self, port: int, engine: Engine) -> None:
        self.engine = engine
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def invoke(self, token: str, **args: Any) -> dict[str, Any]:
        """Call a function."""
        return plain(getattr(self.start_invoke(token, **args).result(), "return"))

    def start_invoke(self, token: str, **args: Any) -> Any:
        """Call a function without waiting for its result."""
        request = provider_pb2.InvokeRequest(tok=token, args=struct(args))
        return self.stub.Invoke.future(request)

    def configure(self, *, name: str = "", **values: Any) -> Any:
        """Configure a provider, by the stack's keys without their namespace."""
        request = provider_pb2.ConfigureRequest(args=struct(values), name=name)
        return self.stub.Configure(request)

    def check(self, news: Any, olds: Any = None, urn: str = URN) -> dict[str, Any]:
        """The inputs of a pin, which must be valid."""
        response = self._check(news, olds, urn)
        assert not response.failures
        return plain(response.inputs)

    def failures(self, news: Any, olds: Any = None) -> list[tuple[str, str]]:
        """The failures of a pin's inputs: property and reason."""
        response = self._check(news, olds, URN)
        return [(failure.property, failure.reason) for failure in response.failures]

    def _check(self, news: Any, olds: Any, urn: str) -> Any:
        request = provider_pb2.CheckRequest(
            urn=urn, olds=struct(olds or {}), news=struct(news)
        )
        return self.stub.Check(request)


def struct(values: Any) -> Struct:
    """A message of plain values."""
    message = Struct()
    message.update(values)
    return message


def plain(message: Struct) -> dict[str, Any]:
    """The values of a message; numbers are floats, as in JavaScript."""
    return dict(MessageToDict(message))


def secret(value: Any) -> dict[str, Any]:
    """A value that is marked as secret."""
    return {SPECIAL_VALUE_KEY: SECRET, "value": value}


@contextmanager
def refused(
    code: grpc.StatusCode, words: str
) -> Iterator[pytest.ExceptionInfo[grpc.RpcError]]:
    """Expect a status with a clean sentence that has these words."""
    with pytest.raises(grpc.RpcError) as raised:
        yield raised
    error: Any = raised.value
    assert code == error.code()
    assert words in error.details()
    assert "Traceback" not in error.details()


def in_process() -> Client:
    """A plugin in this process, as if it was just started: not configured, nothing logged.

    All tests of a process share one, as all programs of a run share a plugin. Settings
    that are not configured come from the test's environment.
    """
    client = _shared_client()
    client.stub.Attach(plugin_pb2.PluginAttach(address=client.engine.address))
    client.configure()
    client.engine.lines.clear()
    client.engine.ephemeral.clear()
    return client


@contextmanager
def own_provider() -> Iterator[Client]:
    """A plugin in this process for one test alone, such as one that keeps its threads."""
    engine = Engine()
    server, port = _on_loop(start_server(Provider(engine.address)))
    client = Client(port, engine)
    try:
        yield client
    finally:
        client.channel.close()
        _on_loop(server.stop(None))
        engine.stop()


@functools.cache
def _shared_client() -> Client:
    serving = own_provider()
    client = serving.__enter__()
    atexit.register(serving.__exit__, None, None, None)
    return client


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of the plugins in this process; it runs until the process ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)

    atexit.register(stop)
    return loop


def _on_loop(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(timeout=10)


class ProcessClient(Client):
    """The engine's side of a plugin in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int, engine: Engine) -> None:
        super().__init__(port, engine)
        self.process = process


@contextmanager
def started(*command: str, **variables: str) -> Iterator[ProcessClient]:
    """A plugin that `python` with these arguments starts, and an engine that it logs to."""
    engine = Engine()
    process = subprocess.Popen(
        [sys.executable, *command, engine.address],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    client = ProcessClient(process, int(process.stdout.readline()), engine)
    try:
        yield client
    finally:
        client.channel.close()
        process.terminate()
        process.communicate(timeout=10)
        engine.stop()
