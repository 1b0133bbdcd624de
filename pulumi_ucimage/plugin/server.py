"""The plugin's process: it prints its port, serves, and ends with its engine."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_ucimage.plugin.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The engine's own limit."""

_GRACE_S: Final = 1.0
"""How long cancelled calls have to send their status."""

_M_ARENA_MAX: Final = -8
"""How many memory pools threads reserve; from malloc.h of the GNU C library."""

_POLL_S: Final = 1.0
"""How often to look whether the parent process and the engine are still there."""


def serve(engine_address: str, *, parent_id: int) -> NoReturn:
    """Answer the engine until the process is told to end, or its parent has ended.

    The first line on stdout is the port.

    Args:
        engine_address: the address of the engine, `host:port`.
        parent_id: the process that started this one.
    """
    _limit_address_space()
    # Ctrl-C on systems whose event loop has no signal handlers.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(engine_address, parent_id))
    # Threads that still wait for the API are not waited for.
    os._exit(0)


def _limit_address_space() -> None:
    """Let threads reserve little address space, which a container may limit.

    Otherwise each reserves 72 MB on Linux, and a process that has none left cannot answer
    at all.
    """
    threading.stack_size(2 * 1024 * 1024)
    # Only the C library of most Linux systems has this, and others do not need it.
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


async def _serve(engine_address: str, parent_id: int) -> None:
    provider = Provider(engine_address)
    server, port = await start_server(provider)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # on Windows
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
    watch = asyncio.create_task(wait_for_end(engine_address, parent_id))
    watch.add_done_callback(lambda _: ended.set())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await ended.wait()
    provider.cancel()
    await server.stop(_GRACE_S)


async def start_server(provider: Provider) -> tuple[grpc.aio.Server, int]:
    """A server for the provider on a free port of 127.0.0.1, and the port."""
    server = grpc.aio.server(
        options=(
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        )
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _is_listening(address: str) -> bool | None:
    """Whether a server listens at an address; None if that is unknown."""
    host, _, port = address.rpartition(":")
    try:
        opening = asyncio.open_connection(host.strip("[]"), int(port))
        _, writer = await asyncio.wait_for(opening, _POLL_S)
    except ConnectionRefusedError:
        return False
    except (OSError, ValueError, asyncio.TimeoutError):
        return None
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def wait_for_end(
    engine_address: str,
    parent_id: int,
    *,
    get_parent_id: Callable[[], int] = os.getppid,
    is_listening: Callable[[str], Awaitable[bool | None]] = _is_listening,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Wait until nobody needs this process any more.

    That is when its parent has ended, so that the system gives it another one; or when
    the engine's address was in use and no longer is: a language host, which starts
    plugins from source, can live longer than its engine.

    Args:
        engine_address: the address of the engine, `host:port`.
        parent_id: the process that started this one.
        get_parent_id: the process that is this one's parent now.
        is_listening: whether a server listens at an address; None if unknown.
        sleep: waits for a number of seconds.
    """
    was_listening = False
    while get_parent_id() == parent_id:
        listening = await is_listening(engine_address)
        if was_listening and listening is False:
            return
        was_listening = was_listening or listening is True
        await sleep(_POLL_S)
