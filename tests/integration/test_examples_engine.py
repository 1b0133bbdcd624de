"""The examples in other languages, each through a pin's life on a real Pulumi engine."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT, environment_for
from engine import errors
from workspace import Workspace

from pulumi_ucimage.emulator import DEMO_IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator


@pytest.fixture(params=["go", "typescript", "yaml"])
def workspace(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tools: Path,
    go_environment: dict[str, str],
    emulator: Emulator,
) -> Workspace:
    """A copy of an example with a stack."""
    workspace = Workspace.make(
        tmp_path / "workspace",
        ROOT / "examples" / request.param,
        tools=tools,
        extra={**environment_for(emulator), **go_environment},
    )
    if request.param == "typescript":
        node_modules = request.getfixturevalue("node_modules")
        (workspace.project / "node_modules").symlink_to(node_modules)
    return workspace


def test_an_example_follows_and_pins(workspace: Workspace, emulator: Emulator) -> None:
    """Deployed, pushed to and triggered, asked for what is not there, and destroyed."""
    workspace.pulumi("up", "--yes", "--skip-preview")
    first = {"images": 1, "newest": f"{DEMO_IMAGE}:1.1.0", "pinned": f"{DEMO_IMAGE}:1.1.0"}
    assert first == workspace.outputs()

    emulator.push("ucs", "helloworld", "1.3.0")
    preview = workspace.pulumi("preview", "--diff")
    assert f'newest: "{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:1.3.0"' in preview
    assert "pinned" not in preview
    workspace.pulumi("config", "set", "release", "second")
    workspace.pulumi("up", "--yes", "--skip-preview")
    second = {"newest": f"{DEMO_IMAGE}:1.3.0", "pinned": f"{DEMO_IMAGE}:1.3.0"}
    assert {**first, **second} == workspace.outputs()

    workspace.pulumi("config", "set", "bucket", "no-such-bucket")
    failed = workspace.run("preview")
    assert failed.returncode
    text = failed.stdout + failed.stderr
    assert "RetCode 43023" in " ".join(errors(text))
    assert "check bucket_name" not in text
    assert "check bucketName" in text

    workspace.pulumi("destroy", "--yes")


def test_the_types_of_the_example_in_typescript_fit(
    tmp_path: Path, node_modules: Path
) -> None:
    """TypeScript itself checks them, strictly."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "typescript", project)
    (project / "node_modules").symlink_to(node_modules)

    subprocess.run([node_modules / ".bin" / "tsc", "--project", project], check=True)


def test_no_lock_file_names_a_registry() -> None:
    """Every registry that has the packages will do: the lock holds versions and hashes."""
    lock = (ROOT / "examples" / "typescript" / "package-lock.json").read_text("utf-8")

    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 100
