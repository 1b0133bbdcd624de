"""What went wrong with a connection, in words, and whether another attempt may help."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

import urllib3.exceptions

from pulumi_ucimage._formatting import printable
from pulumi_ucimage._http.retry import Retry
from pulumi_ucimage.errors import machine_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS: Final = (
    OSError,  # those of requests among them
    ValueError,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
)
"""Everything that requests, urllib3 and http.client raise while a request is made."""

_PROXY_VARIABLES: Final = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"


class Explanation(NamedTuple):
    """Why a request failed.

    Attributes:
        problem: continues a sentence that begins with the server's name.
        retry: whether another attempt may help.
    """

    problem: str
    retry: Retry


def explain(error: BaseException, *, setting: str) -> Explanation:  # noqa: C901, PLR0911 - a table
    """What a failed request means.

    Args:
        error: one of `ERRORS`.
        setting: what the user checks if the server's address is wrong.
    """
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> BaseException | None:
        return next((cause for cause in causes if isinstance(cause, kinds)), None)

    # The order matters: urllib3 counts failures of the machine, of TLS and of proxies as
    # connection errors, and a connection that cannot be made as a timeout.
    for cause in causes:
        if problem := machine_problem(cause):
            return Explanation(f"was not called: {problem}.", Retry.NEVER)
    untrusted = caused_by(ssl.SSLCertVerificationError)
    if isinstance(untrusted, ssl.SSLCertVerificationError):
        return Explanation(
            f"has an untrusted certificate ({printable(untrusted.verify_message)}); if"
            " your own authority issued it, name that authority's file in"
            " REQUESTS_CA_BUNDLE.",
            Retry.NEVER,
        )
    if caused_by(ssl.SSLError) and not caused_by(ssl.SSLEOFError):
        return Explanation(
            f"does not speak TLS as expected; check {setting} and whether a proxy or"
            " firewall answers in its place.",
            Retry.NEVER,
        )
    unreached = caused_by(urllib3.exceptions.NewConnectionError, ConnectionRefusedError)
    if caused_by(urllib3.exceptions.ProxyError):
        if unreached or caused_by(
            TimeoutError, urllib3.exceptions.TimeoutError, ConnectionError
        ):
            return Explanation(
                f"is behind a proxy that cannot be reached; check {_PROXY_VARIABLES}.",
                Retry.TRANSIENT,
            )
        return Explanation(
            "is behind a proxy that refused the connection; check the proxy's address,"
            f" user and password in {_PROXY_VARIABLES}.",
            Retry.NEVER,
        )
    if caused_by(urllib3.exceptions.NameResolutionError):
        return Explanation(
            "has a host name that cannot be resolved; check"
            f" {setting} and this machine's DNS.",
            Retry.TRANSIENT,
        )
    if caused_by(ConnectionRefusedError):
        return Explanation(
            f"refused the connection; check {setting}, and whether a firewall blocks the"
            f" way or a proxy is needed ({_PROXY_VARIABLES}).",
            Retry.TRANSIENT,
        )
    if unreached:
        return Explanation(
            "cannot be reached; check this machine's network, and whether a firewall"
            f" blocks the way or a proxy is needed ({_PROXY_VARIABLES}).",
            Retry.TRANSIENT,
        )
    if caused_by(TimeoutError, urllib3.exceptions.TimeoutError):
        return Explanation(
            f"timed out; try again later, or check {setting} and whether a proxy is"
            f" needed ({_PROXY_VARIABLES}).",
            Retry.TRANSIENT,
        )
    if caused_by(
        ConnectionError,
        ssl.SSLEOFError,
        http.client.IncompleteRead,
        urllib3.exceptions.IncompleteRead,
    ):
        return Explanation(
            f"cut the connection; try again later, or check {setting} and whether a proxy"
            " or firewall is in between.",
            Retry.TRANSIENT,
        )
    return Explanation(
        f"sent something that is not valid HTTP; check {setting} and whether a proxy or"
        " firewall answers in its place.",
        Retry.NEVER,
    )


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
        inner = [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
        waiting.extend(e for e in (*inner, *cause.args) if isinstance(e, BaseException))
