"""One signed POST through hostile networks: the right error, in time, and nothing leaks."""

from __future__ import annotations

import contextlib
import gc
import gzip
import http.client
import logging
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
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

from pulumi_ucimage._http import client
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.network import CaBundle, NetworkSettings
from pulumi_ucimage.errors import (
    ConfigError,
    ResponseError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from faults import Answer, Steps
    from faults import FaultServer as Server

BODY = encoded(PAGE)
PACKED = gzip.compress(BODY, mtime=0)
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Content-Length": None, "Transfer-Encoding": "chunked"}
HEAD = answer(BODY).removesuffix(BODY)


def _outcome(caller: Caller) -> UcimageError | None:
    """The error that a call ends in; None where the page is the one that was sent."""
    try:
        page = caller.get_page()
    except UcimageError as error:
        return error
    assert [IMAGE] == [image.name for image in page.images]
    return None


def test_a_refused_connection_is_tried_again() -> None:
    """Where nobody listens, each try is refused."""
    with FaultServer() as server:
        url = server.url

    with Caller(url) as caller, pytest.raises(TransportError) as caught:
        caller.get_page()

    assert 4 == caller.attempts
    assert f"{server.port} refused the connection" in str(caught.value)
    assert ("127.0.0.1", server.port) == (caught.value.host, caught.value.port)


def test_a_call_that_was_cut_goes_on_after_the_cut() -> None:
    """A failure that passes leaves no trace in the page."""
    with FaultServer((Do.RESET,), (HEAD, Do.CLOSE), answer()) as server:
        with Caller(server.url) as caller:
            assert _outcome(caller) is None

        assert 3 == caller.attempts == len(server.requests)
        assert 1 == len({request.body for request in server.requests})


def test_an_answer_cut_anywhere_is_a_cut_connection() -> None:
    """However much came, what did not come is missed; also within padded chunk sizes."""
    body = b"%06x\r\n%s\r\n000000\r\n\r\n" % (len(BODY), BODY)
    whole = answer(body, headers=CHUNKED)
    answers = [(whole[:length], Do.CLOSE) for length in range(len(whole))]
    taken_for_good = []
    with FaultServer(*answers) as server, Caller(server.url, retries=0) as caller:
        for length in range(len(whole)):
            error = _outcome(caller)
            if type(error) is not TransportError or "cut the" not in str(error):
                taken_for_good.append((whole[:length], error))

    assert not taken_for_good


@pytest.mark.parametrize("status", range(200, 600))
def test_only_200_is_good(status: int) -> None:
    """Six statuses are tried again; every other one but 200 is an error at once."""
    again = status in {408, 429, 500, 502, 503, 504}
    with FaultServer((answer(status=status), Do.CLOSE)) as server:
        with Caller(server.url) as caller:
            error = _outcome(caller)

        assert (4 if again else 1) == len(server.requests)
    if status == 200:
        assert error is None
    else:
        assert isinstance(error, ResponseError)
        assert status == error.status
        assert f"HTTP status {status}" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A signed call goes to no other host; the cure names the setting."""
    with FaultServer(answer()) as other:
        redirect = answer(b"", status, {"Location": other.url})
        with FaultServer(redirect) as server, Caller(server.url) as caller:
            with pytest.raises(ResponseError, match="follows no redirect.*baseUrl"):  # noqa: RUF043
                caller.get_page()

            assert 1 == len(server.requests)
        assert 0 == other.connections


@pytest.mark.parametrize("status", [302, 404, 503])
def test_the_body_of_an_error_is_not_read(status: int) -> None:
    """A body that never ends, or is a bomb, holds up no error."""
    endless = answer(b"", status, {"Content-Length": "99999999", "Location": "/"})
    with (
        FaultServer((endless, Do.WAIT)) as server,
        Caller(server.url, retries=0, timeout_s=1) as caller,
        pytest.raises(ResponseError, match=f"status {status}"),
    ):
        caller.get_page()


@pytest.mark.parametrize("headers", [{}, GZIP])
@pytest.mark.parametrize(("more", "error"), [(0, None), (1, ResponseError)])
def test_an_answer_may_be_so_large_and_no_larger(
    headers: dict[str, str],
    more: int,
    error: type[UcimageError] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound is on what is unpacked, to the byte."""
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)
    body = BODY.ljust(100_000 + more)
    body = gzip.compress(body) if headers else body
    with (
        FaultServer(answer(body, headers=headers)) as server,
        Caller(server.url) as caller,
    ):
        outcome = _outcome(caller)

        assert error == (outcome and type(outcome))
        assert 1 == len(server.requests)


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


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_the_deadline_ends_what_never_would(script: Steps, authority: Authority) -> None:
    """Silence and drops of an answer are over with the deadline, under TLS too."""
    context = authority.server("127.0.0.1")
    with (
        FaultServer(script, tls=context) as server,
        Caller(server.url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller,
    ):
        caller_ended = _late(caller)

        assert 1 == len(server.requests)
    assert caller_ended < 2 * TIMEOUT_S + 0.5


def _late(caller: Caller) -> float:
    """How long a call took that came too late, in seconds."""
    begun = time.monotonic()
    with pytest.raises(TransportError, match="did not answer in time.*timeoutSeconds"):  # noqa: RUF043
        caller.get_page()
    return time.monotonic() - begun


@pytest.mark.parametrize("greeting", [(Do.WAIT,), (Drip(b"\x16\x03\x03\x40\x00" * 999),)])
def test_the_deadline_ends_a_handshake(greeting: Steps, authority: Authority) -> None:
    """A server that never comes to an end of TLS's greetings is given up."""
    with FaultServer(greeting=greeting) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url, timeout_s=TIMEOUT_S, network=authority.trusted) as caller:
            assert _late(caller) < 2 * TIMEOUT_S + 0.5


