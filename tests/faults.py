"""A server that sends scripted bytes, pauses and disconnects, and keeps its requests."""

from __future__ import annotations

import enum
import gc
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Union
from urllib.parse import parse_qsl

from typing_extensions import Self

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

HOST = "127.0.0.1"


class Do(enum.Enum):
    """What a server can do besides sending bytes."""

    READ = enum.auto()  # what has arrived
    CLOSE = enum.auto()
    RESET = enum.auto()
    WAIT = enum.auto()  # until the client has gone


class Drip(NamedTuple):
    """Bytes that are sent one by one, with a pause after each."""

    data: bytes
    pause_s: float = 0.02


class StartTls(NamedTuple):
    """From here on the connection speaks TLS, as after a proxy's CONNECT."""

    context: ssl.SSLContext


class Request(NamedTuple):
    """What a client sent.

    Attributes:
        head: the request line and headers.
        body: what follows them.
        connection: which connection it came by, from 1 on.
    """

    head: str
    body: str
    connection: int

    @property
    def form(self) -> dict[str, str]:
        """The body's fields."""
        return dict(parse_qsl(self.body, keep_blank_values=True, strict_parsing=True))

    @property
    def headers(self) -> dict[str, str]:
        """Headers by their names in lower case."""
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:] if line)
        return {name.lower(): value.strip() for name, _, value in lines}


Step = Union[bytes, Do, Drip, StartTls]  # noqa: UP007
Steps = tuple[Step, ...]
Answer = Union[bytes, Steps, Callable[[Request], "bytes | Steps"]]  # noqa: UP007

IMAGE = "ucsdr.ucloud.cn:5000/ucs/helloworld"
PAGE: Mapping[str, Any] = {
    "RetCode": 0,
    "Action": "GetDockerImageListResponse",
    "Message": "",
    "TotalCount": 1,
    "ImageSet": [
        {
            "ImageName": IMAGE,
            "TagSet": [{"TagName": "6", "CreateTime": 1234567890}],
            "UpdateTime": 1234567890,
        }
    ],
}


def encoded(document: object) -> bytes:
    """A document as JSON."""
    return json.dumps(document).encode()


def answer(
    body: bytes = encoded(PAGE),
    status: int = 200,
    headers: Mapping[str, str | None] = {},
) -> bytes:
    """A whole response; a header of None is left out."""
    whole = {"Content-Length": str(len(body)), **headers}
    lines = [f"{name}: {value}" for name, value in whole.items() if value is not None]
    head = "\r\n".join([f"HTTP/1.1 {status} Status", *lines, "", ""])
    return head.encode() + body


def chunked(*chunks: bytes, headers: Mapping[str, str] = {}) -> bytes:
    """A whole response in chunks."""
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b"")]
    fields = {"Content-Length": None, "Transfer-Encoding": "chunked", **headers}
    return answer(b"", headers=fields) + b"".join(parts)


class FaultServer:
    """Answers each request by the next entry of its script; the last entry repeats.

    Args:
        script: one answer for each request.
        greeting: steps before the first request of a connection is read.
        tls: speaks TLS if given.
        port: where to listen; 0 for a free port.
    """

    def __init__(
        self,
        *script: Answer,
        greeting: Steps = (),
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._script = script
        self._greeting = greeting
        self._tls = tls
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{HOST}:{self.port}/"

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        if self._closing.is_set():
            return
        self._closing.set()
        with suppress(OSError), socket.create_connection((HOST, self.port)):
            pass  # wakes `accept`
        self._threads[0].join()
        self._listener.close()
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """End a call that goes on for too long, so that its test ends and fails."""
        timer = threading.Timer(seconds, self.cut)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _run(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing.is_set():
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._sockets.append(connection)
            self._run(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        # Kept open beside what TLS makes of it, so that a shutdown reaches it.
        talking = connection.dup()
        try:
            if self._tls:
                talking = self._tls.wrap_socket(talking, server_side=True)
            talking = self._do(talking, self._greeting)
            while request := _read(talking, number):
                with self._lock:
                    self.requests.append(request)
                    line = min(len(self.requests), len(self._script)) - 1
                planned = self._script[line]
                steps = planned(request) if callable(planned) else planned
                talking = self._do(talking, (steps,) if isinstance(steps, bytes) else steps)
        except (OSError, _Over):
            pass  # the client may go when it likes
        finally:
            talking.close()
            connection.close()

    def _do(self, connection: socket.socket, steps: Steps) -> socket.socket:  # noqa: C901
        for step in steps:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, Drip):
                for byte in step.data:
                    connection.sendall(bytes([byte]))
                    if self._closing.wait(step.pause_s):
                        raise _Over
            elif isinstance(step, StartTls):
                connection = step.context.wrap_socket(connection, server_side=True)
            elif step is Do.READ:
                connection.recv(65536)
            elif step is Do.WAIT:
                while connection.recv(4096):
                    pass
                raise _Over
            else:
                if step is Do.RESET:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                raise _Over
        return connection


class _Over(Exception):  # noqa: N818 - no error
    """End the connection."""


_TLS = b"\x16\x03"
"""How a TLS connection begins."""


def _read(connection: socket.socket, number: int) -> Request | None:
    """The next request; None if the client has disconnected, or speaks TLS."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more or more.startswith(_TLS):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head.decode(), "", number)
    length = int(request.headers.get("content-length", 0))
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return request._replace(body=body.decode())


def connections_to(server: FaultServer) -> int:
    """How many client connections to a server this process has open."""
    peers = []
    for thing in gc.get_objects():
        if type(thing) is socket.socket:
            with suppress(OSError):  # closed, or it listens
                peers.append(thing.getpeername())
    return peers.count((HOST, server.port))


BODY = encoded(PAGE)
HEAD = answer(BODY).removesuffix(BODY)
PACKED = gzip.compress(BODY, mtime=0)
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Content-Length": None, "Transfer-Encoding": "chunked"}
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
