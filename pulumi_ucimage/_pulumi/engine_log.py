"""Lines in the engine's log, which Pulumi shows to the user."""

from __future__ import annotations

from typing import Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_ucimage._formatting import printable

DEBUG: Final = engine_pb2.DEBUG
INFO: Final = engine_pb2.INFO
WARNING: Final = engine_pb2.WARNING

_TIMEOUT_S: Final = 5.0
# The engine is on this machine, whatever proxy the environment names.
_OPTIONS: Final = (("grpc.enable_http_proxy", 0),)


def write(
    address: str, severity: int, message: str, urn: str = "", *, ephemeral: bool = False
) -> None:
    """Show a line in Pulumi's output. If the engine does not answer, the line is lost.

    Args:
        address: the engine's address.
        severity: `DEBUG`, `INFO` or `WARNING`.
        message: the line.
        urn: the resource under whose name it is shown; empty for the stack.
        ephemeral: whether the next line may replace it.
    """
    request = engine_pb2.LogRequest(
        severity=severity,  # type: ignore[arg-type] # an enum by its number
        message=printable(message, keep="\n"),
        urn=urn,
        ephemeral=ephemeral,
    )
    with grpc.insecure_channel(address, options=_OPTIONS) as channel:
        try:
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=_TIMEOUT_S)
        except grpc.RpcError:
            return
