"""One request over hostile networks: the right error, in time, and nothing leaks."""

from __future__ import annotations

import base64
import contextlib
import errno
import gc
import gzip
import http.client
import logging
import os
import resource
import socket
import ssl
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import requests
from authority import EXPIRED, Authority
from calling import PRIVATE_KEY, PUBLIC_KEY, TOKEN, Caller
from faults import (
    IMAGE,
    PAGE,
    Do,
    Drip,
    FaultServer,
    StartTls,
    answer,
    chunked,
    encoded,
)
from test_clients import connections_to
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
)

from pulumi_ucimage._http.client import HttpResponse
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.failures import explain
from pulumi_ucimage._http.network import NetworkSettings
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._secret import Secret
from pulumi_ucimage.errors import (
    ResponseError,
    TransportError,
    UcimageError,
    machine_problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faults import Answer, Steps
    from faults import FaultServer as Server

BODY = encoded(PAGE)
PACKED = gzip.compress(BODY, mtime=0)
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Content-Length": None, "Transfer-Encoding": "chunked"}
HEAD = answer(BODY).removesuffix(BODY)


def _outcome(caller: Caller) -> UcimageError | None:
    """The error of a call; None if it returned the page that was sent."""
    try:
        page = caller.get_page()
    except UcimageError as error:
        return error
    assert [IMAGE] == [image.name for image in page.images]
    return None


def test_a_refused_connection_is_retried() -> None:
    """The error names host and port, and what to check."""
    with FaultServer() as server:
        url = server.url

    with Caller(url) as caller, pytest.raises(TransportError) as caught:
        caller.get_page()

    assert 4 == caller.attempts
    assert f"{server.port} refused the connection; check ucimage:base" in str(caught.value)
    assert ("127.0.0.1", server.port) == (caught.value.host, caught.value.port)


def test_a_call_succeeds_after_cut_connections() -> None:
    """Each attempt sends the same form; the page is the one that was sent."""
    with FaultServer((Do.RESET,), (HEAD, Do.CLOSE), answer()) as server:
        with Caller(server.url) as caller:
            assert _outcome(caller) is None

        assert 3 == caller.attempts == len(server.requests)
        assert 1 == len({request.body for request in server.requests})


def test_a_response_cut_anywhere_is_a_cut_connection() -> None:
    """Also in headers and in padded chunk sizes; no part is taken for the whole."""
    body = b"%06x\r\n%s\r\n000000\r\n\r\n" % (len(BODY), BODY)
    whole = answer(body, headers=CHUNKED)
    answers = [(whole[:length], Do.CLOSE) for length in range(len(whole))]
    accepted = []
    with FaultServer(*answers) as server, Caller(server.url, retries=0) as caller:
        for length in range(len(whole)):
            error = _outcome(caller)
            if type(error) is not TransportError or "cut the" not in str(error):
                accepted.append((whole[:length], error))

    assert not accepted


@pytest.mark.parametrize(
    "status",
    # The known ones from 200 on, and the last of each class.
    [*[int(status) for status in HTTPStatus][4:], 299, 399, 499, 599],
)
def test_only_200_is_good(status: int) -> None:
    """Six statuses are retried; every other one but 200 is an error at once."""
    is_retried = status in {408, 429, 500, 502, 503, 504}
    with FaultServer((answer(status=status), Do.CLOSE)) as server:
        with Caller(server.url) as caller:
            error = _outcome(caller)

        assert (4 if is_retried else 1) == len(server.requests)
    if status == 200:
        assert error is None
    else:
        assert isinstance(error, ResponseError)
        assert status == error.status
        assert f"HTTP status {status}" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A signed request goes to no other host; the message names the setting."""
    with FaultServer(answer()) as other:
        redirect = answer(b"", status, {"Location": other.url})
        with FaultServer(redirect) as server, Caller(server.url) as caller:
            with pytest.raises(ResponseError, match="do not follow redirects.*baseUrl"):  # noqa: RUF043
                caller.get_page()

            assert 1 == len(server.requests)
        assert 0 == other.connections


@pytest.mark.parametrize("status", [302, 404, 503])
def test_the_body_of_an_error_is_not_read(status: int) -> None:
    """A body that never ends does not delay the error."""
    endless = answer(b"", status, {"Content-Length": "99999999", "Location": "/"})
    with (
        FaultServer((endless, Do.WAIT)) as server,
        Caller(server.url, retries=0, timeout_s=1) as caller,
        pytest.raises(ResponseError, match=f"status {status}"),
    ):
        caller.get_page()


@pytest.mark.parametrize("headers", [{}, GZIP])
@pytest.mark.parametrize(("more", "error"), [(0, None), (1, ResponseError)])
def test_the_size_of_a_body_is_limited(
    headers: dict[str, str], more: int, error: type[UcimageError] | None
) -> None:
    """The limit counts unpacked bytes, exactly."""
    body = b"x" * (100_000 + more)
    packed = gzip.compress(body) if headers else body
    with (
        FaultServer(answer(packed, headers=headers)) as server,
        Caller(server.url) as caller,
    ):
        response = _request(caller, max_bytes=100_000)

    if error is None:
        assert isinstance(response, HttpResponse)
        assert body == response.body
    else:
        assert isinstance(response, Failure)
        assert error is type(response.error)
        assert "more than 0.0953674 MiB; check ucimage:baseUrl" in str(response.error)


def _request(
    caller: Caller, method: str = "POST", **options: Any
) -> HttpResponse | Failure:
    """One request, without what the UCloud client makes of it."""
    deadline = Deadline.after(caller.timeout_s, Clock())
    return caller.http.request(
        method, "/v2/?a=%20b", headers={"X-Key": Secret("k")}, deadline=deadline, **options
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_any_method_and_target_may_be_sent(method: str) -> None:
    """The target is sent as it is; a secret header is revealed; HEAD has no body."""
    page = answer(BODY, headers={"X-Digest": "d"})
    with (
        FaultServer(page if method != "HEAD" else page.removesuffix(BODY)) as server,
        Caller(server.url) as caller,
    ):
        response = _request(caller, method)

        (request,) = server.requests
    assert isinstance(response, HttpResponse)
    assert (200, "d") == (response.status, response.headers["x-digest"])
    assert (b"" if method == "HEAD" else BODY) == response.body
    assert request.head.startswith(f"{method} /v2/?a=%20b HTTP/1.1\r\n")
    assert "k" == request.headers["x-key"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((answer(b"why", 404),), b"why"),
        ((answer(gzip.compress(b"why"), 404, GZIP),), b"why"),
        ((answer(b"x" * 51, 404),), b""),
        ((answer(gzip.compress(bytes(10**7)), 404, GZIP),), b""),
        ((answer(b"w", 404, {"Content-Length": "9"}), Do.CLOSE), b""),
        ((answer(b"w", 404, {"Content-Encoding": "br"}),), b""),
        ((answer(b"w", 404, {"Content-Length": "9"}), Do.WAIT), b""),
    ],
)
def test_some_of_an_error_body_may_be_read(steps: Steps, expected: bytes) -> None:
    """A body of another status than 200 is whole, or empty; the status always counts."""
    with (
        FaultServer(steps) as server,
        Caller(server.url, timeout_s=TIMEOUT_S) as caller,
    ):
        response = _request(caller, max_error_bytes=50)

    assert isinstance(response, HttpResponse)
    assert (404, expected) == (response.status, response.body)


ENDLESS = {
    "silence": (Do.WAIT,),
    "the status line drips": (Drip(b"HTTP/1.1 200 " + b"x" * 9999),),
    "headers drip": (answer()[:30], Drip(b"X: y\r\n" * 9999)),
    "100 Continue drips": (Drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 9999, 0.001),),
    "silence before the body": (HEAD, Do.WAIT),
    "the body drips": (answer(b"", headers={"Content-Length": "9999"}), Drip(b" " * 9999)),
    "a body without length drips": (
        answer(b"", headers={"Content-Length": None}),
        Drip(b" " * 9999),
    ),
    "a packed body drips": (
        answer(PACKED[:10], headers={**GZIP, "Content-Length": "9999"}),
        Drip(b"\x00\x00\x00\xff\xff" * 9999),  # blocks of nothing
    ),
    "a chunk's size drips": (answer(b"", headers=CHUNKED), Drip(b"0" * 9999)),
    "chunks drip": (answer(b"", headers=CHUNKED), Drip(b"1\r\n \r\n" * 9999)),
    "trailers drip": (answer(b"0\r\n", headers=CHUNKED), Drip(b"X: y\r\n" * 9999)),
}
TIMEOUT_S = 0.25
LATEST_S = 10.0  # far below the longest silence that one read may have


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_the_deadline_ends_every_read(script: Steps, authority: Authority) -> None:
    """Silence and dripping end at the deadline, also under TLS."""
    context = authority.server("127.0.0.1")
    with (
        FaultServer(script, tls=context) as server,
        Caller(server.url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller,
    ):
        caller_ended = _late(caller)

        # On a slow machine the deadline may pass before the request is sent.
        assert len(server.requests) <= 1
    assert caller_ended < LATEST_S


def _late(caller: Caller) -> float:
    """How long a call took that ended at the deadline, in seconds."""
    begun = time.monotonic()
    with pytest.raises(TransportError, match="did not answer in time.*timeoutSeconds"):  # noqa: RUF043
        caller.get_page()
    return time.monotonic() - begun


@pytest.mark.parametrize("greeting", [(Do.WAIT,), (Drip(b"\x16\x03\x03\x40\x00" * 999),)])
def test_the_deadline_ends_a_handshake(greeting: Steps, authority: Authority) -> None:
    """A TLS handshake that never ends is given up."""
    with FaultServer(greeting=greeting) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller:
            assert _late(caller) < LATEST_S


def test_a_silence_within_the_deadline_is_retried() -> None:
    """One read has a timeout of its own, so that there is time for another attempt."""
    with (
        FaultServer((Do.WAIT,), (HEAD, Do.WAIT), answer()) as server,
        Caller(server.url, read_timeout_s=0.1) as caller,
    ):
        assert _outcome(caller) is None
        assert 3 == len(server.requests)


def test_nothing_is_sent_after_the_deadline() -> None:
    """A look-up that has no time left makes no call."""
    with FaultServer(answer()) as server:
        with Caller(server.url, timeout_s=0) as caller:
            _late(caller)

        assert 0 == server.connections


# Kept connections


KEPT = {
    "Content-Length": answer(),
    "chunks": chunked(BODY[:9], BODY[9:]),
    "chunks with trailers": chunked(BODY)[:-2] + b"X: y\r\n\r\n",
    "gzip": answer(PACKED, headers=GZIP),
    "gzip in chunks": chunked(PACKED, headers=GZIP),
    "an error of the API": answer(encoded({"RetCode": 171})),
    "not JSON": answer(b"<html>"),
    "no body": answer(b""),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_a_whole_response_keeps_its_connection(kept: bytes) -> None:
    """Calls one after another use one connection."""
    with FaultServer(kept) as server, Caller(server.url, retries=0) as caller:
        for _ in range(3):
            _ended(caller)

        assert (3, 1) == (len(server.requests), server.connections)


def _ended(caller: Caller) -> None:
    with contextlib.suppress(UcimageError):
        caller.get_page()


NOT_KEPT = {
    "Connection: close": (answer(headers={"Connection": "close"}),),
    "an error's body": (answer(BODY, 404),),
    "bytes behind the body": (answer() + answer(b"poison"),),
    "bytes behind the last chunk": (chunked(BODY) + answer(b"poison"),),
    "one byte behind the body": (answer() + b"\n",),
    "a whole buffer behind the body": (answer() + b"x" * 100_000,),
    "a body behind none": (answer(b"", 204, {"Content-Length": "6"}) + b"poison",),
    "a longer body than it said": (
        answer(BODY + b"poison", headers={"Content-Length": "9"}),
    ),
    "cut": (HEAD, Do.CLOSE),
    "unpacks short": (answer(PACKED[:-9], headers=GZIP) + answer(b"poison"),),
}


@pytest.mark.parametrize("steps", NOT_KEPT.values(), ids=NOT_KEPT)
def test_bytes_after_a_response_do_not_begin_the_next_one(steps: Steps) -> None:
    """After anything but one whole response the next call uses a new connection."""
    with FaultServer(steps, answer()) as server, Caller(server.url, retries=0) as caller:
        _ended(caller)
        assert _outcome(caller) is None

        assert [1, 2] == [request.connection for request in server.requests]


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    """An idle connection may end; the next call needs no retry."""
    with (
        FaultServer((answer(), Do.CLOSE), answer()) as server,
        Caller(server.url, retries=1) as caller,
    ):
        assert _outcome(caller) is None
        assert _outcome(caller) is None
        assert 2 == server.connections


def test_close_ends_kept_connections() -> None:
    """After `close`, a call opens another connection."""
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None
        caller.http.close()
        assert _outcome(caller) is None
        assert 2 == server.connections


# What is sent


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A POST of the form, with the necessary headers only."""
    with FaultServer(answer()) as server, Caller(f"{server.url}v1/") as caller:
        assert _outcome(caller) is None

        (request,) = server.requests
    assert request.head.startswith("POST /v1/ HTTP/1.1\r\n")
    assert {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(request.body)),
    } == {k: v for k, v in request.headers.items() if k != "user-agent"}
    assert request.headers["user-agent"].startswith("pulumi-ucimage/")