def test_a_silence_within_the_deadline_is_tried_again() -> None:
    """One read waits for its own time only, so that there is time for another try."""
    with (
        FaultServer((Do.WAIT,), (HEAD, Do.WAIT), answer()) as server,
        Caller(server.url, read_timeout_s=0.1) as caller,
    ):
        assert _outcome(caller) is None
        assert 3 == len(server.requests)


def test_nothing_is_sent_after_the_deadline() -> None:
    """A look-up without time left makes no call."""
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
def test_a_whole_answer_gives_its_connection_back(kept: bytes) -> None:
    """Calls one after the other take one connection."""
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
def test_what_follows_an_answer_is_not_the_next_one(steps: Steps) -> None:
    """After anything but one whole answer the next call takes a new connection."""
    with FaultServer(steps, answer()) as server, Caller(server.url, retries=0) as caller:
        _ended(caller)
        assert _outcome(caller) is None

        assert [1, 2] == [request.connection for request in server.requests]


def test_a_connection_that_the_server_closed_is_opened_anew() -> None:
    """An idle connection may end; the next call does not notice, nor try twice."""
    with (
        FaultServer((answer(), Do.CLOSE), answer()) as server,
        Caller(server.url, retries=1) as caller,
    ):
        assert _outcome(caller) is None
        assert _outcome(caller) is None
        assert 2 == server.connections


def test_close_ends_kept_connections() -> None:
    """After `close` the server sees its connection end, and a call opens another."""
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None
        caller.http.close()
        assert _outcome(caller) is None
        assert 2 == server.connections


# What is sent


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A POST of the form alone, with the headers that it needs."""
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


def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password for the host in ~/.netrc is not sent along."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    (Path.home() / ".netrc").write_text(netrc.read_text())
    monkeypatch.setenv("NETRC", str(netrc))
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None

        assert "authorization" not in server.requests[0].headers


def test_closing_closes_at_once() -> None:
    """No connection waits for the garbage collector, whatever failed before."""
    gc.disable()
    try:
        with FaultServer((Do.RESET,), answer()) as server:
            with Caller(server.url) as caller:
                assert _outcome(caller) is None
                assert 1 == _connections_to(server)
            assert 0 == _connections_to(server)
    finally:
        gc.enable()


def _connections_to(server: Server) -> int:
    """How many connections to a server this process has open, on its clients' side."""
    open_ones = [
        thing
        for thing in gc.get_objects()
        if type(thing) is socket.socket and thing.fileno() >= 0
    ]
    peers = []
    for one in open_ones:
        with contextlib.suppress(OSError):  # it listens, or its other end is gone
            peers.append(one.getpeername())
    return peers.count(("127.0.0.1", server.port))


def test_cookies_are_not_kept() -> None:
    """What a server sets is not sent back to it."""
    cookie = answer(headers={"Set-Cookie": "a=b; Path=/"})
    with FaultServer(cookie) as server, Caller(server.url) as caller:
        for _ in range(2):
            assert _outcome(caller) is None

        assert "cookie" not in server.requests[1].headers


