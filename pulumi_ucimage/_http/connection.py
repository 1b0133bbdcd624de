"""An adapter for requests whose every read of a response ends at a deadline.

Timeouts of requests and urllib3 bound a single read, so a server that sends one byte at a
time is never late. Here each read, of headers and of a body, also ends at the deadline of
the whole look-up.

http.client accepts responses that are cut in their headers or chunks, malformed headers,
and chunks without a size. These are errors here. A connection that has bytes after the end
of a response is not used again.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import requests.adapters
import urllib3
import urllib3.connection
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from typing_extensions import Buffer

    from pulumi_ucimage._http.clock import Deadline

_MAX_KEPT_CONNECTIONS: Final = 20
"""Connections to one server that are kept: enough for five listings at once."""

_limits: ContextVar[tuple[Deadline, float]] = ContextVar("limits")


@contextmanager
def reading_until(deadline: Deadline, read_timeout_s: float) -> Iterator[None]:
    """Responses that begin in this block are read until the deadline at the latest.

    Args:
        deadline: when everything must be read.
        read_timeout_s: the longest wait for a single read, in seconds.
    """
    token = _limits.set((deadline, read_timeout_s))
    try:
        yield
    finally:
        _limits.reset(token)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket; no read waits longer than until the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline, self._read_timeout_s = _limits.get()
        self._is_stopped = False
        self.is_at_end = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The reader with a buffer: http.client takes the reader for a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        if self._is_stopped:
            return 0
        remaining_s = self._deadline.remaining_s()
        if remaining_s <= 0:
            message = "the deadline has passed"
            raise TimeoutError(message)
        self._sock.settimeout(min(self._read_timeout_s, remaining_s))
        count = self._raw.readinto(buffer) or 0
        self.is_at_end = count == 0
        return count

    def stop(self) -> None:
        """Read nothing more from the socket, only what is in the buffer."""
        self._is_stopped = True

    def disconnect(self) -> None:
        """End the connection, so that the pool opens another."""
        # urllib3's TLS within TLS has no `shutdown`; `socket` is the outer connection.
        sock = getattr(self._sock, "socket", self._sock)
        with suppress(OSError):  # the server may have closed it first
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        self._reader = _DeadlineReader(sock)
        super().__init__(self._reader, *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        try:
            super().begin()
        except http.client.HTTPException:
            self._refuse_cut()
            raise
        self._refuse_cut()
        # urllib3 would log what it cannot parse, which may repeat the signed form.
        if self.msg.defects or self.msg.get_payload():
            message = "a header is malformed"
            raise http.client.HTTPException(message)

    # The next three are private to http.client. Where a Python no longer calls them, it
    # is as lenient as it is by itself.

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

    def _close_conn(self) -> None:
        """Called at the response's end: bytes after it must not begin the next one."""
        self._reader.stop()
        if self.fp.peek():
            self._reader.disconnect()
        super()._close_conn()  # type: ignore[misc]

    def _refuse_cut(self) -> None:
        if self._reader.is_at_end:
            message = "the response ended too soon"
            raise ConnectionAbortedError(message)


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _Response
    # http.client prints what it sends, with the signature, if this is set on its own class.
    debuglevel = 0


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response
    debuglevel = 0


class _HTTPConnectionPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS: Final = {"http": _HTTPConnectionPool, "https": _HTTPSConnectionPool}


class DeadlineAdapter(requests.adapters.HTTPAdapter):
    """Sends requests to one server; to be used within `reading_until`.

    Args:
        origin: scheme, host and port of the server.
        ssl_context: used for every connection, because requests would read the
            certificates again for each; None if nothing speaks TLS.
        proxy: URL of the proxy; None without one.
    """

    def __init__(
        self, origin: str, ssl_context: ssl.SSLContext | None, proxy: str | None
    ) -> None:
        self._origin, self._ssl_context, self._proxy = origin, ssl_context, proxy
        self._lock = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None
        super().__init__(pool_connections=1, pool_maxsize=_MAX_KEPT_CONNECTIONS)

    def get_connection_with_tls_context(
        self, *_: object, **__: object
    ) -> urllib3.HTTPConnectionPool:
        """The kept connections, whatever is asked for."""
        with self._lock:
            if self._pool is None:
                manager = self.poolmanager
                if self._proxy:
                    manager = self.proxy_manager_for(
                        self._proxy, proxy_ssl_context=self._ssl_context
                    )
                manager.pool_classes_by_scheme = _POOLS
                self._pool = manager.connection_from_url(
                    self._origin, pool_kwargs={"ssl_context": self._ssl_context}
                )
            return self._pool

    def cert_verify(self, *_: object) -> None:
        """Do nothing: the context verifies certificates, always."""

    def request_url(self, request: Any, *_: object) -> str:
        """The target, or the whole URL for a proxy that forwards plain HTTP."""
        url: str = request.url
        is_forwarded = self._proxy and url.startswith("http:")
        return url if is_forwarded else url.removeprefix(self._origin)

    def build_response(self, _req: Any, resp: Any) -> requests.Response:
        """The response, without looking for cookies and an encoding."""
        response = requests.Response()
        response.status_code, response.raw = resp.status, resp
        response.headers = CaseInsensitiveDict(resp.headers)
        return response

    def close(self) -> None:
        """Close the idle connections now, not when the garbage collector runs."""
        with self._lock:
            pool, self._pool = self._pool, None
            super().close()
        if pool:
            pool.close()
