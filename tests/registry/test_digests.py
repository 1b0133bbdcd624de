"""Look-ups with `resolve_digest`, from the API's listing to the registry's answer."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from buckets import bucket
from fakes import Log
from registry_answers import (
    BASIC,
    DIGEST,
    HEAD,
    Script,
    head,
    lines,
    refusal,
    serve,
)

import pulumi_ucimage as ucimage
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.image_query import ImageQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import ServeApi
    from faults import FaultServer, Request

    from pulumi_ucimage.emulator import Emulator

OTHER = "sha256:" + "1" * 64
APRIL, MAY, JUNE = 1775001600, 1777593600, 1780272000


class Setting:
    """An API and a registry whose images are the same."""

    def __init__(self, api: Emulator, registry: FaultServer) -> None:
        self.api = api
        self.registry = registry
        self.host = f"127.0.0.1:{registry.port}"
        self.repository = f"{self.host}/ucs/helloworld"

    def push(self, tag: str, create_time: int) -> None:
        """Push a tag, as the API sees it."""
        self.api.push("ucs", self.repository, tag, create_time=create_time)


@pytest.fixture
def run(
    serve_api: ServeApi, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Setting]]:
    """Run an API and a registry with a script; the environment leads to the API."""
    monkeypatch.setenv("UCIMAGE_MAX_RETRIES", "0")
    with ExitStack() as stack:

        def start(script: Script | None = None) -> Setting:
            registry = stack.enter_context(serve(script or Script()))
            setting = Setting(serve_api(bucket()), registry)
            setting.push("1", APRIL)
            setting.push("2", MAY)
            return setting

        yield start


def test_the_result_has_the_digest_beside_the_tag(run: Callable[..., Setting]) -> None:
    """`image` stays a tag; `repo_digest` is the reference to the bytes."""
    setting = run()

    result = ucimage.get_docker_image("ucs", resolve_digest=True)

    assert result.image == f"{setting.repository}:2"
    assert result.digest == DIGEST
    assert result.repo_digest == f"{setting.repository}@{DIGEST}"
    assert lines(setting.registry) == ["HEAD /v2/ucs/helloworld/manifests/2"]
    assert len(setting.api.requests) == 1


@pytest.mark.parametrize("resolve_digest", [False, None])
def test_without_the_argument_the_registry_is_not_asked(
    resolve_digest: object, run: Callable[..., Setting]
) -> None:
    """Both fields are None then."""
    setting = run()

    result = ucimage.get_docker_image("ucs", resolve_digest=resolve_digest)  # type: ignore[arg-type]

    assert (result.digest, result.repo_digest) == (None, None)
    assert not setting.registry.requests


def test_the_registry_is_the_one_that_is_given(
    run: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument or setting `registry` leads to another registry than the name."""
    setting = run()
    with serve(Script(head=head(OTHER))) as mirror:
        host = f"127.0.0.1:{mirror.port}"
        by_argument = ucimage.get_docker_image("ucs", registry=host, resolve_digest=True)
        monkeypatch.setenv("UCIMAGE_REGISTRY", host)
        by_setting = ucimage.get_docker_image("ucs", resolve_digest=True)

    assert by_argument.repo_digest == f"{host}/ucs/helloworld@{OTHER}"
    assert by_setting.repo_digest == by_argument.repo_digest
    assert not setting.registry.requests


def test_a_failure_is_an_error_and_never_a_tag(run: Callable[..., Setting]) -> None:
    """Without a digest there is no result at all."""
    run(Script(head=refusal(404), get=refusal(404, "MANIFEST_UNKNOWN", "unknown")))

    with pytest.raises(ucimage.RegistryError, match="is listed by the API, but unknown to"):
        ucimage.get_docker_image("ucs", resolve_digest=True)


def test_a_default_tag_must_be_in_the_registry(run: Callable[..., Setting]) -> None:
    """It is not listed by the API, and the message does not say so."""
    run(Script(head=refusal(404), get=refusal(404, "MANIFEST_UNKNOWN", "unknown")))

    with pytest.raises(ucimage.RegistryError, match="helloworld:0' is unknown to the"):
        ucimage.get_docker_image(
            "ucs", tag_regex="nothing", default_tag="0", resolve_digest=True
        )


OLD_ENOUGH = {
    "as_of": {"as_of": "2026-05-15T00:00:00Z"},
    "min_age": {"min_age": "1d", "as_of": "2026-05-15T00:00:00Z"},
}


class Pushes:
    """Pushes a tag each time that the registry is asked: between listing and digest."""

    def __init__(self, *times: tuple[str, int]) -> None:
        self.setting: Setting | None = None
        self._times = list(times)

    def __call__(self, request: Request) -> bytes:
        """Push, and answer with a digest that depends on the tag."""
        assert self.setting
        if self._times:
            self.setting.push(*self._times.pop(0))
        return head(OTHER if "/manifests/1 " in request.head else DIGEST)


@pytest.mark.parametrize("name", OLD_ENOUGH)
def test_a_push_between_listing_and_digest_gives_no_young_bytes(
    name: str, run: Callable[..., Setting]
) -> None:
    """The tag that was pushed again is too young now, so the one before it is chosen."""
    pushes = Pushes(("2", JUNE))
    setting = pushes.setting = run(Script(head=pushes))

    result = ucimage.get_docker_image("ucs", resolve_digest=True, **OLD_ENOUGH[name])  # type: ignore[arg-type]

    assert (result.tag, result.create_time, result.digest) == ("1", APRIL, OTHER)
    assert lines(setting.registry) == [
        "HEAD /v2/ucs/helloworld/manifests/2",
        "HEAD /v2/ucs/helloworld/manifests/1",
    ]
    assert len(setting.api.requests) == 3


