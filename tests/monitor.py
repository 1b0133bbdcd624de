"""A small engine in this process, which runs programs as Pulumi's language host does.

It has what a program calls, the resource monitor and the log, over real gRPC. So a test of
the functions takes milliseconds, and can see what they leave in the process.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
import pulumi.runtime
from conftest import end_tasks
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import run_in_stack
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
)


class Engine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Registers whatever a program asks for.

    Attributes:
        address: where it listens.
        logs: the lines that programs logged.
        exports: the stack's outputs of the last program that ended.
        has_ids: whether resources have ids; those of a first preview have none.
    """

    def __init__(self) -> None:
        self.address = ""
        self.logs: list[str] = []
        self.exports: dict[str, Any] = {}
        self.has_ids = True
        self._created: dict[str, Callable[[], object]] = {}

    def at_creation(self, name: str, action: Callable[[], object]) -> None:
        """Do something when a resource of that name is created."""
        self._created[name] = action

    def run(self, *programs: Callable[[], None], preview: bool = False) -> str:
        """Run programs in turn in one event loop, each in a run of its own.

        Returns:
            the error that `pulumi` would show for the first that fails; "" for none.
        """
        return contextvars.copy_context().run(self._run, programs, preview=preview)

    def _run(self, programs: Iterable[Callable[[], None]], *, preview: bool) -> str:
        loop = asyncio.new_event_loop()
        try:
            for program in programs:
                pulumi.runtime.reset_options(
                    project="test",
                    stack="dev",
                    monitor_address=self.address,
                    engine_address=self.address,
                    preview=preview,
                )
                loop.run_until_complete(run_in_stack(program))
        except pulumi.RunError as error:
            return str(error)
        finally:
            loop.run_until_complete(end_tasks())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
        return ""

    # What a program calls.

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._created.get(request.name, lambda: None)()
        urn = f"urn:pulumi:dev::test::{request.type}::{request.name}"
        has_id = request.custom and self.has_ids
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id" if has_id else "", object=request.object
        )

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        if request.urn.endswith("test-dev"):
            self.exports = MessageToDict(request.outputs)
        return Empty()

    def RegisterStackTransform(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return Empty()

    def Invoke(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.ResourceInvokeRequest()

    def GetDeploymentInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return Empty()

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self.logs.append(request.message)
        return Empty()

    def GetRootResource(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return engine_pb2.SetRootResourceResponse()


@contextmanager
def running_engine() -> Iterator[Engine]:
    """An engine that listens on loopback."""
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(16))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    engine.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield engine
    finally:
        server.stop(None).wait()
