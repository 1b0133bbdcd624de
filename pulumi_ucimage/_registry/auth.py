"""Logging in to a registry: Basic credentials, or a token for one repository."""

from __future__ import annotations

import base64
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.client import http_client_for
from pulumi_ucimage._http.peer import Peer
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._registry.challenge import parse_challenges, parse_realm
from pulumi_ucimage._registry.endpoint import REGISTRY
from pulumi_ucimage._registry.responses import MAX_ERROR_BYTES, parse_error, parse_json
from pulumi_ucimage._secret import RegistryCredentials, Secret, redact
from pulumi_ucimage.errors import ConfigError, RegistryError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._http.client import HttpResponse
    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._registry.challenge import Realm

_CLIENT_ID: Final = "pulumi-ucimage"
_MAX_TOKEN_BYTES: Final = 256 * 1024
_TOKEN: Final = re.compile("[!-~]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_TOKEN_SERVICE: Final = Peer(
    "The registry's token service",
    "the argument registry, ucimage:registry and the proxy variables",
)
_HOW_TO_SET: Final = (
    "set ucimage:registryUsername and ucimage:registryPassword in the stack's configuration"
    " (`pulumi config set ucimage:registryUsername USER` and `pulumi config set --secret"
    " ucimage:registryPassword`), or UCIMAGE_REGISTRY_USERNAME and"
    " UCIMAGE_REGISTRY_PASSWORD in the environment"
)


class Login(NamedTuple):
    """How requests for one repository are authorized.

    Attributes:
        authorization: value of the header; None for an anonymous request.
        credentials: what it was made of; None for an anonymous user.
    """

    authorization: Secret | None = None
    credentials: RegistryCredentials | None = None

    def clean(self, text: str) -> str:
        """A server's words without any secret that they repeat."""
        secrets: list[Secret | None] = []
        if self.authorization:
            value = Secret(self.authorization.reveal().partition(" ")[2])
            secrets += [self.authorization, value]
        if self.credentials:
            secrets += [self.credentials.password, self.credentials.identity_token]
        return redact(text, secrets)


class Repository(NamedTuple):
    """The repository to log in to, and the image that is wanted from it.

    Attributes:
        host: the registry, as in the image's name.
        endpoint: where it is called.
        path: the repository, `ucs/helloworld`.
        image_name: path and tag, or path and digest, for messages.
    """

    host: str
    endpoint: Endpoint
    path: str
    image_name: str

    @property
    def scope(self) -> str:
        """The permission that is asked for: never more than to pull."""
        return f"repository:{self.path}:pull"


def log_in(
    challenged: HttpResponse,
    repository: Repository,
    *,
    find_credentials: Callable[[], RegistryCredentials | None],
    deadline: Deadline,
) -> Login | Failure:
    """Log in as a response with status 401 asks, for one repository.

    Args:
        challenged: that response.
        repository: the repository to pull from.
        find_credentials: returns None for an anonymous user.
        deadline: when the token service must have answered.

    Raises:
        ConfigError: `find_credentials` raised it, or the proxy or the CA bundle for the
            token service cannot be used.
        TransportError: the machine is out of files or memory.
    """
    header = challenged.headers.get("WWW-Authenticate", "")
    challenges = {
        each.scheme: each.parameters for each in reversed(parse_challenges(header))
    }
    if (parameters := challenges.get("bearer")) is not None:
        text = parameters.get("realm", "")
        try:
            realm = parse_realm(text, repository.endpoint)
        except ValueError as error:
            return _fail(
                ResponseError(
                    f"The registry at {repository.host} asks for a login at {quoted(text)},"
                    f" which {error}; nothing was sent there. Check"
                    f" {REGISTRY.setting}, or ask the registry's administrator"
                    " for a token service that belongs to it.",
                    status=HTTPStatus.UNAUTHORIZED,
                )
            )
    elif "basic" in challenges:
        realm = None
    else:
        offered = ", ".join(map(quoted, challenges)) or "no way to log in"
        return _fail(
            ResponseError(
                f"The registry at {repository.host} answered with HTTP status 401 and"
                f" offers {offered}; Basic and Bearer are supported. Check"
                f" {REGISTRY.setting}.",
                status=HTTPStatus.UNAUTHORIZED,
            )
        )
    credentials = find_credentials()
    if credentials and not _is_valid_text(credentials):
        return _fail(
            ConfigError(
                f"The registry credentials from {credentials.origin} have characters that"
                " are not valid UTF-8; set them again."
            )
        )
    if realm is None:
        return _log_in_basic(repository, credentials)
    service = (parameters or {}).get("service")
    return _request_token(realm, service, repository, credentials, deadline)


