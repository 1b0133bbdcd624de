"""One request and its response: what is sent, what is read, and what is refused."""

from __future__ import annotations

import gc
import gzip
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from calling import (
    TIMEOUT_S,
    Caller,
    outcome,
)
from faults import (
    BODY,
    GZIP,
    HEAD,
    Do,
    FaultServer,
    answer,
    connections_to,
)

from pulumi_ucimage._http.client import HttpResponse
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.retry import Failure
from pulumi_ucimage._secret import Secret
from pulumi_ucimage.errors import (
    ResponseError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Steps


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
            assert outcome(caller) is None

        assert 3 == caller.attempts == len(server.requests)
        assert 1 == len({request.body for request in server.requests})


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
            error = outcome(caller)

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
            with pytest.raises(ResponseError, match="redirects are not followed.*baseUrl"):  # noqa: RUF043
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
    """The limit counts unpacked bytes, exactly, and packed ones."""
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


def test_a_packed_body_that_unpacks_to_nothing_is_limited() -> None:
    """Empty blocks of gzip could be sent until the deadline."""
    start, end = gzip.compress(b"")[:10], b"\x01\0\0\xff\xff" + bytes(8)
    packed = start + 20_001 * b"\0\0\0\xff\xff" + end
    assert b"" == gzip.decompress(packed)
    with FaultServer(answer(packed, headers=GZIP)) as server, Caller(server.url) as caller:
        response = _request(caller, max_bytes=100_000)

    assert isinstance(response, Failure)
    assert "a response of more than" in str(response.error)


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


# What is sent


def test_what_is_sent() -> None:
    """A POST of the form, with the necessary headers only."""
    with FaultServer(answer()) as server, Caller(f"{server.url}v1/") as caller:
        assert outcome(caller) is None

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
        assert outcome(caller) is None

        assert "authorization" not in server.requests[0].headers


def test_closing_closes_at_once() -> None:
    """No connection waits for the garbage collector, also after an error."""
    gc.disable()
    try:
        with FaultServer((Do.RESET,), answer()) as server:
            with Caller(server.url) as caller:
                assert outcome(caller) is None
                assert 1 == connections_to(server)
            assert 0 == connections_to(server)
    finally:
        gc.enable()


def test_cookies_are_not_kept() -> None:
    """A cookie is not sent back."""
    cookie = answer(headers={"Set-Cookie": "a=b; Path=/"})
    with FaultServer(cookie) as server, Caller(server.url) as caller:
        for _ in range(2):
            assert outcome(caller) is None

        assert "cookie" not in server.requests[1].headers