def test_netrc_is_not_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password for the host in ~/.netrc is not sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    (home / ".netrc").write_text(netrc.read_text())
    monkeypatch.setenv("NETRC", str(netrc))
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None

        assert "authorization" not in server.requests[0].headers


def test_closing_closes_at_once() -> None:
    """No connection waits for the garbage collector, also after an error."""
    gc.disable()
    try:
        with FaultServer((Do.RESET,), answer()) as server:
            with Caller(server.url) as caller:
                assert _outcome(caller) is None
                assert 1 == connections_to(server)
            assert 0 == connections_to(server)
    finally:
        gc.enable()


def test_cookies_are_not_kept() -> None:
    """A cookie is not sent back."""
    cookie = answer(headers={"Set-Cookie": "a=b; Path=/"})
    with FaultServer(cookie) as server, Caller(server.url) as caller:
        for _ in range(2):
            assert _outcome(caller) is None

        assert "cookie" not in server.requests[1].headers


def test_http_clients_debug_level_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that sets `http.client.HTTPConnection.debuglevel` sees no signed form."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None

    assert ("", "") == capsys.readouterr()


def test_logs_at_debug_hold_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 logs where a request went, and nothing else of it."""
    caplog.set_level(logging.DEBUG)
    with FaultServer((Do.RESET,), answer(b"", 503), answer()) as server:
        with Caller(server.url) as caller:
            assert _outcome(caller) is None

        signature = server.requests[0].form["Signature"]
    assert "POST / HTTP" in caplog.text
    for secret in (PUBLIC_KEY, PRIVATE_KEY, TOKEN, signature):
        assert secret not in caplog.text


# This machine


@contextlib.contextmanager
def no_files() -> Iterator[None]:
    """Let this process open no file."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    unused = os.dup(0)
    os.close(unused)
    resource.setrlimit(resource.RLIMIT_NOFILE, (unused, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_too_many_open_files_are_a_problem_of_the_machine() -> None:
    """If no socket can be opened, the message says so, and nothing is retried."""
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        with no_files(), pytest.raises(TransportError) as caught:
            caller.get_page()

        assert 0 == server.connections
        assert 1 == caller.attempts
    assert str(caught.value).endswith(
        f":{server.port} was not called: this process has too many open files; close"
        " some or raise the limit (ulimit -n)."
    )


def test_too_many_open_files_are_no_problem_of_the_ca_bundle(authority: Authority) -> None:
    """If the bundle cannot be opened for this reason, the message says so."""
    with no_files(), pytest.raises(TransportError, match="has too many open files"):
        Caller("https://127.0.0.1:9/", network=authority.trusted)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OSError(errno.EMFILE, "x"), "this process has too many open files"),
        (OSError(errno.ENFILE, "x"), "this machine has too many open files"),
        (OSError(errno.ENOMEM, "x"), "this machine has no memory left"),
        (OSError(errno.ENOSPC, "x"), "this machine has no disk space left"),
        (OSError(errno.ECONNREFUSED, "x"), None),
        (OSError(errno.ENOENT, "x"), None),
        (OSError("x"), None),
        (socket.gaierror(errno.EMFILE, "x"), None),
        (ssl.SSLError(errno.EMFILE, "x"), None),
        (ValueError(), None),
    ],
)
def test_machine_problems(error: Exception, problem: str | None) -> None:
    """Four errors are about this machine, wherever they are wrapped."""
    found = machine_problem(error)
    wrapped = requests.ConnectionError(MaxRetryError(POOL, "/", error))
    text, retry = explain(wrapped, setting="its address")

    assert (found is None) == (problem is None)
    assert (found or "").startswith(problem or "")
    assert (f"was not called: {problem}" in text) == (problem is not None)
    assert retry is Retry.NEVER or not problem


