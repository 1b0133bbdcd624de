"""Digests from a registry: which bytes a tag names, and whether they are still there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, final
from urllib.parse import quote

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.client import HttpResponse, http_client_for
from pulumi_ucimage._http.peer import is_redirect
from pulumi_ucimage._http.retry import RETRIED_STATUSES, Failure, Retry
from pulumi_ucimage._registry.auth import (
    Login,
    Repository,
    log_in,
    missing_credentials_error,
)
from pulumi_ucimage._registry.endpoint import REGISTRY, probe_endpoint, remember_tls
from pulumi_ucimage._registry.responses import (
    MAX_ERROR_BYTES,
    MAX_MANIFEST_BYTES,
    MEDIA_TYPES,
    compute_digest,
    has_manifest_type,
    is_digest,
    is_manifest,
    parse_digest_header,
    parse_error,
)
from pulumi_ucimage.errors import RegistryError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._http.retry import RetryPolicy
    from pulumi_ucimage._secret import RegistryCredentials, Secret
    from pulumi_ucimage.errors import UcimageError

_PATH: Final = re.compile(r"(?!\.)[A-Za-z0-9._-]+(?:/(?!\.)[A-Za-z0-9._-]+)*")
_ERROR_STATUSES: Final = frozenset({401, 403, 404, 429})
"""Statuses that are the registry's own error, even without a code."""
_UNKNOWN_CODES: Final = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryClient:
    """Reads digests from one registry, as one user.

    Attributes:
        host: the registry, as in the image's name: `host[:port]`.
        endpoint: its HTTPS address; a registry on this machine may use plain HTTP.
        find_credentials: called after status 401 with the seconds that are left; returns
            None for an anonymous user.
        logins: by repository, kept for the next look-up.
        retry_policy: which failures are retried, and how often.
    """

    host: str
    endpoint: Endpoint
    find_credentials: Callable[[float], RegistryCredentials | None]
    logins: MutableMapping[str, Login]
    retry_policy: RetryPolicy

    def get_digest(
        self, path: str, tag: str, deadline: Deadline, *, is_listed: bool = True
    ) -> str:
        """The digest of what a tag names; of the index for a multi-platform image.

        Args:
            path: the repository, `ucs/helloworld`.
            tag: the tag.
            deadline: when the answer must be there, retries included.
            is_listed: whether the API lists the tag, for messages.

        Raises:
            RegistryError: the registry refused, or does not know the tag.
            ConfigError: it asks for credentials, and there are none that can be used.
            TransportError, ResponseError: it cannot be reached, or its answer is unusable.
        """
        manifest = _ManifestRequest(path, tag, is_listed=is_listed)
        return self.retry_policy.call(self._make_lookup(manifest, deadline), deadline)

    def has_digest(self, path: str, digest: str, deadline: Deadline) -> bool:
        """Whether a repository still has the manifest with this digest.

        Raises:
            UcimageError: as `get_digest`, if the registry gives no clear answer.
        """
        attempt = self._make_lookup(
            _ManifestRequest(path, digest, is_listed=False), deadline
        )
        try:
            self.retry_policy.call(attempt, deadline)
        except RegistryError as error:
            if is_unknown(error):
                return False
            raise
        return True

    def _make_lookup(
        self, manifest: _ManifestRequest, deadline: Deadline
    ) -> Callable[[], str | Failure]:
        if not _PATH.fullmatch(manifest.path):
            message = (
                f"The image name {quoted(manifest.path)} cannot be used in a request to a"
                " registry: each part between slashes must have letters, digits, '.', '_'"
                " and '-' only, and must not be empty or begin with '.'."
            )
            raise ResponseError(message)
        return _DigestLookup(self, manifest, deadline)


def is_unknown(error: RegistryError) -> bool:
    """Whether the registry says that it does not have what was asked for.

    A 404 without the registry's own code may come from another server.
    """
    return error.status == HTTPStatus.NOT_FOUND and error.code in _UNKNOWN_CODES


class _ManifestRequest(NamedTuple):
    """What is asked for.

    Attributes:
        path: the repository.
        reference: a tag or a digest.
        is_listed: whether the API lists it.
    """

    path: str
    reference: str
    is_listed: bool

    @property
    def digest(self) -> str | None:
        """The reference, if it is a digest."""
        return self.reference if is_digest(self.reference) else None

    @property
    def name(self) -> str:
        """How it is written, `ucs/helloworld:1.4.2`."""
        return f"{self.path}{'@' if self.digest else ':'}{self.reference}"

    @property
    def target(self) -> str:
        """The path of its URL."""
        return f"/v2/{self.path}/manifests/{quote(self.reference, safe=':')}"


