"""A failed request says what happened and what to check."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import resource
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import requests
from calling import Caller
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

from pulumi_ucimage._http.failures import explain_failure
from pulumi_ucimage._http.machine import explain_machine_problem
from pulumi_ucimage._http.peer import Peer
from pulumi_ucimage._http.retry import Retry
from pulumi_ucimage.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authority import Authority


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
    # Nothing accepts: the system would refuse that too.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with Caller(f"http://127.0.0.1:{port}/") as caller:
            with no_files(), pytest.raises(TransportError) as caught:
                caller.get_page()

            assert 1 == caller.attempts
    assert str(caught.value).endswith(
        f":{port} was not called: this process has too many open files; close some or"
        " raise the limit (ulimit -n)."
    )


def test_too_many_open_files_are_not_a_problem_of_the_ca_bundle(
    authority: Authority,
) -> None:
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
    found = explain_machine_problem(error)
    wrapped = requests.ConnectionError(MaxRetryError(POOL, "/", error))
    text, retry = explain_failure(wrapped, Peer("The server", "its address"))

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
        "has a host name that cannot be resolved; check the DNS, and ADDRESS.",
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
        "cut the connection; try again later, or check ADDRESS, and",
        Retry.TRANSIENT,
    ),
    "incomplete": (http.client.IncompleteRead(b""), "cut the conn", Retry.TRANSIENT),
    "TLS cut": (ssl.SSLEOFError(), "cut the connection;", Retry.TRANSIENT),
    "no TLS": (
        ssl.SSLError(),
        "does not speak TLS as expected; check ADDRESS, and whether a proxy or firewall"
        " answers in its place.",
        Retry.NEVER,
    ),
    "no proxy": (
        PROXIED,
        "is behind a proxy that cannot be reached; check HTTPS_PROXY,",
        Retry.TRANSIENT,
    ),
    "proxy's TLS reset": (
        ProxyError("x", ConnectionResetError()),
        "is behind a proxy that cannot be reached; check HTTPS_PROXY,",
        Retry.TRANSIENT,
    ),
    "proxy's TLS cut": (
        ProxyError("x", ssl.SSLEOFError()),
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
        "sent something that is not valid HTTP; check ADDRESS, and",
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
        found = explain_failure(wrapped, Peer("The server", "ADDRESS"))
        assert found[0].startswith(says)
        assert retry is found[1]


def test_an_exception_that_the_caller_handles_does_not_matter() -> None:
    """The error and its retry are those of the call alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Caller(f"http://127.0.0.1:{port}/") as caller:
        try:
            raise OSError(errno.EMFILE, "")  # noqa: TRY301 - it is being handled
        except OSError:
            with pytest.raises(TransportError, match="refused the connection"):
                caller.get_page()

        assert 4 == caller.attempts