def _is_valid_text(credentials: RegistryCredentials) -> bool:
    """Whether credentials can be encoded; an error of the encoder would hold them."""
    parts = (Secret(credentials.username), credentials.password, credentials.identity_token)
    return not any(part and _SURROGATE.search(part.reveal()) for part in parts)


def missing_credentials_error(repository: Repository) -> ConfigError:
    """The error for a registry that asks an anonymous user for credentials."""
    return ConfigError(
        f"The registry at {repository.host} asks for credentials to pull"
        f" {quoted(repository.image_name)}, and there are none: {_HOW_TO_SET}, or log in"
        f" with `docker login {repository.host}`."
    )


def _log_in_basic(
    repository: Repository, credentials: RegistryCredentials | None
) -> Login | Failure:
    if credentials is None:
        return _fail(missing_credentials_error(repository))
    if credentials.identity_token:
        return _fail(
            ConfigError(
                f"The registry at {repository.host} asks for a user name and password, and"
                f" {credentials.origin} has an identity token: {_HOW_TO_SET}."
            )
        )
    return Login(_basic_authorization(credentials), credentials)


def _basic_authorization(credentials: RegistryCredentials) -> Secret:
    pair = f"{credentials.username}:{credentials.password.reveal()}"
    return Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")


def _request_token(
    realm: Realm,
    service: str | None,
    repository: Repository,
    credentials: RegistryCredentials | None,
    deadline: Deadline,
) -> Login | Failure:
    """A token for the repository; by an anonymous request if there are no credentials.

    https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/
    """
    fields = {"scope": repository.scope, **({"service": service} if service else {})}
    headers: dict[str, str | Secret] = {"Accept": "application/json"}
    method, target, body = "GET", realm.target(urlencode(fields)), None
    if credentials and credentials.identity_token:
        method, target = "POST", realm.target("")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = _refresh_form(fields, credentials.identity_token)
    elif credentials:
        headers["Authorization"] = _basic_authorization(credentials)
    response = http_client_for(realm.endpoint, peer=_TOKEN_SERVICE).request(
        method,
        target,
        headers=headers,
        body=body,
        deadline=deadline,
        max_bytes=_MAX_TOKEN_BYTES,
        max_error_bytes=MAX_ERROR_BYTES,
    )
    if isinstance(response, Failure):
        return response
    if response.status != HTTPStatus.OK:
        return _explain_refusal(response, realm, repository, credentials, deadline)
    token = _parse_token(response.body)
    if token is None:
        return _fail(
            ResponseError(
                f"{_TOKEN_SERVICE.name} at {realm.endpoint.address} answered without a"
                f" token; {_TOKEN_SERVICE.advice}."
            )
        )
    return Login(token, credentials)


def _refresh_form(fields: dict[str, str], identity_token: Secret) -> Secret:
    return Secret(
        urlencode(
            {
                "grant_type": "refresh_token",
                "client_id": _CLIENT_ID,
                "refresh_token": identity_token.reveal(),
                **fields,
            }
        )
    )


def _explain_refusal(
    response: HttpResponse,
    realm: Realm,
    repository: Repository,
    credentials: RegistryCredentials | None,
    deadline: Deadline,
) -> Failure:
    status = response.status
    # OAuth 2 refuses an identity token with 400 (RFC 6749 section 5.2).
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        if credentials is None:
            return _fail(missing_credentials_error(repository))
        code, message = parse_error(response.body)
        authorization = None
        if not credentials.identity_token:
            authorization = _basic_authorization(credentials)
        return _fail(
            RegistryError(
                status=status,
                code=code,
                message=Login(authorization, credentials).clean(message),
                host=repository.host,
                name=repository.image_name,
                credentials=credentials.origin,
                is_login=True,
            )
        )
    error = _TOKEN_SERVICE.make_status_error(status, realm.endpoint.address)
    return Failure.from_response(error, response, deadline.clock)


def _parse_token(body: bytes) -> Secret | None:
    answer = parse_json(body)
    if not isinstance(answer, dict):
        return None
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return None
    return Secret(f"Bearer {token}")


def _fail(error: ConfigError | RegistryError | ResponseError) -> Failure:
    return Failure(error, Retry.NEVER)
