"""One signed POST becomes the bytes of its answer, or a failure of ours.

With `deadline_http`, which sees to answers that drip, and `route` the only one that knows
urllib3. Its defaults would follow redirects with the signed form, try again by rules of
its own, and unpack without a bound; none of that happens here.
"""

from __future__ import annotations

import http.client
import io
import ssl
import threading
import zlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final, NamedTuple

import urllib3.exceptions
import urllib3.util

from pulumi_ucimage._formatting import address, printable
from pulumi_ucimage._http import retry
from pulumi_ucimage._http.connection import connections, reading_until
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage.errors import ResponseError, TransportError
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._http.proxy import Route
    from pulumi_ucimage._secret import Secret

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 30.0
LARGEST_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of one answer, packed or unpacked; a page of 100 images is some 0.1 MB."""

_CHUNK: Final = 1024 * 1024
"""Bytes read at once."""
_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": f"pulumi-ucimage/{__version__}",
}


class Answer(NamedTuple):
    """A 200 answer.

    Attributes:
        body: its bytes, unpacked and whole.
        retry_after_s: what its Retry-After header asks for, in seconds; else 0.
    """

    body: bytes
    retry_after_s: float


class Transport:
    """Kept connections to one endpoint; may be used by several threads.

    Args:
        endpoint: where the API is.
        route: the way there.
        read_timeout_s: the longest silence of the server, in seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        route: Route,
        *,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._endpoint = endpoint
        self._address = address(endpoint.host, endpoint.port)
        self._route = route
        self._read_timeout_s = read_timeout_s
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._opening = threading.Lock()
        parsed = urllib3.util.parse_url(endpoint.url)
        # Whoever is asked for plain HTTP on behalf of others needs the whole address.
        through_proxy = route.proxy and endpoint.scheme == "http"
        self._target = endpoint.url if through_proxy else parsed.request_uri

    def close(self) -> None:
        """Close the kept connections."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool:
            pool.close()

    def post(self, form: Secret, deadline: Deadline) -> Answer | Failure:
        """The answer to a signed form, within the deadline plus one read."""
        remaining_s = deadline.remaining_s()
        if remaining_s <= 0:
            return self._late(deadline)
        try:
            with reading_until(deadline, self._read_timeout_s):
                response = self._open().urlopen(
                    "POST",
                    self._target,
                    form.reveal(),
                    _HEADERS,
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=urllib3.Timeout(
                        connect=min(CONNECT_TIMEOUT_S, remaining_s),
                        read=self._read_timeout_s,
                    ),
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    if response.status != http.client.OK:
                        return self._refused(response, deadline)
                    return Answer(_body(response), _retry_after_s(response, deadline))
                finally:
                    # Closes the connection where the answer was not read to its end.
                    response.close()
                    response.release_conn()
        except _UnusableAnswerError as error:
            return self._unusable(str(error))
        except (
            OSError,
            ValueError,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
        ) as e:
            # Nothing is raised in here: the error's frames hold the signed form and must
            # not become the context of ours.
            problem, worth = _explain(e)
        if worth is Retry.TRANSIENT and deadline.remaining_s() <= 0:
            return self._late(deadline)
        return Failure(self._error(problem), worth)

    def _open(self) -> urllib3.HTTPConnectionPool:
        """The connections, from the first call on: it reads the certificates."""
        with self._opening:
            if self._pool is None:
                self._pool = connections(self._endpoint, self._route)
            return self._pool

    def _error(self, problem: str) -> TransportError:
        return TransportError(problem, host=self._endpoint.host, port=self._endpoint.port)

    def _late(self, deadline: Deadline) -> Failure:
        return Failure(
            self._error(
                f"did not answer in time: one look-up has {deadline.timeout_s:g} s for"
                " all its calls; raise ucimage:timeoutSeconds"
                " (UCIMAGE_TIMEOUT_SECONDS) if that is too short."
            ),
            Retry.NEVER,
        )

    def _unusable(self, problem: str) -> Failure:
        return Failure(
            ResponseError(f"The UCloud API at {self._address} {problem}"),
            Retry.NEVER,
        )

    def _refused(self, response: urllib3.BaseHTTPResponse, deadline: Deadline) -> Failure:
        status = response.status
        worth = retry.for_status(status)
        if worth is not Retry.NEVER:
            cure = "try again later"
        elif http.client.MULTIPLE_CHOICES <= status < http.client.BAD_REQUEST:
            cure = (
                "a signed call follows no redirect; set ucimage:baseUrl"
                " (UCLOUD_API_BASE_URL) to the API's own address"
            )
        elif status == http.client.PROXY_AUTHENTICATION_REQUIRED:
            cure = "give the proxy its user and password in HTTP_PROXY, or set NO_PROXY"
        else:
            cure = (
                "check ucimage:baseUrl (UCLOUD_API_BASE_URL) and what stands between"
                " here and the API"
            )
        return Failure(
            ResponseError(
                f"The UCloud API at {self._address}"
                f" answered with HTTP status {status}: {cure}.",
                status=status,
            ),
            worth,
            _retry_after_s(response, deadline),
        )


def _retry_after_s(response: urllib3.BaseHTTPResponse, deadline: Deadline) -> float:
    now = datetime.fromtimestamp(deadline.clock.now(), timezone.utc)
    return retry.retry_after_s(response.headers.get("Retry-After"), now)


class _UnusableAnswerError(Exception):
    """An answer's body cannot be used; the text continues `The UCloud API at ...`."""


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        message = (
            "packed its answer in a way that was not asked for; check what stands"
            " between here and the API."
        )
        raise _UnusableAnswerError(message)
    # urllib3's own way to unpack does not tell a stream that ends too soon.
    gzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    body = io.BytesIO()
    while chunk := response.read(_CHUNK):
        body.write(_unpacked(gzip, chunk, LARGEST_ANSWER + 1 - body.tell()))
        if body.tell() > LARGEST_ANSWER:
            raise _UnusableAnswerError(_TOO_LARGE)
    if gzip and not gzip.eof:
        raise _UnusableAnswerError(_NOT_WHOLE)
    return body.getvalue()