def test_http_clients_debug_level_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody's `http.client.HTTPConnection.debuglevel = 1` shows no signed form."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        assert _outcome(caller) is None

    assert ("", "") == capsys.readouterr()


def test_logs_at_debug_hold_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    """What urllib3 logs of a call is no more than where it went."""
    caplog.set_level(logging.DEBUG)
    with FaultServer((Do.RESET,), answer(b"", 503), answer()) as server:
        with Caller(server.url) as caller:
            assert _outcome(caller) is None

        signature = server.requests[0].form["Signature"]
    assert "POST / HTTP" in caplog.text
    for secret in (PUBLIC_KEY, PRIVATE_KEY, TOKEN, signature):
        assert secret not in caplog.text


# TLS


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority, made once."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("another"))


def test_a_trusted_server_is_called(authority: Authority) -> None:
    """TLS by the authority that the route names, on a kept connection."""
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
    """A certificate that does not hold is an error at once, and nothing was sent."""
    with (
        FaultServer(answer(), tls=certificate(authority, another)) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        with pytest.raises(TransportError, match="certificate that is not to be trusted"):
            caller.get_page()

        assert (1, 0) == (server.connections, len(server.requests))


def test_certifi_is_trusted_by_itself(authority: Authority) -> None:
    """Without a bundle an authority of one's own is unknown; the cure names the variable."""  # noqa: E501
    with (
        FaultServer(answer(), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url) as caller,
    ):
        with pytest.raises(TransportError, match="REQUESTS_CA_BUNDLE"):
            caller.get_page()

        assert 1 == server.connections


def test_a_server_without_tls_is_called_once() -> None:
    """HTTP where TLS was expected is no connection, and no better the second time."""
    with FaultServer(greeting=(answer(), Do.WAIT)) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url) as caller, pytest.raises(TransportError, match="agree on TLS"):
            caller.get_page()

        assert 1 == server.connections


@pytest.mark.parametrize("how", [Do.CLOSE, Do.RESET])
def test_a_handshake_that_is_cut_is_tried_again(how: Do) -> None:
    """A connection cut before TLS is agreed on is a cut connection."""
    with FaultServer(greeting=(Do.READ, how)) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url) as caller, pytest.raises(TransportError):
            caller.get_page()

        assert 4 == server.connections


