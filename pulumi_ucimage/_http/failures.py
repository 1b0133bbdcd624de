"""What went wrong with a connection, in words, and whether another attempt may help."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Final

import urllib3.exceptions

from pulumi_ucimage._formatting import printable
from pulumi_ucimage._http.machine import explain_machine_problem
from pulumi_ucimage._http.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_ucimage._http.peer import Peer

REQUEST_ERRORS: Final = (
    OSError,  # those of requests among them
    ValueError,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
)
"""Everything that requests, urllib3 and http.client raise while a request is made."""

_PROXY_VARIABLES: Final = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"


def explain_failure(  # noqa: C901, PLR0911 - a table
    error: BaseException, peer: Peer
) -> tuple[str, Retry]:
    """Why a request failed, and whether another attempt may help.

    Args:
        error: one of `REQUEST_ERRORS`.
        peer: the server that was called.

    Returns:
        the rest of a sentence that begins with the server's name, and the retry.
    """
    causes = list(_causes(error))

    def has_cause(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    network_advice = (
        f"whether a firewall blocks it or a proxy is needed ({_PROXY_VARIABLES})."
    )
    # The order matters: urllib3 counts problems of the machine, of TLS and of proxies as
    # connection errors, and a connection that cannot be made as a timeout.
    for cause in causes:
        if problem := explain_machine_problem(cause):
            return f"was not called: {problem}.", Retry.NEVER
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"has an untrusted certificate ({printable(cause.verify_message)}); if your"
                " own authority issued it, name that authority's file in"
                " REQUESTS_CA_BUNDLE.",
                Retry.NEVER,
            )
    if has_cause(ssl.SSLError) and not has_cause(ssl.SSLEOFError):
        return f"does not speak TLS as expected; {peer.advice}.", Retry.NEVER
    is_unreachable = has_cause(
        urllib3.exceptions.NewConnectionError, ConnectionRefusedError
    )
    is_late = has_cause(TimeoutError, urllib3.exceptions.TimeoutError)
    if has_cause(urllib3.exceptions.ProxyError):
        # The last two: during the TLS handshake with a proxy.
        if is_unreachable or is_late or has_cause(ConnectionError, ssl.SSLEOFError):
            problem = f"is behind a proxy that cannot be reached; check {_PROXY_VARIABLES}."
            return problem, Retry.TRANSIENT
        return (
            "is behind a proxy that refused the connection; check the proxy's address,"
            f" user and password in {_PROXY_VARIABLES}.",
            Retry.NEVER,
        )
    if has_cause(urllib3.exceptions.NameResolutionError):
        problem = (
            f"has a host name that cannot be resolved; check the DNS, and {peer.setting}."
        )
        return problem, Retry.TRANSIENT
    if has_cause(ConnectionRefusedError):
        return (
            f"refused the connection; check {peer.setting}, and {network_advice}",
            Retry.TRANSIENT,
        )
    if is_unreachable:
        return (
            f"cannot be reached; check the network, and {network_advice}",
            Retry.TRANSIENT,
        )
    if is_late:
        return (
            f"timed out; try again later, or check {peer.setting}, and {network_advice}",
            Retry.TRANSIENT,
        )
    if has_cause(
        ConnectionError,
        ssl.SSLEOFError,
        http.client.IncompleteRead,
        urllib3.exceptions.IncompleteRead,
    ):
        return f"cut the connection; try again later, or {peer.advice}.", Retry.TRANSIENT
    return f"sent something that is not valid HTTP; {peer.advice}.", Retry.NEVER


def is_closed_pool(error: BaseException) -> bool:
    """Whether the connections were closed before the request could be sent."""
    return any(isinstance(e, urllib3.exceptions.ClosedPoolError) for e in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and every error that it wraps, each once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        # Not `__context__`, which may be an exception that the caller is handling.
        inner = [cause.__cause__, getattr(cause, "reason", None)]
        waiting.extend(e for e in (*inner, *cause.args) if isinstance(e, BaseException))
