"""The digest of a tag, from the registry in its reference.

This module loads requests. Others import it only when a digest is needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from pulumi_ucimage._config.credential_helper import HELPER_TIMEOUT_S
from pulumi_ucimage._config.docker_config import config_file, docker_credentials
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._registry.client import RegistryClient, is_unknown
from pulumi_ucimage._registry.endpoint import parse_registry_host
from pulumi_ucimage._secret import fingerprint
from pulumi_ucimage.errors import RegistryError

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
        UcimageError: see `RegistryClient.get_digest`.
    """
    client, path = _client(repository, settings, deadline)
    return client.get_digest(path, tag, deadline, is_listed=is_listed)


class DigestStatus(NamedTuple):
    """Whether a registry still has a pinned image.

    Attributes:
        has_digest: whether the pinned bytes are still there.
        is_retagged: whether the tag names other bytes now.
    """

    has_digest: bool
    is_retagged: bool


def check_digest(
    repo_digest: str, tag: str, settings: Settings, deadline: Deadline
) -> DigestStatus:
    """Ask the registry of a digest for it, and for what a tag names now.

    Args:
        repo_digest: `<host>/<path>@<digest>`.
        tag: the tag that named this digest once.
        settings: credentials and retries.
        deadline: when all must be done.

    Raises:
        UcimageError: see `RegistryClient.get_digest`; not if the registry has no such tag.
    """
    repository, _, digest = repo_digest.partition("@")
    client, path = _client(repository, settings, deadline)
    current = None
    try:
        current = client.get_digest(path, tag, deadline)
    except RegistryError as error:
        if not is_unknown(error):
            raise
    return DigestStatus(
        has_digest=current == digest or client.has_digest(path, digest, deadline),
        is_retagged=current not in {None, digest},
    )


def _client(
    repository: str, settings: Settings, deadline: Deadline
) -> tuple[RegistryClient, str]:
    host, _, path = repository.partition("/")
    configured = settings.find_registry_credentials()
    endpoint = parse_registry_host(host)

    def find_credentials(remaining_s: float) -> RegistryCredentials | None:
        return configured or docker_credentials(
            host, helper_timeout_s=min(HELPER_TIMEOUT_S, remaining_s)
        )

    client = RegistryClient(
        host=host,
        endpoint=endpoint,
        find_credentials=find_credentials,
        logins=_logins(endpoint, _user(configured)),
        retry_policy=RetryPolicy(max_retries=settings.max_retries, clock=deadline.clock),
    )
    return client, path


def _user(configured: RegistryCredentials | None) -> bytes:
    """A fingerprint that is equal for equal users."""
    if configured:
        return fingerprint((configured.username, configured.password.reveal()))
    return fingerprint((config_file(),))


@lru_cache(_MAX_USERS)
def _logins(_endpoint: Endpoint, _user: bytes) -> dict[str, Login]:
    """The logins of a user at a registry, by repository."""
    return {}