@pytest.mark.parametrize("cut", [HEAD[:20], HEAD, HEAD + BODY[:20]])
def test_a_cut_under_tls_is_a_cut(cut: bytes, authority: Authority) -> None:
    """An end without TLS's own goodbye is told as any other."""
    with (
        FaultServer((cut, Do.CLOSE), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        with pytest.raises(TransportError, match="cut the connection off"):
            caller.get_page()

        assert 4 == len(server.requests)


API = Endpoint.parse("https://api.example.com/")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"REQUESTS_CA_BUNDLE": ""}, None),
        ({"REQUESTS_CA_BUNDLE": "a"}, "a"),
        ({"CURL_CA_BUNDLE": "b"}, "b"),
        ({"REQUESTS_CA_BUNDLE": "a", "CURL_CA_BUNDLE": "b"}, "a"),
        ({"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "b"}, "b"),
    ],
)
def test_the_environments_bundle_is_trusted(
    environment: dict[str, str],
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """REQUESTS_CA_BUNDLE, then CURL_CA_BUNDLE, then certifi's."""
    for name in "ab":
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert (expected or True) == NetworkSettings.from_environment(API).ca_bundle


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_that_is_not_there_is_said(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is trusted in its stead."""
    monkeypatch.setenv(variable, str(tmp_path / "missing.pem"))

    with pytest.raises(ConfigError, match=f"^{variable} names .*missing.pem'"):
        NetworkSettings.from_environment(API)


def test_a_bundle_that_holds_no_certificates_is_called_once(
    tmp_path: Path, authority: Authority
) -> None:
    """A bundle that cannot be read is a failure of TLS that names the variable."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificates")
    with (
        FaultServer(answer(), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url, network=Route(None, str(bundle))) as caller,
    ):
        with pytest.raises(TransportError, match="REQUESTS_CA_BUNDLE"):
            caller.get_page()

        assert (1, 0) == (caller.attempts, len(server.requests))


# Proxies


PASSWORD = "proxy-pass-71"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Trust the tests' authority, by the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))


def _proxied(
    proxy: Server, monkeypatch: pytest.MonkeyPatch, *, timeout_s: float = 60
) -> Caller:
    """A caller of an API that only the proxy knows."""
    address = f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    return Caller(
        API.url, network=NetworkSettings.from_environment(API), timeout_s=timeout_s
    )


def test_https_goes_through_the_proxy(
    through: None, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is asked for a tunnel, with its password, and sees nothing else."""
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


def test_the_proxys_server_must_be_trusted_too(
    through: None, another: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that answers in the API's place gets no signed call."""
    tls = StartTls(another.server("api.example.com"))
    with FaultServer((CONNECTED, tls), answer()) as proxy:
        with (
            _proxied(proxy, monkeypatch) as caller,
            pytest.raises(TransportError, match="not to be trusted"),
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


@pytest.mark.parametrize(("fault", "tries"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_a_proxys_refusal_is_never_tried_again(
    fault: Answer, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a proxy refuses it refuses once; a connection that it cuts may be tried again."""  # noqa: E501
    with FaultServer(fault) as proxy:
        with (
            _proxied(proxy, monkeypatch) as caller,
            pytest.raises(TransportError) as caught,
        ):
            caller.get_page()

        assert tries == len(proxy.requests)
    assert PASSWORD not in str(caught.value)
    assert "api.example.com:443" in str(caught.value)


def test_a_proxy_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses connections is a refused connection; it is named as a proxy."""
    with FaultServer() as proxy:
        pass

    with (
        _proxied(proxy, monkeypatch) as caller,
        pytest.raises(TransportError, match="behind a proxy that cannot be reached"),
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
    """A proxy that drips is given up as a server that does."""
    with (
        FaultServer(steps) as proxy,
        _proxied(proxy, monkeypatch, timeout_s=TIMEOUT_S) as caller,
    ):
        assert _late(caller) < 2 * TIMEOUT_S + 0.5


def test_plain_http_inside_the_network_takes_the_http_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HTTP_PROXY serves the one endpoint that speaks HTTP only; its 407 ends the call."""
    endpoint = Endpoint.parse("http://api.service.ucloud.cn/")
    with FaultServer(answer(), answer(b"", 407)) as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        with Caller(
            endpoint.url, network=NetworkSettings.from_environment(endpoint)
        ) as caller:
            assert _outcome(caller) is None
            with pytest.raises(ResponseError, match="407.*proxy"):  # noqa: RUF043
                caller.get_page()

        assert 2 == len(proxy.requests)
    assert proxy.requests[0].head.startswith("POST http://api.service.ucloud.cn/ HTTP")


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1"}, API.url, "http://p:1"),
        ({"https_proxy": "http://p:1"}, API.url, "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, API.url, "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, API.url, "p:1"),
        ({"HTTPS_PROXY": ""}, API.url, None),
        ({"HTTP_PROXY": "http://p:1"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.c"}, API.url, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.c, .example.com"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "API.example.com"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example.com:443"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample.com"}, API.url, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.9"}, "https://10.0.0.9/", None),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, 10.0.0.0/8"},
            "https://10.1.2.3/",
            None,
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"},
            "https://11.1.2.3/",
            "http://p:1",
        ),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "fd00::/8"}, "https://[fd00::1]/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "fd00::1"}, "https://[fd00::1]/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://127.0.0.1/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://localhost/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://[::1]/", None),
        ({"ALL_PROXY": "http://p:1"}, "http://127.9.9.9:99/", None),
    ],
)
def test_the_environments_proxy(
    environment: dict[str, str],
    url: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The proxy variables are honoured, and never for this machine itself."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert expected == NetworkSettings.from_environment(Endpoint.parse(url)).proxy


@pytest.mark.parametrize(
    "address",
    [
        "socks5://user:{}@127.0.0.1:1080",
        "SOCKS5h://user:{}@127.0.0.1:1080",
        "ftp://user:{}@127.0.0.1",
        "http://user:{}@",
        "http://user:{}@[bad",
        "http://user:{}@host:port",
        "http://user:{}%E4%B8%AD@127.0.0.1:3128",
        "://{}",
    ],
)
def test_a_proxy_that_cannot_be_used_is_said(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is called instead, and its password is not shown."""
    monkeypatch.setenv("HTTPS_PROXY", address.format(PASSWORD))

    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        NetworkSettings.from_environment(API)
    assert PASSWORD not in str(caught.value)


def test_a_route_shows_no_password() -> None:
    """A proxy's address may hold one, so a repr has none."""
    route = Route(proxy=f"http://user:{PASSWORD}@proxy", ca_bundle=True)

    assert PASSWORD not in repr(route)
