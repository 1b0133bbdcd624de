"""One signed call over real sockets, to servers that misbehave byte by byte."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import pickle
import socket
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_ucimage.credentials import Credentials, Secret
from pulumi_ucimage.endpoint import Endpoint
from pulumi_ucimage.errors import ApiError, ResponseError, TransportError, UcimageError
from pulumi_ucimage.ucloud.client import Bucket, Client
from pulumi_ucimage.ucloud.clock import Clock, Deadline
from pulumi_ucimage.ucloud.retry import RetryPolicy
from pulumi_ucimage.ucloud.transport import LARGEST_ANSWER, Route, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOOD = json.dumps({"RetCode": 0, "TotalCount": 0, "ImageSet": []}).encode()
KEY, TOKEN = "canary-private-key", "canary-token"


def answer(body: bytes = GOOD, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    """The head of a chunked answer, and chunks as they are."""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


class FaultServer:
    """Answers each request with the next script; the last one stays."""

    def __init__(self, *scripts: bytes | Callable[[socket.socket], None]) -> None:
        self.scripts = list(scripts)
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=[connection]))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while self._read(connection):
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                if callable(script):
                    script(connection)
                else:
                    connection.sendall(script)
                if callable(script) or not _is_whole(script):
                    break
        except OSError:
            pass
        finally:
            connection.close()

    def _read(self, connection: socket.socket) -> bool:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (part := connection.recv(65536)):
                return False
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def stop(self) -> None:
        """Close everything, and wait for the threads."""
        for opened in self._open:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        for thread in self._threads:
            thread.join()


def _is_whole(script: bytes) -> bool:
    return script.startswith(b"HTTP/1.1 200 OK\r\nContent-Length") and b"\r\n\r\n" in script


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    """Start fault servers that end with the test."""
    started: list[FaultServer] = []

    def start(*scripts: Any) -> FaultServer:
        started.append(FaultServer(*scripts))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def call(port: int, *, retries: int = 0, timeout_s: float = 5, times: int = 1) -> Any:
    """Make a call, or several on one transport; the last page."""
    transport = Transport(
        endpoint := Endpoint.parse(f"http://127.0.0.1:{port}"), Route.to(endpoint)
    )
    clock = Clock(sleep=lambda _: None, random=lambda: 0.0)
    client = Client(
        transport=transport,
        credentials=Credentials(Secret("public"), Secret(KEY), Secret(TOKEN), "a test"),
        retries=RetryPolicy(max_retries=retries, clock=clock),
    )
    try:
        for _ in range(times):
            page = client.get_page(
                Bucket(name="ucs", region="cn-bj2"),
                limit=1,
                offset=0,
                deadline=Deadline.after(timeout_s, clock),
            )
    finally:
        transport.close()
    return page


def fails(port: int, *, retries: int = 3, timeout_s: float = 5) -> UcimageError:
    """The error of a call that must fail."""
    with pytest.raises(UcimageError) as caught:
        call(port, retries=retries, timeout_s=timeout_s)
    return caught.value


def reset(connection: socket.socket) -> None:
    """Close with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


LISTING = json.dumps(
    {"RetCode": 0, "TotalCount": 1, "ImageSet": [{"ImageName": "r.io/a"}]}
).encode()


@pytest.mark.parametrize(
    "good",
    [
        answer(LISTING),
        chunked(b"%x\r\n%s\r\n" % (len(LISTING), LISTING), b"0\r\n\r\n"),
        answer(gzip.compress(LISTING), "Content-Encoding: gzip"),
        b"HTTP/1.0 200 OK\r\n\r\n" + LISTING,
    ],
)
def test_good_answers_of_every_form(serve: Any, good: bytes) -> None:
    """With a length, chunked, packed, or ended by the connection's end."""
    page = call(serve(good).port)

    assert ("r.io/a", 1) == (page.images[0]["ImageName"], page.total_count)


FOUR, ONE = 4, 1