# Messages


POOL = HTTPConnectionPool("h")
CONNECTION = HTTPConnection("h")
NO_CONNECTION = NewConnectionError(CONNECTION, "x")
PROXIED = ProxyError("x", ConnectionRefusedError())
EXPLANATIONS: dict[str, tuple[Exception, str, Retry]] = {
    "unknown host": (
        NameResolutionError("h", CONNECTION, socket.gaierror()),
        "has a host name that cannot be resolved; check ADDRESS and the DNS.",
        Retry.TRANSIENT,
    ),
    "refused": (
        ConnectionRefusedError(),
        "refused the connection; check ADDRESS, and whether a firewall blocks it or a proxy"
        " is needed (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY).",
        Retry.TRANSIENT,
    ),
    "no route": (NO_CONNECTION, "cannot be reached; check the network,", Retry.TRANSIENT),
    "connect timeout": (
        ConnectTimeoutError(CONNECTION, "x"),
        "timed out; try again later, or check ADDRESS,",
        Retry.TRANSIENT,
    ),
    "read timeout": (TimeoutError(), "timed out; try again later,", Retry.TRANSIENT),
    "reset": (
        ConnectionResetError(),
        "cut the connection; try again later, or check ADDRESS and",
        Retry.TRANSIENT,
    ),
    "incomplete": (http.client.IncompleteRead(b""), "cut the conn", Retry.TRANSIENT),
    "TLS cut": (ssl.SSLEOFError(), "cut the connection;", Retry.TRANSIENT),
    "no TLS": (
        ssl.SSLError(),
        "does not speak TLS as expected; check ADDRESS and whether a proxy or firewall"
        " answers in its place.",
        Retry.NEVER,
    ),
    "no proxy": (
        PROXIED,
        "is behind a proxy that cannot be reached; check HTTPS_PROXY,",
        Retry.TRANSIENT,
    ),
    "proxy's refusal": (
        ProxyError("x", OSError("407")),
        "is behind a proxy that refused the connection; check the proxy's address, user",
        Retry.NEVER,
    ),
    "no HTTP": (
        http.client.BadStatusLine("x"),
        "sent something that is not valid HTTP; check ADDRESS and",
        Retry.NEVER,
    ),
    "another error": (ValueError(), "sent something that is not valid", Retry.NEVER),
}


