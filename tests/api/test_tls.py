"""Only a trusted server is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authority import EXPIRED, Authority
from calling import Caller, outcome
from faults import (
    Do,
    FaultServer,
    answer,
)

from pulumi_ucimage.errors import (
    TransportError,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


def test_a_trusted_server_is_called(authority: Authority) -> None:
    """A certificate of the CA bundle's authority, on a kept connection."""
    with (
        FaultServer(answer(), tls=authority.server("127.0.0.1")) as server,
        Caller(server.url, network=authority.trusted) as caller,
    ):
        for _ in range(2):
            assert outcome(caller) is None

        assert 1 == server.connections


UNTRUSTED: dict[str, Callable[[Authority, Authority], ssl.SSLContext]] = {
    "unknown authority": lambda _, untrusted: untrusted.server("127.0.0.1"),
    "other host": lambda authority, _: authority.server("api.ucloud.cn"),
    "expired": lambda authority, _: authority.server("127.0.0.1", not_after=EXPIRED),
}


@pytest.mark.parametrize("certificate", UNTRUSTED.values(), ids=UNTRUSTED)
def test_an_untrusted_server_is_called_once(
    certificate: Callable[[Authority, Authority], ssl.SSLContext],
    authority: Authority,
    untrusted: Authority,
) -> None:
    """An untrusted certificate is an error at once, and nothing is sent."""
    with (
        FaultServer(answer(), tls=certificate(authority, untrusted)) as server,
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


def test_a_reset_handshake_is_retried() -> None:
    """A connection that is reset in the handshake is a cut connection."""
    with FaultServer(greeting=(Do.READ, Do.RESET)) as server:
        url = server.url.replace("http:", "https:")
        with Caller(url) as caller, pytest.raises(TransportError):
            caller.get_page()

        assert 4 == server.connections
