"""Digests of a real registry, compared with an independent reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authority import Authority
from real_registry import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    IDENTITY_TOKEN,
    OCI_INDEX,
    OCI_MANIFEST,
    PASSWORD,
    USER,
    RealRegistry,
    TokenService,
)

import pulumi_ucimage as ucimage
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._registry.client import RegistryClient
from pulumi_ucimage._registry.endpoint import parse_registry_host
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import ConfigError, RegistryError, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator

NAME = "ucs/helloworld"
ANN = RegistryCredentials(USER, Secret(PASSWORD), "the environment")
WRONG = RegistryCredentials(USER, Secret("wrong"), "the environment")
WITH_IDENTITY_TOKEN = RegistryCredentials(
    "", Secret(""), "a helper", Secret(IDENTITY_TOKEN)
)


@pytest.fixture
def registry(registry_program: Path, tmp_path: Path) -> Iterator[RealRegistry]:
    """Run a registry that asks nobody for credentials."""
    with RealRegistry(registry_program, tmp_path / "registry") as running:
        yield running


@pytest.fixture
def with_users(registry_program: Path, tmp_path: Path) -> Iterator[RealRegistry]:
    """Run a registry with Basic authentication."""
    with RealRegistry(registry_program, tmp_path / "registry", has_users=True) as running:
        yield running


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenService]:
    """Run a token service."""
    with TokenService(Authority(tmp_path)) as running:
        yield running


@pytest.fixture
def with_tokens(
    registry_program: Path, tmp_path: Path, tokens: TokenService
) -> Iterator[RealRegistry]:
    """Run a registry that takes tokens of the service."""
    with RealRegistry(registry_program, tmp_path / "registry", tokens=tokens) as running:
        yield running


class Asking:
    """Asks a registry as one user.

    Args:
        registry: which registry.
        credentials: whose; None for an anonymous user.
    """

    def __init__(
        self,
        registry: RealRegistry,
        credentials: RegistryCredentials | None = None,
    ) -> None:
        self._client = RegistryClient(
            host=registry.host,
            endpoint=parse_registry_host(registry.host),
            find_credentials=lambda _seconds: credentials,
            logins={},
            retry_policy=RetryPolicy(max_retries=0, clock=Clock()),
        )

    def digest(self, tag: str, name: str = NAME) -> str:
        """The digest of a tag."""
        return self._client.get_digest(name, tag, Deadline.after(30, Clock()))

    def has(self, digest: str) -> bool:
        """Whether a digest is there."""
        return self._client.has_digest(NAME, digest, Deadline.after(30, Clock()))


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_the_digest_of_an_image_is_that_of_its_manifest(
    media_type: str, registry: RealRegistry
) -> None:
    """OCI and Docker images for one platform have the digest of their manifest."""
    pushed = registry.push(NAME, "1", "bytes", media_type)

    assert Asking(registry).digest("1") == pushed == registry.digest(NAME, "1")


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_the_digest_of_a_multi_platform_image_is_that_of_its_index(
    media_type: str, registry: RealRegistry
) -> None:
    """It names all platforms, never the first one."""
    pushed = registry.push_index(NAME, "1", "bytes", media_type)

    assert Asking(registry).digest("1") == pushed == registry.digest(NAME, "1")


def test_the_same_bytes_have_the_same_digest_and_others_have_another(
    registry: RealRegistry,
) -> None:
    """A tag that is pushed again changes its digest only with its bytes."""
    first = registry.push(NAME, "1", "bytes")
    asking = Asking(registry)

    assert registry.push(NAME, "1", "bytes") == first == asking.digest("1")
    assert registry.push(NAME, "1", "other bytes") == asking.digest("1") != first


def test_a_digest_is_there_until_it_is_deleted(registry: RealRegistry) -> None:
    """After another push to its tag it can still be pulled; not after its deletion."""
    first = registry.push(NAME, "1", "bytes")
    registry.push(NAME, "1", "other bytes")
    asking = Asking(registry)

    assert asking.has(first)

    registry.delete(NAME, first)

    assert not asking.has(first)
    assert registry.digest(NAME, first) is None


def test_a_digest_in_a_repository_that_does_not_exist_is_gone(
    registry: RealRegistry,
) -> None:
    """A registry that does not know the repository does not have the digest."""
    digest = registry.push("ucs/other", "1", "bytes")

    assert not Asking(registry).has(digest)


def test_a_deleted_tag_is_unknown_to_the_registry(registry: RealRegistry) -> None:
    """The error has the registry's status, code, host and the image's name."""
    registry.push(NAME, "1", "bytes")
    registry.delete_tag(NAME, "1")

    with pytest.raises(RegistryError, match="listed by the API, but unknown") as caught:
        Asking(registry).digest("1")

    error = caught.value
    assert (error.status, error.code) == (404, "MANIFEST_UNKNOWN")
    assert (error.host, error.name) == (registry.host, f"{NAME}:1")


def test_a_password_is_accepted(with_users: RealRegistry) -> None:
    """Basic authentication, as `htpasswd` files have it."""
    pushed = with_users.push(NAME, "1", "bytes")

    assert Asking(with_users, ANN).digest("1") == pushed


def test_a_wrong_password_is_refused(with_users: RealRegistry) -> None:
    """The error names the place that the password comes from."""
    with_users.push(NAME, "1", "bytes")

    with pytest.raises(RegistryError, match="credentials from the environment") as caught:
        Asking(with_users, WRONG).digest("1")

    assert (caught.value.status, caught.value.code) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("credentials", [ANN, WITH_IDENTITY_TOKEN])
def test_a_token_is_exchanged_for_credentials(
    credentials: RegistryCredentials, with_tokens: RealRegistry, tokens: TokenService
) -> None:
    """A password or an identity token gets a token that may only pull."""
    pushed = with_tokens.push(NAME, "1", "bytes")

    assert Asking(with_tokens, credentials).digest("1") == pushed
    assert tokens.scopes == [f"repository:{NAME}:pull"]


def test_each_repository_has_its_own_token(
    with_tokens: RealRegistry, tokens: TokenService
) -> None:
    """A token for one repository is never sent for another, and is used again."""
    digests = [with_tokens.push(name, "1", name) for name in (NAME, "ucs/other")]
    asking = Asking(with_tokens, ANN)

    assert [asking.digest("1", name) for name in 2 * (NAME, "ucs/other")] == 2 * digests
    assert tokens.scopes == [f"repository:{name}:pull" for name in (NAME, "ucs/other")]


def test_a_user_without_permission_is_refused(with_tokens: RealRegistry) -> None:
    """The token service answers, and the registry does not accept its token."""
    with_tokens.push("private/app", "1", "bytes")

    with pytest.raises(RegistryError, match="that this user may pull") as caught:
        Asking(with_tokens, ANN).digest("1", "private/app")

    assert caught.value.status == 401


@pytest.mark.parametrize("kind", ["with_users", "with_tokens"])
def test_without_credentials_the_error_says_how_to_set_them(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Configuration, environment and `docker login`."""
    registry: RealRegistry = request.getfixturevalue(kind)

    with pytest.raises(ConfigError) as caught:
        Asking(registry).digest("1")

    for way in (
        "ucimage:registryUsername and ucimage:registryPassword",
        "UCIMAGE_REGISTRY_USERNAME and UCIMAGE_REGISTRY_PASSWORD",
        f"`docker login {registry.host}`",
    ):
        assert way in str(caught.value)


