"""The digest of a tag, from the registry in its reference.

This module loads requests. Others import it only when a digest is needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._config.docker_config import (
    HELPER_LIMIT_S,
    config_file,
    docker_credentials,
)
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._registry.client import RegistryClient, registry_endpoint
from pulumi_ucimage._secret import fingerprint

if TYPE_CHECKING:
    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.endpoint import Endpoint
    from pulumi_ucimage._registry.auth import Login
    from pulumi_ucimage._secret import RegistryCredentials

_MAX_USERS: Final = 32
"""Pairs of a registry and a user whose logins are kept."""


def resolve_digest(
    repository: str, tag: str, settings: Settings, deadline: Deadline, *, is_listed: bool
) -> str:
    """The digest that a tag names.

    Args:
        repository: `<host>/<path>`.
        tag: the tag.
        settings: credentials and retries.
        deadline: when the look-up must be done.
        is_listed: whether the API lists the tag, for messages.

    Raises:
        UcimageError: see `RegistryClient.digest`.
    """
    client, path = _client(repository, settings, deadline)
    return client.digest(path, tag, deadline, is_listed=is_listed)


def has_digest(
    repository: str, digest: str, settings: Settings, deadline: Deadline
) -> bool:
    """Whether the registry still has an image; arguments and errors as `resolve_digest`."""
    client, path = _client(repository, settings, deadline)
    return client.has_digest(path, digest, deadline)


def _client(
    repository: str, settings: Settings, deadline: Deadline
) -> tuple[RegistryClient, str]:
    host, _, path = repository.partition("/")
    configured = settings.registry_credentials
    endpoint = registry_endpoint(host)

    def find_credentials(remaining_s: float) -> RegistryCredentials | None:
        return configured or docker_credentials(
            host, helper_limit_s=min(HELPER_LIMIT_S, remaining_s)
        )

    client = RegistryClient(
        host=host,
        endpoint=endpoint,
        find_credentials=find_credentials,
        logins=_logins(endpoint, _user(configured)),
        retries=RetryPolicy(max_retries=settings.max_retries, clock=deadline.clock),
    )
    return client, path


def _user(configured: RegistryCredentials | None) -> bytes:
    """What equal users have in common."""
    if configured:
        return fingerprint((configured.username, configured.password.reveal()))
    return fingerprint((config_file(),))


@lru_cache(_MAX_USERS)
def _logins(_endpoint: Endpoint, _user: bytes) -> dict[str, Login]:
    """The logins of a user at a registry, by repository."""
    return {}