def test_if_only_young_bytes_are_left_the_look_up_fails(
    run: Callable[..., Setting],
) -> None:
    """It does not return the digest that was read before."""
    pushes = Pushes(("2", JUNE))
    pushes.setting = run(Script(head=pushes))

    with pytest.raises(ucimage.NoMatchingTagError):
        ucimage.get_docker_image(
            "ucs", tag_regex="2", resolve_digest=True, as_of="2026-05-15T00:00:00Z"
        )


def test_an_evaluation_has_no_young_bytes_either(run: Callable[..., Setting]) -> None:
    """It shows what is listed after the push, of which nothing can be chosen."""
    pushes = Pushes(("2", JUNE))
    pushes.setting = run(Script(head=pushes))
    query = ImageQuery.of(
        {
            "bucket_name": "ucs",
            "tag_regex": "2",
            "resolve_digest": True,
            "as_of": "2026-05-15T00:00:00Z",
        }
    )
    found = query.evaluate(LookupContext(stack={}, log=Log()))

    assert isinstance(found.problem, ucimage.NoMatchingTagError)
    assert (None, []) == (found.digest, [*found.evaluation.candidates])


def test_a_tag_that_is_pushed_all_the_time_is_an_error(
    run: Callable[..., Setting],
) -> None:
    """After three readings the look-up gives up."""
    pushes = Pushes(("2", MAY + 1), ("2", MAY + 2), ("2", MAY + 3), ("2", MAY + 4))
    setting = pushes.setting = run(Script(head=pushes))

    with pytest.raises(
        ucimage.ResponseError, match="each time its digest was read, 3 times"
    ):
        ucimage.get_docker_image("ucs", resolve_digest=True, as_of="2026-05-15T00:00:00Z")

    assert len(lines(setting.registry)) == 3


def test_without_an_age_the_listing_is_read_once(run: Callable[..., Setting]) -> None:
    """A push in between gives the newer bytes of the same tag."""
    pushes = Pushes(("2", JUNE))
    setting = pushes.setting = run(Script(head=pushes))

    assert ucimage.get_docker_image("ucs", resolve_digest=True).digest == DIGEST
    assert len(setting.api.requests) == 1


def needs(password: str) -> Callable[[Request], bytes]:
    """Answers to HEAD that need Basic credentials of `ann`."""
    pair = base64.b64encode(f"ann:{password}".encode()).decode()

    def reply(request: Request) -> bytes:
        return HEAD if request.headers.get("authorization") == f"Basic {pair}" else BASIC

    return reply


def docker_login(folder: Path, host: str, password: str) -> None:
    """Do what `docker login` does."""
    pair = base64.b64encode(f"ann:{password}".encode()).decode()
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": pair}}}))


def test_credentials_come_from_docker(
    run: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a setting, those of `docker login` are used."""
    setting = run(Script(head=needs("docker's")))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    docker_login(tmp_path / "docker", setting.host, "docker's")

    assert ucimage.get_docker_image("ucs", resolve_digest=True).digest == DIGEST


def test_half_a_pair_fails_only_look_ups_with_digests(
    run: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a digest the registry's user name and password are not read."""
    setting = run()
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")

    assert ucimage.get_docker_image("ucs").tag == "2"
    assert len(ucimage.get_docker_images("ucs").images) == 1
    with pytest.raises(ucimage.ConfigError, match="without UCIMAGE_REGISTRY_PASSWORD"):
        ucimage.get_docker_image("ucs", resolve_digest=True)
    assert not setting.registry.requests


def test_settings_win_over_docker(
    run: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a setting, Docker's configuration is not read, however broken it is."""
    run(Script(head=needs("ours")))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")
    monkeypatch.setenv("UCIMAGE_REGISTRY_PASSWORD", "ours")

    assert ucimage.get_docker_image("ucs", resolve_digest=True).digest == DIGEST


def test_another_user_does_not_get_the_kept_login(
    run: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login is kept for its user; another one logs in as itself."""
    run(Script(head=needs("ours"), get=BASIC))
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")
    monkeypatch.setenv("UCIMAGE_REGISTRY_PASSWORD", "ours")
    ucimage.get_docker_image("ucs", resolve_digest=True)
    monkeypatch.setenv("UCIMAGE_REGISTRY_PASSWORD", "another")

    with pytest.raises(ucimage.RegistryError, match="refused the credentials from the env"):
        ucimage.get_docker_image("ucs", resolve_digest=True)


@pytest.mark.usefixtures("event_loop")
def test_the_output_form_resolves_too(run: Callable[..., Setting]) -> None:
    """`resolve_digest` may be an Output there."""
    setting = run()
    results: list[Any] = []

    output = ucimage.get_docker_image_output(
        "ucs",
        resolve_digest=pulumi.Output.from_input(True),  # noqa: FBT003
    )
    output.apply(lambda result: results.append(result.repo_digest))
    asyncio.get_event_loop().run_until_complete(output.future())

    assert results == [f"{setting.repository}@{DIGEST}"]