@pytest.mark.parametrize(
    ("error", "says", "retry"), EXPLANATIONS.values(), ids=EXPLANATIONS
)
def test_a_failed_request_says_what_to_check(
    error: Exception, says: str, retry: Retry
) -> None:
    """Every failure has advice, however requests and urllib3 wrap its error."""
    for wrapped in (
        error,
        requests.ConnectionError(ProtocolError("Connection aborted.", error)),
        requests.ConnectionError(MaxRetryError(POOL, "/", error)),
    ):
        found = explain(wrapped, setting="ADDRESS")
        assert found[0].startswith(says)
        assert retry is found[1]


# TLS


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A trusted authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An untrusted authority."""
    return Authority(tmp_path_factory.mktemp("another"))


def test_a_trusted_server_is_called(authority: Authority) -> None:
    """A certificate of the CA bundle's authority, on a kept connection."""
    with (
        FaultServer(answer(), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        for _ in range(2):
            assert _outcome(caller) is None

        assert 1 == server.connections


UNTRUSTED: dict[str, Callable[[Authority, Authority], ssl.SSLContext]] = {
    "unknown authority": lambda _, another: another.server("127.0.0.1"),
    "other host": lambda authority, _: authority.server("api.ucloud.cn"),
    "expired": lambda authority, _: authority.server("127.0.0.1", not_after=EXPIRED),
}


@pytest.mark.parametrize("certificate", UNTRUSTED.values(), ids=UNTRUSTED)
def test_an_untrusted_server_is_called_once(
    certificate: Callable[[Authority, Authority], ssl.SSLContext],
    authority: Authority,
    another: Authority,
) -> None:
    """An untrusted certificate is an error at once, and nothing is sent."""
    with (
        FaultServer(answer(), tls=certificate(authority, another)) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        with pytest.raises(TransportError, match="has an untrusted certificate"):
            caller.get_page()

        assert (1, 0) == (server.connections, len(server.requests))


def test_without_a_bundle_public_authorities_are_trusted(authority: Authority) -> None:
    """A private authority is untrusted; the message names the variable."""
    with (
        FaultServer(answer(), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url) as caller,
    ):
        with pytest.raises(TransportError, match="REQUESTS_CA_BUNDLE"):
            caller.get_page()

        assert 1 == server.connections


def test_a_server_without_tls_is_called_once() -> None:
    """HTTP where TLS was expected is not retried."""
    with FaultServer(greeting=(answer(), Do.WAIT)) as server:
        url = server.url.replace("http:", "https:")
        with (
            Caller(url) as caller,
            pytest.raises(TransportError, match="does not speak TLS"),
        ):
            caller.get_page()

        assert 1 == server.connections


@pytest.mark.parametrize("how", [Do.CLOSE, Do.RESET])
def test_a_cut_handshake_is_retried(how: Do) -> None:
    """A connection that is cut in the handshake is a cut connection."""
    with FaultServer(greeting=(Do.READ, how)) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url) as caller, pytest.raises(TransportError):
            caller.get_page()

        assert 4 == server.connections


@pytest.mark.parametrize("cut", [HEAD[:20], HEAD, HEAD + BODY[:20]])
def test_a_cut_under_tls_is_a_cut(cut: bytes, authority: Authority) -> None:
    """The end of a TLS connection without its own closing message is a cut."""
    with (
        FaultServer((cut, Do.CLOSE), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        with pytest.raises(TransportError, match="cut the connection; try again"):
            caller.get_page()

        assert 4 == len(server.requests)


API = Endpoint.parse("https://api.example.com/")


# Proxies


PASSWORD = "proxy-pass-71"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Trust the tests' authority."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))


def _proxied(
    proxy: Server, monkeypatch: pytest.MonkeyPatch, *, timeout_s: float = 60
) -> Caller:
    """A caller of an API that only the proxy can reach."""
    address = f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    return Caller(
        API.url, network=NetworkSettings.from_environment(API), timeout_s=timeout_s
    )


def test_https_goes_through_the_proxy(
    through: None, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy gets its password and opens a tunnel; it sees nothing else."""
    tls = StartTls(authority.server("api.example.com"))
    with FaultServer((CONNECTED, tls), answer()) as proxy:
        with _proxied(proxy, monkeypatch) as caller:
            assert _outcome(caller) is None
            assert _outcome(caller) is None

        connect, call, _ = proxy.requests
    assert connect.head.startswith("CONNECT api.example.com:443 HTTP/")
    assert connect.headers["proxy-authorization"].startswith("Basic ")
    assert call.head.startswith("POST / HTTP/1.1\r\n")
    assert "proxy-authorization" not in call.headers
    assert 1 == proxy.connections


def test_a_server_behind_a_proxy_must_be_trusted_too(
    through: None, another: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that answers in the API's place gets no signed request."""
    tls = StartTls(another.server("api.example.com"))
    with FaultServer((CONNECTED, tls), answer()) as proxy:
        with (
            _proxied(proxy, monkeypatch) as caller,
            pytest.raises(TransportError, match="untrusted certificate"),
        ):
            caller.get_page()

        assert 1 == len(proxy.requests)


PROXY_FAULTS: dict[str, tuple[Answer, int]] = {
    "407": (answer(b"", 407, {"Proxy-Authenticate": "Basic"}), 1),
    "403": (answer(b"", 403), 1),
    "502": (answer(b"", 502), 1),
    "garbage": (b"garbage\r\n\r\n", 1),
    "reset": ((Do.RESET,), 4),
    "closed": ((Do.CLOSE,), 4),
    "cut within its headers": ((CONNECTED[:30], Do.CLOSE), 4),
    "cut after its headers": ((CONNECTED, Do.CLOSE), 4),
}


@pytest.mark.parametrize(("fault", "attempts"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_a_refusal_of_the_proxy_is_not_retried(
    fault: Answer, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that the proxy cuts is retried."""
    with FaultServer(fault) as proxy:
        with (
            _proxied(proxy, monkeypatch) as caller,
            pytest.raises(TransportError) as caught,
        ):
            caller.get_page()

        assert attempts == len(proxy.requests)
    assert PASSWORD not in str(caught.value)
    assert "api.example.com:443" in str(caught.value)


def test_a_missing_proxy_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says that the proxy cannot be reached, and names the variables."""
    with FaultServer() as proxy:
        pass

    with (
        _proxied(proxy, monkeypatch) as caller,
        pytest.raises(
            TransportError, match="behind a proxy that cannot be reached; check HTTPS_PROXY"
        ),
    ):
        caller.get_page()
    assert 4 == caller.attempts


@pytest.mark.parametrize(
    "steps",
    [
        (Do.WAIT,),
        (Drip(b"HTTP/1.1 200 " + b"x" * 9999),),
        (CONNECTED[:-2], Drip(b"X: y\r\n" * 9999)),
    ],
)
def test_the_deadline_ends_a_proxys_answer(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dripping proxy is given up at the deadline."""
    with (
        FaultServer(steps) as proxy,
        _proxied(proxy, monkeypatch, timeout_s=TIMEOUT_S) as caller,
    ):
        assert _late(caller) < LATEST_S


def test_plain_http_inside_the_network_takes_the_http_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HTTP_PROXY serves the one endpoint that speaks HTTP only; its 407 is an error."""
    endpoint = Endpoint.parse("http://api.service.ucloud.cn/")
    with FaultServer(answer(), answer(b"", 407)) as proxy:
        monkeypatch.setenv("http_proxy", f"user:pass%40word@127.0.0.1:{proxy.port}")
        with Caller(
            endpoint.url, network=NetworkSettings.from_environment(endpoint)
        ) as caller:
            assert _outcome(caller) is None
            with pytest.raises(ResponseError, match="407.*HTTP_PROXY"):  # noqa: RUF043
                caller.get_page()

        assert 2 == len(proxy.requests)
    assert proxy.requests[0].head.startswith("POST http://api.service.ucloud.cn/ HTTP")
    password = base64.b64encode(b"user:pass@word").decode()
    assert f"Basic {password}" == proxy.requests[0].headers["proxy-authorization"]


def test_a_proxy_that_speaks_tls_must_be_trusted(
    authority: Authority, another: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is checked by the same CA bundle as the API's."""
    endpoint = Endpoint.parse("http://api.service.ucloud.cn/")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    for trusted in (authority, another):
        with FaultServer(answer(), tls=trusted.server("127.0.0.1")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"https://127.0.0.1:{proxy.port}")
            network = NetworkSettings.from_environment(endpoint)
            with Caller(endpoint.url, network=network) as caller:
                error = _outcome(caller)

        if trusted is authority:
            assert error is None
        else:
            assert "has an untrusted certificate" in str(error)
            assert not proxy.requests
