"""Lines in the engine's log, which Pulumi shows to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_ucimage._formatting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulumi_ucimage._lookup.pin_messages import Message

DEBUG: Final = engine_pb2.DEBUG
INFO: Final = engine_pb2.INFO
WARNING: Final = engine_pb2.WARNING

_TIMEOUT_S: Final = 5.0
# The engine is on this machine, whatever proxy the environment names.
_OPTIONS: Final = (("grpc.enable_http_proxy", 0),)


@final
class EngineLog:
    """The log of one resource or operation.

    Args:
        address: the engine's address; empty if it is unknown, and lines are lost.
        urn: the resource under whose name lines are shown; empty for the stack.
        reword: changes each line, such as names of arguments.
    """

    def __init__(
        self, address: str, urn: str, *, reword: Callable[[str], str] = str
    ) -> None:
        self._address = address
        self._urn = urn
        self._reword = reword

    def debug(self, msg: str) -> None:
        """Show a line in Pulumi's debug log."""
        self._write(DEBUG, msg)

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        """Show a line; the next one may replace an ephemeral one."""
        self._write(INFO, msg, ephemeral=ephemeral)

    def show(self, messages: Iterable[Message]) -> None:
        """Show messages about a pin."""
        for text, is_warning in messages:
            self._write(WARNING if is_warning else INFO, text)

    def _write(self, severity: int, msg: str, *, ephemeral: bool = False) -> None:
        if self._address:
            text = self._reword(msg)
            write(self._address, severity, text, self._urn, ephemeral=ephemeral)


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
