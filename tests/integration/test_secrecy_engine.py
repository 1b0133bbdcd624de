"""Keys, signatures and registry secrets are in nothing that Pulumi shows or stores."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from buckets import bucket, image
from engine import python_project, yaml_project
from secrecy import written

from pulumi_ucimage.emulator import (
    DEMO_REGISTRY_PASSWORD,
    DEMO_REGISTRY_USERNAME,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workspace import Workspace

PUBLIC_KEY = "public/canary+51c8"
PRIVATE_KEY = "private/canary+9e02"
REGISTRY_TOKEN = "bearer-canary-5d7f"
PYTHON = """
    import logging

    logging.basicConfig(level=logging.DEBUG)

    import pulumi
    import pulumi_ucimage as ucimage

    followed = ucimage.get_docker_image("ucs", resolve_digest=True)
    pulumi.export("followed", followed.repo_digest)
    pinned = ucimage.ImagePin("app", bucket_name="ucs", resolve_digest=True)
    pulumi.export("pinned", pinned.repo_digest)
"""
YAML = """
    variables:
      app:
        fn::invoke:
          function: ucimage:index:getDockerImage
          arguments: {bucketName: ucs, resolveDigest: true}
    resources:
      pin:
        type: ucimage:index:ImagePin
        properties: {bucketName: ucs, resolveDigest: true}
    outputs:
      followed: ${app.repoDigest}
      pinned: ${pin.repoDigest}
"""
TALKATIVE = ("--yes", "--skip-preview", "--logtostderr", "--logflow", "--verbose=9")


@pytest.fixture
def api(language: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Run an API that knows the canary's keys, and a registry that wants a password.

    Python programs get a token for it, others send it each time.
    """
    monkeypatch.setattr("secrets.token_urlsafe", lambda _size: REGISTRY_TOKEN)
    login = "bearer" if language == "python" else "basic"
    keys = [{"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY}]
    data = {**bucket(image("a.b/app", [("1", 1)])), "Keys": keys}
    with Emulator(data=data, registry_login=login) as running:
        yield running


def secrets(emulator: Emulator) -> list[str]:
    """Keys, password, token and every signature, in each form that they could have."""
    signatures = [
        hashlib.sha1(  # noqa: S324 - UCloud's own
            ("".join(f"{k}{v}" for k, v in sorted(request.items())) + PRIVATE_KEY).encode()
        ).hexdigest()
        for request in emulator.requests
    ]
    plain = [PUBLIC_KEY, PRIVATE_KEY, DEMO_REGISTRY_PASSWORD, REGISTRY_TOKEN, *signatures]
    return [form for text in plain for form in written(text)]


def leaks(shown: str, emulator: Emulator) -> list[str]:
    """Which of them a text has."""
    return [secret for secret in secrets(emulator) if secret in shown]


def kept(folder: Path) -> str:
    """The content of all files: the project, the backend, Pulumi's home."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def make(folder: Path, language: str, tools: Path, extra: dict[str, str]) -> Workspace:
    """A program with a function and a pin."""
    if language == "python":
        return python_project(folder, PYTHON, tools=tools, extra=extra)
    return yaml_project(folder, YAML, tools=tools, extra=extra)


@pytest.mark.parametrize("configured", ["environment", "stack"])
@pytest.mark.parametrize("language", ["python", "yaml"])
def test_nothing_that_pulumi_shows_or_stores_has_a_secret(
    tmp_path: Path, tools: Path, api: Emulator, language: str, configured: str
) -> None:
    """At verbosity 9, in what is printed and logged, in the state, and on disk."""
    host = f"127.0.0.1:{urlsplit(api.url).port}"
    extra = {
        "UCLOUD_API_BASE_URL": api.url,
        "UCLOUD_REGION": "cn-bj2",
        "UCIMAGE_REGISTRY": host,
    }
    keys = {
        "UCLOUD_PUBLIC_KEY": PUBLIC_KEY,
        "UCLOUD_PRIVATE_KEY": PRIVATE_KEY,
        "UCIMAGE_REGISTRY_USERNAME": DEMO_REGISTRY_USERNAME,
        "UCIMAGE_REGISTRY_PASSWORD": DEMO_REGISTRY_PASSWORD,
    }
    if configured == "environment":
        extra |= keys
    workspace = make(tmp_path / "workspace", language, tools, extra)
    if configured == "stack":
        for key, value in {
            "publicKey": PUBLIC_KEY,
            "privateKey": PRIVATE_KEY,
            "registryUsername": DEMO_REGISTRY_USERNAME,
            "registryPassword": DEMO_REGISTRY_PASSWORD,
        }.items():
            workspace.pulumi("config", "set", "--secret", f"ucimage:{key}", value)

    done = workspace.run("up", *TALKATIVE)
    state = workspace.pulumi("stack", "export")

    # At this verbosity the engine itself writes the stack's configuration, as it hands it
    # to any provider; a key of the environment is in no line at all.
    log = "\n".join(
        line
        for line in done.stderr.splitlines()
        if configured == "environment" or "arshaling property for RPC" not in line
    )

    assert 0 == done.returncode, done.stderr[-2000:]
    app = f"{host}/app@{api.digest('ucs', 'app', '1')}"
    assert {"followed": app, "pinned": app} == workspace.outputs()
    assert api.requests
    # Each place has some text, so that a leak in it would be seen.
    for shown, of in (
        (done.stdout, app),
        (log, "ImagePin"),
        (state, "pin"),
        (kept(workspace.folder), "ucimage"),
    ):
        assert of in shown
        assert [] == leaks(shown, api)
        assert secrets(api) == leaks("\n".join([shown, *secrets(api)]), api)
    # As a provider that has a key would be stored in the state.
    for secret in (PRIVATE_KEY, DEMO_REGISTRY_PASSWORD, REGISTRY_TOKEN):
        blob = base64.b64encode(f"a provider: {secret}.".encode())
        (workspace.folder / "home" / "planted").write_bytes(blob)
        assert leaks(kept(workspace.folder), api)
