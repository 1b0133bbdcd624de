"""HTTP connections whose every read ends at a deadline.

No time-out of urllib3 sees an answer that drips, a byte at a time: each read
is in time, and the whole never is. Here every read of an answer, of its headers as of its
body, waits no longer than the look-up's deadline is away.

What http.client is lenient about is told too: an answer that ends within its headers or
its chunks, a header or a chunk's size that is none, and bytes behind an answer, which would
be read as the next one.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import certifi
import urllib3
import urllib3.connection
import urllib3.util

from pulumi_ucimage._http.proxy import proxy_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._http.proxy import Route

CONNECTIONS: Final = 20
"""Connections to one host that are kept: five listings at once have four each."""

_limits: ContextVar[tuple[Deadline, float]] = ContextVar("limits")


@contextmanager
def reading_until(deadline: Deadline, silence_s: float) -> Iterator[None]:
    """Answers begun in here are read until the deadline, and no longer.

    Args:
        deadline: when everything must be read.
        silence_s: the longest wait for a single read, in seconds.
    """
    token = _limits.set((deadline, silence_s))
    try:
        yield
    finally:
        _limits.reset(token)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket; each read waits until the deadline at the most."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline, self._silence_s = _limits.get()
        self._stopped = False
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        if self._stopped:
            return 0
        remaining_s = self._deadline.remaining_s()
        if remaining_s <= 0:
            message = "the deadline has passed"
            raise TimeoutError(message)
        self._sock.settimeout(min(self._silence_s, remaining_s))
        count = self._raw.readinto(buffer) or 0
        self.ended = count == 0
        return count

    def stop(self) -> None:
        """Read nothing more: what is buffered is all there is."""
        self._stopped = True

    def hang_up(self) -> None:
        """End the connection, so that the pool finds it dropped and opens another."""
        with suppress(OSError):  # the server may have done it first
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Opener:
    """What http.client takes for a socket: it only ever makes a file of it."""

    def __init__(self, reader: _DeadlineReader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        self._reader = _DeadlineReader(sock)
        super().__init__(_Opener(self._reader), *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        try:
            super().begin()
        except http.client.HTTPException:
            self._refuse_cut()
            raise
        self._refuse_cut()
        # urllib3 would log what it could not parse, which may be the signed form.
        if self.msg.defects or self.msg.get_payload():
            message = "a header is malformed"
            raise http.client.HTTPException(message)

    def _read_next_chunk_size(self) -> int:
        try:
            size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        except ValueError:
            size = -1
        self._refuse_cut()
        if size < 0:
            message = "a chunk has no size"
            raise http.client.HTTPException(message)
        return size

    def _read_and_discard_trailer(self) -> None:
        super()._read_and_discard_trailer()  # type: ignore[misc]
        self._refuse_cut()

    def _refuse_cut(self) -> None:
        """Refuse an answer that ended where more must have come."""
        if self._reader.ended:
            message = "the answer ended too soon"
            raise ConnectionAbortedError(message)

    def _close_conn(self) -> None:
        self._reader.stop()
        if self.fp.peek():
            self._reader.hang_up()
        super()._close_conn()  # type: ignore[misc]


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _Response
    # http.client prints what it sends, signature and all, where somebody sets this on
    # its own class.
    debuglevel = 0


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response
    debuglevel = 0


class _HTTPConnectionPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS: Final = {"http": _HTTPConnectionPool, "https": _HTTPSConnectionPool}


def connections(endpoint: Endpoint, route: Route) -> urllib3.HTTPConnectionPool:
    """Kept connections to an endpoint; to be used within `reading_until`.

    The certificates are read once for all of them.

    Raises:
        OSError: the certificates cannot be read.
    """
    proxy, user_and_password = proxy_address(route.proxy) if route.proxy else (None, None)
    context = None
    if "https" in {endpoint.scheme, proxy and proxy.scheme}:
        context = urllib3.util.create_urllib3_context()
        bundle = certifi.where() if route.ca_bundle is True else str(route.ca_bundle)
        is_folder = os.path.isdir(bundle)  # noqa: PTH112 - Path.is_dir raises on NUL
        context.load_verify_locations(**{"capath" if is_folder else "cafile": bundle})
    given: dict[str, Any] = {"maxsize": CONNECTIONS, "ssl_context": context}
    manager: urllib3.PoolManager
    if proxy:
        headers = urllib3.util.make_headers(proxy_basic_auth=user_and_password)
        manager = urllib3.ProxyManager(
            proxy.url, proxy_headers=headers, proxy_ssl_context=context, **given
        )
    else:
        manager = urllib3.PoolManager(**given)
    manager.pool_classes_by_scheme = _POOLS
    return manager.connection_from_url(endpoint.url)