def _unpacked(gzip: zlib._Decompress | None, chunk: bytes, most: int) -> bytes:
    if gzip is None:
        return chunk
    try:
        unpacked = gzip.decompress(chunk, most)
    except zlib.error:
        raise _UnusableAnswerError(_NOT_WHOLE) from None
    if gzip.unused_data:
        raise _UnusableAnswerError(_NOT_WHOLE)
    return unpacked


_NOT_WHOLE: Final = "sent an answer that cannot be unpacked whole; try again later."
_TOO_LARGE: Final = (
    f"sent an answer of more than {LARGEST_ANSWER // 2**20} MiB; check what stands"
    " between here and the API."
)


def _explain(error: BaseException) -> tuple[str, Retry]:  # noqa: C901, PLR0911 - a table
    """What happened, as the end of a sentence, and whether another try is worth it."""
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> BaseException | None:
        return next((cause for cause in causes if isinstance(cause, kinds)), None)

    # TLS and proxies first: urllib3 has them among connection errors.
    untrusted = caused_by(ssl.SSLCertVerificationError)
    if isinstance(untrusted, ssl.SSLCertVerificationError):
        return (
            "showed a certificate that is not to be trusted"
            f" ({printable(untrusted.verify_message)}); if it is your own authority's,"
            " name its file in REQUESTS_CA_BUNDLE.",
            Retry.NEVER,
        )
    if caused_by(ssl.SSLError) and not caused_by(ssl.SSLEOFError):
        return (
            "could not agree on TLS; check ucimage:baseUrl (UCLOUD_API_BASE_URL) and"
            " REQUESTS_CA_BUNDLE.",
            Retry.NEVER,
        )
    unreached = caused_by(urllib3.exceptions.NewConnectionError, ConnectionRefusedError)
    if caused_by(urllib3.exceptions.ProxyError):
        if unreached or caused_by(
            TimeoutError, urllib3.exceptions.TimeoutError, ConnectionError
        ):
            return "is behind a proxy that cannot be reached.", Retry.TRANSIENT
        return (
            "is behind a proxy that refused the connection; check HTTPS_PROXY and"
            " NO_PROXY.",
            Retry.NEVER,
        )
    if caused_by(urllib3.exceptions.NameResolutionError):
        return "has a name that cannot be resolved.", Retry.TRANSIENT
    # urllib3 has a connection that cannot be made among its timeouts.
    if caused_by(ConnectionRefusedError):
        return "refused the connection.", Retry.TRANSIENT
    if unreached:
        return "cannot be reached.", Retry.TRANSIENT
    if caused_by(TimeoutError, urllib3.exceptions.TimeoutError):
        return "timed out.", Retry.TRANSIENT
    if caused_by(
        ConnectionError,
        ssl.SSLEOFError,
        http.client.IncompleteRead,
        urllib3.exceptions.IncompleteRead,
    ):
        return "cut the connection off.", Retry.TRANSIENT
    return "does not speak HTTP as it should.", Retry.NEVER


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, each once, however it is wrapped."""
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