def test_tls_is_verified(
    registry_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE names the trusted authority; no other registry is asked."""
    authority = Authority(tmp_path)
    folder = tmp_path / "registry"
    with RealRegistry(registry_program, folder, authority=authority) as registry:
        pushed = registry.push(NAME, "1", "bytes")
        asking = Asking(registry)

        with pytest.raises(TransportError, match="has an untrusted certificate"):
            asking.digest("1")

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))

        assert asking.digest("1") == pushed


@pytest.fixture
def listed(
    configured: Emulator, tokens: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run an API that lists the image; the environment has all that a user sets."""
    configured.push("ucs", f"uhub.example.com/{NAME}", "1")
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", USER)
    monkeypatch.setenv("UCIMAGE_REGISTRY_PASSWORD", PASSWORD)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tokens.authority.file))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("speaks_tls", [True, False])
@pytest.mark.parametrize("login", ["htpasswd", "token"])
def test_a_registry_on_this_machine_works_with_and_without_tls(
    login: str,
    speaks_tls: bool,  # noqa: FBT001
    registry_program: Path,
    tokens: TokenService,
    tmp_path: Path,
) -> None:
    """`get_docker_image` finds out what it speaks, and logs in."""
    with RealRegistry(
        registry_program,
        tmp_path / "registry",
        has_users=login == "htpasswd",
        tokens=tokens if login == "token" else None,
        authority=tokens.authority if speaks_tls else None,
    ) as registry:
        pushed = registry.push_index(NAME, "1", "bytes")

        result = ucimage.get_docker_image(
            "ucs",
            image_name=f"uhub.example.com/{NAME}",
            registry=registry.host,
            resolve_digest=True,
        )

    assert result.repo_digest == f"{registry.host}/{NAME}@{pushed}"
