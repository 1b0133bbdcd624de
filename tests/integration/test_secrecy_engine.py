"""Keys and signatures are nowhere in what Pulumi tells at its most talkative, or keeps."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from engine import python_project, yaml_project
from secrecy import written

from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workspace import Workspace

PUBLIC_KEY = "public/canary+51c8"
PRIVATE_KEY = "private/canary+9e02"
PYTHON = """
    import logging

    logging.basicConfig(level=logging.DEBUG)

    import pulumi
    import pulumi_ucimage as ucimage

    pulumi.export("followed", ucimage.get_docker_image("ucs").image)
    pulumi.export("pinned", ucimage.ImagePin("app", bucket_name="ucs").image)
"""
YAML = """
    variables:
      app:
        fn::invoke:
          function: ucimage:index:getDockerImage
          arguments: {bucketName: ucs}
    resources:
      pin:
        type: ucimage:index:ImagePin
        properties: {bucketName: ucs}
    outputs:
      followed: ${app.image}
      pinned: ${pin.image}
"""
TALKATIVE = ("--yes", "--skip-preview", "--logtostderr", "--logflow", "--verbose=9")


@pytest.fixture
def api() -> Iterator[Emulator]:
    """Run an API that knows the canary's keys."""
    image = {"ImageName": "a.b/app", "TagSet": [{"TagName": "1", "CreateTime": 1}]}
    bucket = {"Region": "cn-bj2", "BucketName": "ucs", "ImageSet": [image]}
    keys = [{"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY}]
    with Emulator(data={"Keys": keys, "Buckets": [bucket]}) as running:
        yield running


def secrets(emulator: Emulator) -> list[str]:
    """Both keys and every signature, in each form in which they could be written."""
    signatures = [
        hashlib.sha1(  # noqa: S324 - UCloud's own
            ("".join(f"{k}{v}" for k, v in sorted(request.items())) + PRIVATE_KEY).encode()
        ).hexdigest()
        for request in emulator.requests
    ]
    plain = [PUBLIC_KEY, PRIVATE_KEY, *signatures]
    return [form for text in plain for form in written(text)]


def leaks(shown: str, emulator: Emulator) -> list[str]:
    """Which of them a text has."""
    return [secret for secret in secrets(emulator) if secret in shown]


def kept(folder: Path) -> str:
    """All that stands in files: the project, the backend, Pulumi's home."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def make(folder: Path, language: str, tools: Path, extra: dict[str, str]) -> Workspace:
    """A program with a function and a pin."""
    if language == "python":
        return python_project(folder, PYTHON, tools=tools, extra=extra)
    return yaml_project(folder, YAML, tools=tools, extra=extra)


@pytest.mark.parametrize("configured", ["environment", "stack"])
@pytest.mark.parametrize("language", ["python", "yaml"])
def test_nothing_that_pulumi_tells_or_keeps_has_a_secret(
    tmp_path: Path, tools: Path, api: Emulator, language: str, configured: str
) -> None:
    """At verbosity 9, in what is printed and logged, in the state, and on disk."""
    extra = {"UCLOUD_API_BASE_URL": api.url, "UCLOUD_REGION": "cn-bj2"}
    keys = {"UCLOUD_PUBLIC_KEY": PUBLIC_KEY, "UCLOUD_PRIVATE_KEY": PRIVATE_KEY}
    if configured == "environment":
        extra |= keys
    workspace = make(tmp_path / "workspace", language, tools, extra)
    if configured == "stack":
        workspace.pulumi("config", "set", "--secret", "ucimage:publicKey", PUBLIC_KEY)
        workspace.pulumi("config", "set", "--secret", "ucimage:privateKey", PRIVATE_KEY)

    done = workspace.run("up", *TALKATIVE)
    state = workspace.pulumi("stack", "export")

    # At this verbosity the engine itself writes the stack's configuration, as it hands it
    # to any provider; a key of the environment is in no line at all.
    told = "\n".join(
        line
        for line in done.stderr.splitlines()
        if configured == "environment" or "arshaling property for RPC" not in line
    )

    assert 0 == done.returncode, done.stderr[-2000:]
    assert {"followed": "a.b/app:1", "pinned": "a.b/app:1"} == workspace.outputs()
    assert api.requests
    # Each place is one that has something to tell, so that a leak in it would be seen.
    for shown, of in (
        (done.stdout, "a.b/app:1"),
        (told, "ImagePin"),
        (state, "pin"),
        (kept(workspace.folder), "ucimage"),
    ):
        assert of in shown
        assert [] == leaks(shown, api)
        assert secrets(api) == leaks("\n".join([shown, *secrets(api)]), api)
    # As a provider that holds a key would stand in the state.
    blob = base64.b64encode(f"a provider: {PRIVATE_KEY}.".encode())
    (workspace.folder / "home" / "planted").write_bytes(blob)
    assert leaks(kept(workspace.folder), api)