@final
class _DigestLookup:
    """Looks up one digest; called again for each retry.

    HEAD is sent first. Its response is used if it has a digest and one of the four media
    types. A redirect is an error. After any other response GET is sent, whose body can be
    checked: not every registry supports HEAD, and an error in response to HEAD has no
    body, so neither code nor message. Later attempts then send GET only. If HEAD had no
    response, the next attempt sends it again.
    """

    def __init__(
        self, client: RegistryClient, manifest: _ManifestRequest, deadline: Deadline
    ) -> None:
        self._client = client
        self._manifest = manifest
        self._deadline = deadline
        self._repository = Repository(
            client.host, client.endpoint, manifest.path, manifest.name
        )
        self._login = client.logins.get(manifest.path, Login())
        self._is_head_useful = True
        self._has_logged_in = False

    def __call__(self) -> str | Failure:
        self._has_logged_in = False
        endpoint = probe_endpoint(self._client.endpoint, self._deadline)
        self._repository = self._repository._replace(endpoint=endpoint)
        if self._is_head_useful:
            response = self._request("HEAD")
            if isinstance(response, Failure):
                return response
            if digest := self._read_header_digest(response):
                return digest
            self._is_head_useful = False
            if response.status in RETRIED_STATUSES or is_redirect(response.status):
                return self._make_failure(response)
        response = self._request("GET")
        if isinstance(response, Failure):
            return response
        if response.status != HTTPStatus.OK:
            return self._make_failure(response)
        return self._verify_digest(response)

    def _request(self, method: str) -> HttpResponse | Failure:
        """Send a request; after status 401 log in, once, and send it again."""
        response = self._send(method)
        if (
            isinstance(response, Failure)
            or response.status != HTTPStatus.UNAUTHORIZED
            or self._has_logged_in
        ):
            return response
        login = log_in(
            response,
            self._repository,
            find_credentials=self._find_credentials,
            deadline=self._deadline,
        )
        if isinstance(login, Failure):
            return login
        self._login, self._has_logged_in = login, True
        response = self._send(method)
        if (
            isinstance(response, HttpResponse)
            and response.status != HTTPStatus.UNAUTHORIZED
        ):
            self._client.logins[self._manifest.path] = login
        return response

    def _find_credentials(self) -> RegistryCredentials | None:
        return self._client.find_credentials(max(0.0, self._deadline.remaining_s()))

    def _send(self, method: str) -> HttpResponse | Failure:
        headers: dict[str, str | Secret] = {"Accept": ", ".join(MEDIA_TYPES)}
        if self._login.authorization:
            headers["Authorization"] = self._login.authorization
        endpoint = self._repository.endpoint
        response = http_client_for(endpoint, peer=REGISTRY).request(
            method,
            self._manifest.target,
            headers=headers,
            deadline=self._deadline,
            max_bytes=MAX_MANIFEST_BYTES,
            max_error_bytes=MAX_ERROR_BYTES,
        )
        if isinstance(response, HttpResponse):
            remember_tls(endpoint)
        return response

    def _read_header_digest(self, response: HttpResponse) -> str | None:
        """The digest in the response to HEAD; None if GET is needed."""
        digest = parse_digest_header(response.headers)
        if response.status != HTTPStatus.OK or not has_manifest_type(response.headers):
            return None
        if digest is None or not is_digest(digest):
            return None
        return digest if self._manifest.digest in {None, digest} else None

    def _verify_digest(self, response: HttpResponse) -> str | Failure:
        """The digest of the body of the response to GET."""
        if not is_manifest(response.body):
            return self._make_response_failure(
                "sent something that is not an image's manifest"
            )
        stated = parse_digest_header(response.headers)
        if stated is not None and not is_digest(stated):
            return self._make_response_failure(
                "sent a malformed Docker-Content-Digest header"
            )
        expected = {digest for digest in (stated, self._manifest.digest) if digest}
        for digest in expected:
            if digest != compute_digest(response.body, digest.partition(":")[0]):
                return self._make_response_failure(
                    "sent a manifest that does not match its digest"
                )
        return stated or self._manifest.digest or compute_digest(response.body, "sha256")

    def _make_response_failure(self, problem: str) -> Failure:
        message = (
            f"The registry at {self._client.host} {problem} for"
            f" {quoted(self._manifest.name)}; {REGISTRY.advice}."
        )
        return Failure(ResponseError(message), Retry.NEVER)

    def _make_failure(self, response: HttpResponse) -> Failure:
        error = self._make_registry_error(response) or REGISTRY.make_status_error(
            response.status, self._client.host, subject=quoted(self._manifest.name)
        )
        return Failure.from_response(error, response, self._deadline.clock)

    def _make_registry_error(self, response: HttpResponse) -> UcimageError | None:
        """The registry's own error; None if the status says nothing about the image."""
        status, credentials = response.status, self._login.credentials
        code, message = parse_error(response.body)
        is_client_error = (
            HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        if not (code and is_client_error) and status not in _ERROR_STATUSES:
            return None
        if status == HTTPStatus.UNAUTHORIZED and credentials is None:
            return missing_credentials_error(self._repository)
        return RegistryError(
            status=status,
            code=code,
            message=self._login.clean(message),
            host=self._client.host,
            name=self._manifest.name,
            credentials=credentials and credentials.origin,
            is_listed=self._manifest.is_listed,
        )