@pytest.mark.parametrize(
    ("script", "error", "calls"),
    [
        (b"", TransportError, FOUR),
        (reset, TransportError, FOUR),
        (b"HTTP/1.1 2", TransportError, FOUR),
        (b"HTTP/1.1 200 OK\r\nContent-Le", TransportError, FOUR),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n", TransportError, FOUR),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n" + GOOD, TransportError, FOUR),
        (chunked(b"30\r\n{"), TransportError, FOUR),
        (b"HTTP/1.0 200 OK\r\n\r\n" + GOOD[:-1], ResponseError, ONE),
        (b"SSH-2.0-OpenSSH\r\n\r\n", TransportError, ONE),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n", TransportError, ONE),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 2**20 + b"\r\n\r\n", TransportError, ONE),
        (answer(gzip.compress(GOOD)[:-9], "Content-Encoding: gzip"), ResponseError, ONE),
        (answer(gzip.compress(GOOD)[:-4], "Content-Encoding: gzip"), ResponseError, ONE),
        (answer(GOOD, "Content-Encoding: br"), ResponseError, ONE),
        (
            answer(gzip.compress(bytes(LARGEST_ANSWER + 1)), "Content-Encoding: gzip"),
            ResponseError,
            ONE,
        ),
        *[
            (
                answer(b"", f"Location: http://127.0.0.1:1/{s}", status=f"{s} Moved"),
                ResponseError,
                ONE,
            )
            for s in (301, 302, 303, 307, 308)
        ],
        *[
            (answer(GOOD, status=f"{s} No"), ResponseError, FOUR)
            for s in (408, 429, 500, 502, 503, 504)
        ],
        *[
            (answer(GOOD, status=f"{s} No"), ResponseError, ONE)
            for s in (201, 206, 400, 401, 403, 404, 407, 501, 599)
        ],
        *[
            (answer(b'{"RetCode": %d, "Message": "no"}' % code), ApiError, calls)
            for code, calls in (
                (110, FOUR),
                (130, FOUR),
                (150, FOUR),
                (153, FOUR),
                (171, ONE),
                (43023, ONE),
                (7, ONE),
            )
        ],
        *[
            (answer(body), ResponseError, ONE)
            for body in (
                b"",
                b"<html>hello</html>",
                b"[]",
                b"{}",
                b'{"RetCode": "0", "ImageSet": []}',
                b'{"RetCode": 0.0, "ImageSet": []}',
                b'{"RetCode": true, "ImageSet": []}',
                b'{"RetCode": false, "ImageSet": []}',
                b'{"RetCode": null, "ImageSet": []}',
                b'{"RetCode": 0}',
                b'{"RetCode": 0, "ImageSet": {}}',
                b'{"RetCode": 0, "ImageSet": [null]}',
                b'{"RetCode": 0, "ImageSet": [], "TotalCount": -1}',
                b'{"RetCode": 0, "ImageSet": [], "TotalCount": 1.5}',
                b'{"RetCode": 0, "ImageSet": [{"TagSet": [{"CreateTime": "1"}]}]}',
                b'{"RetCode": 0, "ImageSet": [{"UpdateTime": 1600000000000}]}',
                b'{"RetCode": 171, "RetCode": 0, "ImageSet": []}',
                b'{"Action": "OtherResponse", "RetCode": 0, "ImageSet": []}',
                b'{"RetCode": 0, "ImageSet": []} trailing',
                b'{"RetCode": 0, "ImageSet": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
                b'{"RetCode": ' + b"9" * 5000 + b"}",
                GOOD.decode().encode("utf-16"),
                b'{"RetCode": 0, "ImageSet": [{"ImageName": "\xff"}]}',
            )
        ],
    ],
)
def test_no_bad_answer_is_taken_for_a_good_one(
    serve: Any, script: Any, error: type[Exception], calls: int
) -> None:
    """The class of the error, and how often the call is made."""
    server = serve(script)

    raised = fails(server.port)

    assert type(raised) is error, raised
    assert calls == len(server.requests)


def test_a_refused_connection_says_so() -> None:
    """Host and port, and what happened."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    raised = fails(port)

    assert f"The UCloud API at 127.0.0.1:{port} refused the connection." == str(raised)


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n", answer(GOOD)[:-20]]
)
def test_dripping_answers_end_at_the_deadline(serve: Any, head: bytes) -> None:
    """A byte at a time, in headers or in the body, no read is late and the whole is."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(head or b"HTTP/1.1 200 OK\r\n")
        for _ in range(200):
            connection.sendall(b"a")
            time.sleep(0.05)

    start = time.monotonic()
    raised = fails(serve(drip).port, timeout_s=0.5)

    assert isinstance(raised, TransportError)
    assert time.monotonic() - start < 5


def test_a_connection_is_kept(serve: Any) -> None:
    """Three calls, one connection."""
    server = serve(answer())

    call(server.port, times=3)

    assert (3, 1) == (len(server.requests), server.connections)


def test_bytes_behind_an_answer_are_not_the_next_one(serve: Any) -> None:
    """A connection with leftovers is not used again."""
    server = serve(answer() + answer(LISTING), answer())

    assert call(server.port, times=2).total_count == 0
    assert server.connections == 2


def test_nothing_but_the_call_is_sent(
    serve: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No password of a netrc, no cookie, and no proxy for a loopback address."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server = serve(answer(GOOD, "Set-Cookie: canary=cookie"))

    call(server.port, times=2)

    for request in server.requests:
        assert b"canary" not in request.replace(TOKEN.encode(), b"")
        assert b"authorization" not in request.lower()


def test_debugging_of_http_prints_nothing_of_a_call(
    serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where somebody turns on http.client's printing, the signed form stays out of it."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)

    call(serve(answer()).port)

    assert "" == "".join(capfd.readouterr())


def _echo(connection: socket.socket) -> None:
    """Refuse, and repeat everything secret in the message."""
    message = f"{KEY} {TOKEN} {'ab' * 20}"
    connection.sendall(answer(json.dumps({"RetCode": 171, "Message": message}).encode()))


@pytest.mark.parametrize(
    "script",
    [_echo, b"", reset, answer(status="503 No"), answer(b"<html>"), b"SSH-2.0\r\n\r\n"],
)
def test_no_error_holds_a_secret(serve: Any, script: Any) -> None:
    """Neither text, repr, pickle nor traceback with locals, of the error and its causes."""
    server = serve(script)

    raised = fails(server.port)

    signature = server.requests[0].rpartition(b"Signature=")[2].decode()
    texts = [
        str(raised),
        repr(raised),
        repr(pickle.dumps(raised)),
        *traceback.TracebackException.from_exception(raised, capture_locals=True).format(),
    ]
    own = [text for text in texts if 'test_ucloud_transport.py"' not in text]
    for secret in (KEY, TOKEN, signature, "ab" * 20):
        assert len(secret) > 10
        assert not [text for text in own if secret in text]
    assert raised.__context__ is None
    assert raised.__cause__ is None
