"""One signed POST becomes the bytes of its answer, or a failure of ours.

The one place that knows requests. Its defaults would follow redirects with the signed
form, add netrc's password, keep cookies, and unpack without a bound; none of that happens
here. `deadline_http` sees to answers that drip.
"""

from __future__ import annotations

import http.client
import io
import os
import ssl
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Final, NamedTuple, final

import requests
import requests.utils
import urllib3.exceptions
import urllib3.util

from pulumi_ucimage.errors import ConfigError, ResponseError, TransportError
from pulumi_ucimage.text import printable, quoted
from pulumi_ucimage.ucloud import retry
from pulumi_ucimage.ucloud.deadline_http import DeadlineAdapter, reading_until
from pulumi_ucimage.ucloud.retry import Failure, Retry
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_ucimage.credentials import Secret
    from pulumi_ucimage.endpoint import Endpoint
    from pulumi_ucimage.ucloud.clock import Deadline

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 30.0
LARGEST_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of one answer, packed or unpacked; a page of 100 images is some 0.1 MB."""

_CHUNK: Final = 16 * 1024
"""Bytes read at once; gzip unpacks them to a thousand times as much at the most."""
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


@final
@dataclass(frozen=True, slots=True)
class Route:
    """How the environment says that an endpoint is reached.

    Not shown in a repr, for an address of a proxy may hold a password.

    Attributes:
        proxy: address of the proxy; None where the way is direct.
        ca_bundle: path of the certificates to trust; True for those of certifi.
    """

    proxy: str | None = field(repr=False)
    ca_bundle: str | bool

    @classmethod
    def to(cls, endpoint: Endpoint) -> Route:
        """The route by the proxy variables, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.

        Raises:
            ConfigError: the bundle is not there, or the proxy is none that can be used.
        """
        return cls(_proxy(endpoint), _ca_bundle())


def _ca_bundle() -> str | bool:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = os.environ.get(variable)
        if bundle and not os.path.exists(bundle):  # noqa: PTH110 - Path.exists raises on NUL
            message = (
                f"{variable} names {quoted(bundle)}, which does not exist; set it"
                " to a file of certificates to trust, or unset it."
            )
            raise ConfigError(message)
        if bundle:
            return bundle
    return True


def _proxy(endpoint: Endpoint) -> str | None:
    if endpoint.is_loopback:
        return None
    proxies = requests.utils.get_environ_proxies(endpoint.url, no_proxy=None)
    proxy = requests.utils.select_proxy(endpoint.url, proxies)
    if not proxy or _is_usable(proxy):
        return proxy or None
    # The address itself may hold a password.
    message = (
        f"The proxy for {endpoint.scheme}://{endpoint.host} cannot be used: set"
        f" {endpoint.scheme.upper()}_PROXY (or ALL_PROXY) to an address such as"
        " http://proxy.example.com:3128 (SOCKS is not supported), or add the host to"
        " NO_PROXY."
    )
    raise ConfigError(message)


def _is_usable(proxy: str) -> bool:
    """Whether requests can speak to a proxy at this address, and with its password."""
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parsed = urllib3.util.parse_url(address)
        "".join(requests.utils.get_auth_from_url(address)).encode("latin-1")
    except (ValueError, urllib3.exceptions.HTTPError):
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


class _Session(requests.Session):
    def get_redirect_target(self, _response: requests.Response) -> None:
        """Tell of no redirect: for one requests would read the whole body, unbounded."""


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
        self._route = route
        self._read_timeout_s = read_timeout_s
        # Frozen from here on, which is what makes sharing it among threads safe.
        self._session = _Session()
        # No netrc, and nothing looked up in the environment at each call.
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.headers.update(_HEADERS)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, DeadlineAdapter())
        # All calls are alike but for their form; preparing each costs more than its TLS.
        self._alike = self._session.prepare_request(requests.Request("POST", endpoint.url))

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def post(self, form: Secret, deadline: Deadline) -> Answer | Failure:
        """The answer to a signed form, within the deadline plus one read."""
        remaining_s = deadline.remaining_s()
        if remaining_s <= 0:
            return self._late(deadline)
        try:
            with (
                reading_until(deadline, self._read_timeout_s),
                self._session.send(
                    self._request(form),
                    timeout=(
                        min(CONNECT_TIMEOUT_S, remaining_s),
                        self._read_timeout_s,
                    ),
                    allow_redirects=False,
                    stream=True,
                    verify=self._route.ca_bundle,
                    proxies={self._endpoint.scheme: self._route.proxy}
                    if self._route.proxy
                    else {},
                ) as response,
            ):
                if response.status_code != http.client.OK:
                    return self._refused(response, deadline)
                return Answer(_body(response.raw), _retry_after_s(response, deadline))
        except _UnusableAnswerError as error:
            return self._unusable(str(error))
        except (
            OSError,  # requests' own errors are among these
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

    def _request(self, form: Secret) -> requests.PreparedRequest:
        request = self._alike.copy()
        request.body = form.reveal()
        request.headers["Content-Length"] = str(len(request.body))
        return request

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
            ResponseError(
                f"The UCloud API at {self._endpoint.host}:{self._endpoint.port} {problem}"
            ),
            Retry.NEVER,
        )

    def _refused(self, response: requests.Response, deadline: Deadline) -> Failure:
        status = response.status_code
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
                f"The UCloud API at {self._endpoint.host}:{self._endpoint.port}"
                f" answered with HTTP status {status}: {cure}.",
                status=status,
            ),
            worth,
            _retry_after_s(response, deadline),
        )


def _retry_after_s(response: requests.Response, deadline: Deadline) -> float:
    now = datetime.fromtimestamp(deadline.clock.now(), timezone.utc)
    return retry.retry_after_s(response.headers.get("Retry-After"), now)


class _UnusableAnswerError(Exception):
    """An answer's body cannot be used; the text continues `The UCloud API at ...`."""


def _body(raw: urllib3.HTTPResponse) -> bytes:
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        message = (
            "packed its answer in a way that was not asked for; check what stands"
            " between here and the API."
        )
        raise _UnusableAnswerError(message)
    # urllib3's own way to unpack does not tell a stream that ends too soon.
    gzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    body = io.BytesIO()
    while chunk := raw.read1(_CHUNK, decode_content=False):
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

    # TLS and proxies first: requests and urllib3 have them among connection errors.
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
    """The error and all that it wraps, each once, as the three libraries wrap them."""
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
