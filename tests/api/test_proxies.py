"""Calls through a proxy, whose refusals are errors of their own."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from calling import LATEST_S, TIMEOUT_S, Caller, late, outcome
from faults import (
    CONNECTED,
    Do,
    Drip,
    FaultServer,
    StartTls,
    answer,
)

from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.network import NetworkSettings
from pulumi_ucimage.errors import (
    ResponseError,
    TransportError,
)

if TYPE_CHECKING:
    from authority import Authority
    from faults import Answer, Steps

API = Endpoint.parse("https://api.example.com/")
PASSWORD = "proxy-pass-71"


def _proxied(
    proxy: FaultServer, monkeypatch: pytest.MonkeyPatch, *, timeout_s: float = 60
) -> Caller:
    """A caller of an API that only the proxy can reach."""
    address = f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    return Caller(
        API.url, network=NetworkSettings.from_environment(API), timeout_s=timeout_s
    )


def test_https_goes_through_the_proxy(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy gets its password and opens a tunnel; it sees nothing else."""
    tls = StartTls(trusted.server("api.example.com"))
    with FaultServer((CONNECTED, tls), answer()) as proxy:
        with _proxied(proxy, monkeypatch) as caller:
            assert outcome(caller) is None
            assert outcome(caller) is None

        connect, call, _ = proxy.requests
    assert connect.head.startswith("CONNECT api.example.com:443 HTTP/")
    assert connect.headers["proxy-authorization"].startswith("Basic ")
    assert call.head.startswith("POST / HTTP/1.1\r\n")
    assert "proxy-authorization" not in call.headers
    assert 1 == proxy.connections


def test_a_server_behind_a_proxy_must_be_trusted_too(
    trusted: Authority, untrusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that answers in the API's place gets no signed request."""
    tls = StartTls(untrusted.server("api.example.com"))
    with FaultServer((CONNECTED, tls), answer()) as proxy:
        with (
            _proxied(proxy, monkeypatch) as caller,
            pytest.raises(TransportError, match="untrusted certificate"),
        ):
            caller.get_page()

        assert 1 == len(proxy.requests)


PROXY_FAULTS: dict[str, tuple[Answer, int]] = {
    "502": (answer(b"", 502), 1),
    "garbage": (b"garbage\r\n\r\n", 1),
    "closed": ((Do.CLOSE,), 4),
}


@pytest.mark.parametrize(("fault", "attempts"), PROXY_FAULTS.values(), ids=PROXY_FAULTS)
def test_a_refusal_of_the_proxy_is_not_retried(
    fault: Answer, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that the proxy cuts is retried; no message shows its password."""
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
        assert late(caller) < LATEST_S


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
            assert outcome(caller) is None
            with pytest.raises(ResponseError, match="407.*HTTP_PROXY"):  # noqa: RUF043
                caller.get_page()

        assert 2 == len(proxy.requests)
    assert proxy.requests[0].head.startswith("POST http://api.service.ucloud.cn/ HTTP")
    password = base64.b64encode(b"user:pass@word").decode()
    assert f"Basic {password}" == proxy.requests[0].headers["proxy-authorization"]


def test_a_proxy_that_speaks_tls_must_be_trusted(
    trusted: Authority, untrusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is checked by the same CA bundle as the API's."""
    endpoint = Endpoint.parse("http://api.service.ucloud.cn/")
    for authority in (trusted, untrusted):
        with FaultServer(answer(), tls=authority.server("127.0.0.1")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"https://127.0.0.1:{proxy.port}")
            network = NetworkSettings.from_environment(endpoint)
            with Caller(endpoint.url, network=network) as caller:
                error = outcome(caller)

        if authority is trusted:
            assert error is None
        else:
            assert "has an untrusted certificate" in str(error)
            assert not proxy.requests
