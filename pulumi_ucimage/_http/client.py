"""HTTP requests to one server, on kept connections, that return a response or a failure.

requests follows redirects with a signed form, keeps cookies, reads ~/.netrc, waits without
a deadline and unpacks without a bound. None of that happens here: requests' adapter sends
prepared requests without a Session, and bodies are read by hand.
"""

from __future__ import annotations

import io
import os
import threading
import zlib
from collections import OrderedDict
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, final

import requests
from requests.structures import CaseInsensitiveDict

from pulumi_ucimage._http.connection import DeadlineAdapter, reading_until
from pulumi_ucimage._http.failures import REQUEST_ERRORS, explain_failure, is_closed_pool
from pulumi_ucimage._http.machine import explain_machine_problem
from pulumi_ucimage._http.network import NetworkSettings
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._secret import Secret
from pulumi_ucimage.errors import ResponseError, TransportError
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._http.peer import Peer

_CONNECT_TIMEOUT_S: Final = 5.0
_READ_TIMEOUT_S: Final = 30.0
_MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""Size of one body, packed or unpacked; a page of 100 images has about 0.1 MB."""
MAX_CLIENTS: Final = 8
"""Servers whose connections are kept."""

_HEADERS: Final = {
    "User-Agent": f"pulumi-ucimage/{__version__}",
    "Accept-Encoding": "gzip",
}
_CHUNK_BYTES: Final = 1024 * 1024
"""How much is read at once."""


class HttpResponse(NamedTuple):
    """A response with any HTTP status.

    Attributes:
        status: the HTTP status.
        headers: by name, in any case.
        body: the whole body, unpacked; for any status but 200, at most `max_error_bytes`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@final
