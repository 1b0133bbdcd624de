"""Who may pull from the registry: everyone, or one user by Basic or Bearer."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from http import HTTPStatus
from typing import Final

from pulumi_ucimage.emulator.demo import DEMO_REGISTRY_PASSWORD, DEMO_REGISTRY_USERNAME
from pulumi_ucimage.emulator.errors import EmulatorError, RegistryError

BASIC: Final = "basic"
BEARER: Final = "bearer"
SCHEMES: Final = (BASIC, BEARER)
_SERVICE: Final = "ucloud-emulator"


class RegistryLogin:
    """Checks credentials, and issues Bearer tokens.

    Args:
        scheme: `basic` or `bearer`; None: nobody needs to log in.

    Raises:
        EmulatorError: the scheme is another one.
    """

    def __init__(self, scheme: str | None) -> None:
        if scheme not in (None, *SCHEMES):
            raise EmulatorError(
                f"The registry login {scheme!r} is not known: use 'basic' or 'bearer', or"
                " leave it out."
            )
        self._scheme = scheme
        self.realm = ""
        """The URL of the token endpoint, once the server has one."""
        self._lock = threading.Lock()
        self._scopes: dict[str, str] = {}

    def check(self, authorization: str, path: str | None) -> None:
        """Check a request's Authorization header.

        Args:
            authorization: its value; empty if the request has none.
            path: the repository that is asked for; None for `/v2/` itself.

        Raises:
            RegistryError: the request needs a login, or another one.
        """
        if self._scheme is None:
            return
        kind, _, value = authorization.partition(" ")
        if self._scheme == BASIC:
            if kind.lower() != BASIC or not _is_user(value):
                raise _unauthorized(f'Basic realm="{_SERVICE}"')
            return
        with self._lock:
            scope = self._scopes.get(value) if kind.lower() == BEARER else None
        needed = f"repository:{path}:pull"
        if scope is None or (path and scope != needed):
            challenge = f'Bearer realm="{self.realm}",service="{_SERVICE}"'
            challenge += f',scope="{needed}"' if path else ""
            raise _unauthorized(challenge)

    def issue_token(self, scope: str, authorization: str) -> str:
        """A token for a scope, of which `pull` alone is granted.

        Raises:
            RegistryError: there is no such login, or it is wrong.
        """
        kind, _, value = authorization.partition(" ")
        if self._scheme != BEARER:
            message = "This registry issues no tokens."
            raise RegistryError(HTTPStatus.NOT_FOUND, "UNSUPPORTED", message)
        if kind.lower() != BASIC or not _is_user(value):
            raise _unauthorized(f'Basic realm="{_SERVICE}"')
        repository = scope.rpartition(":")[0]
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._scopes[token] = f"{repository}:pull"
        return token


def _unauthorized(challenge: str) -> RegistryError:
    return RegistryError(
        HTTPStatus.UNAUTHORIZED,
        "UNAUTHORIZED",
        "This needs a login: the emulator's user is in its help.",
        {"WWW-Authenticate": challenge},
    )


def _is_user(encoded: str) -> bool:
    """Whether Basic credentials are those of the emulator's user."""
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    right = f"{DEMO_REGISTRY_USERNAME}:{DEMO_REGISTRY_PASSWORD}".encode()
    return hmac.compare_digest(given, right)