class HttpClient:
    """Kept connections to one server; several threads may use it.

    Attributes:
        address: `host:port` of the server, for messages.

    Args:
        endpoint: where the server is.
        network: proxy and certificates.
        peer: how messages name the server.
        read_timeout_s: the longest silence of the server, in seconds.

    Raises:
        ConfigError: the CA bundle cannot be used.
        TransportError: the machine is out of files or memory, or the certificates of
            requests cannot be read.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        network: NetworkSettings,
        *,
        peer: Peer,
        read_timeout_s: float = _READ_TIMEOUT_S,
    ) -> None:
        self.address = endpoint.address
        self._endpoint, self._origin = endpoint, endpoint.origin
        self._peer = peer
        self._read_timeout_s = read_timeout_s
        context = problem = None
        if "https" in {endpoint.scheme, (network.proxy or "").partition(":")[0]}:
            try:
                context = network.ssl_context()
            except OSError as error:
                problem = explain_machine_problem(error) or (
                    "the certificates of requests cannot be read; set REQUESTS_CA_BUNDLE"
                    " to a file of certificates in PEM format"
                )
        if problem:
            raise self._transport_error(f"was not called: {problem}.")
        self._adapter = DeadlineAdapter(self._origin, context, network.proxy)

    def close(self) -> None:
        """Close the idle connections; a later request opens its own."""
        self._adapter.close()

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str | Secret],
        body: Secret | None = None,
        deadline: Deadline,
        max_bytes: int = _MAX_BODY_BYTES,
        max_error_bytes: int = 0,
    ) -> HttpResponse | Failure:
        """Send one request. Redirects are not followed.

        Args:
            method: `GET`, `HEAD` or `POST`.
            target: path and query, percent-encoded.
            headers: besides User-Agent and Accept-Encoding.
            body: what to send; None for nothing.
            deadline: when the response must be there. Resolving the host's name, and
                connecting to a further address of the host, may exceed it.
            max_bytes: a larger body, packed or unpacked, is a failure.
            max_error_bytes: how much of the body to read if the status is not 200. Such
                a body is empty if it is larger, or cannot be read whole.

        Returns:
            the response, with any HTTP status; a failure if no response came, or if its
            body cannot be used.
        """
        remaining_s = deadline.remaining_s()
        if remaining_s <= 0:
            return self._make_timeout_failure(deadline)
        try:
            with reading_until(deadline, self._read_timeout_s):
                response = self._send(
                    self._prepare(method, target, headers, body), remaining_s
                )
                with response:
                    return _read_response(response, method, max_bytes, max_error_bytes)
        except _UnusableBodyError as error:
            return Failure(
                ResponseError(
                    f"{self._peer.name} at {self.address} {error}; {self._peer.advice}."
                ),
                Retry.NEVER,
            )
        except REQUEST_ERRORS as error:
            # Nothing is raised in here: the error's frames hold the signed form and must
            # not become the context of ours.
            problem, retry = explain_failure(error, self._peer)
        if retry is Retry.TRANSIENT and deadline.remaining_s() <= 0:
            return self._make_timeout_failure(deadline)
        return Failure(self._transport_error(problem), retry)

    def _prepare(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str | Secret],
        body: Secret | None,
    ) -> requests.PreparedRequest:
        # `prepare` would also parse the URL again, and look for cookies and passwords.
        request = requests.PreparedRequest()
        request.method, request.url = method, self._origin + target
        request.headers = CaseInsensitiveDict(_HEADERS)
        for name, value in headers.items():
            request.headers[name] = value.reveal() if isinstance(value, Secret) else value
        request.body = body.reveal().encode() if body else None
        request.prepare_content_length(request.body)
        return request

    def _send(
        self, request: requests.PreparedRequest, remaining_s: float
    ) -> requests.Response:
        send = partial(
            self._adapter.send,
            request,
            stream=True,
            timeout=(min(_CONNECT_TIMEOUT_S, remaining_s), self._read_timeout_s),
        )
        try:
            return send()
        except requests.ConnectionError as error:
            if not is_closed_pool(error):
                raise
        # Another thread closed this client before anything was sent.
        return send()

    def _transport_error(self, problem: str) -> TransportError:
        return TransportError(
            problem,
            host=self._endpoint.host,
            port=self._endpoint.port,
            peer=self._peer.name,
        )

    def _make_timeout_failure(self, deadline: Deadline) -> Failure:
        return Failure(
            self._transport_error(
                f"did not answer in time: one look-up has {deadline.timeout_s:g} s for"
                " all its calls; raise ucimage:timeoutSeconds"
                " (UCIMAGE_TIMEOUT_SECONDS) if that is too short."
            ),
            Retry.NEVER,
        )


class _UnusableBodyError(Exception):
    """A body cannot be used; the text continues `The UCloud API at ...`."""


def _read_response(
    response: requests.Response, method: str, max_bytes: int, max_error_bytes: int
) -> HttpResponse:
    status, body = response.status_code, b""
    if method == "HEAD":
        response.raw.read()  # nothing, but now the connection can be kept
    elif status == HTTPStatus.OK:
        body = _read_body(response, max_bytes)
    elif max_error_bytes:
        try:
            body = _read_body(response, max_error_bytes)
        except (_UnusableBodyError, *REQUEST_ERRORS):
            body = b""
    return HttpResponse(status, response.headers, body)


def _read_body(response: requests.Response, max_bytes: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise _UnusableBodyError("used a compression that was not asked for")
    # urllib3 does not notice a gzip stream that ends too soon.
    gzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    packed_bytes, body = 0, io.BytesIO()
    while chunk := response.raw.read(_CHUNK_BYTES, decode_content=False):
        packed_bytes += len(chunk)
        body.write(_unpack(gzip, chunk, max_bytes + 1 - body.tell()))
        if max(packed_bytes, body.tell()) > max_bytes:
            limit = f"{max_bytes / 2**20:g} MiB"
            raise _UnusableBodyError(f"sent a response of more than {limit}")
    if gzip and not gzip.eof:
        raise _UnusableBodyError(_BROKEN_GZIP)
    return body.getvalue()


def _unpack(gzip: zlib._Decompress | None, chunk: bytes, max_bytes: int) -> bytes:
    if gzip is None:
        return chunk
    try:
        unpacked = gzip.decompress(chunk, max_bytes)
    except zlib.error:
        raise _UnusableBodyError(_BROKEN_GZIP) from None
    if gzip.unused_data:
        raise _UnusableBodyError(_BROKEN_GZIP)
    return unpacked


_BROKEN_GZIP: Final = "sent a response whose compression is broken"


_clients: OrderedDict[tuple[str, NetworkSettings, Peer], HttpClient] = OrderedDict()
_lock = threading.Lock()


def http_client_for(endpoint: Endpoint, *, peer: Peer) -> HttpClient:
    """A client whose connections are kept for the next call with the same arguments.

    The clients of the servers that were used least recently are closed.

    Raises:
        ConfigError: the environment's proxy or CA bundle cannot be used.
        TransportError: the machine is out of files or memory, or the certificates of
            requests cannot be read.
    """
    network = NetworkSettings.from_environment(endpoint)
    key = (endpoint.origin, network, peer)
    with _lock:
        client = _clients.get(key) or HttpClient(endpoint, network, peer=peer)
        _clients[key] = client
        _clients.move_to_end(key)
        unused = _clients.popitem(last=False)[1] if len(_clients) > MAX_CLIENTS else None
    if unused:
        unused.close()
    return client


def close_connections() -> None:
    """Close every kept connection, for tests; the next request opens its own."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()


def _forget_connections() -> None:
    """In a forked child: the connections belong to the parent."""
    global _lock  # noqa: PLW0603 - another thread may have held it at the fork
    _lock = threading.Lock()
    _clients.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
