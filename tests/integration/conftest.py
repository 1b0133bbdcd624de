"""Fixtures of the engine, Go and Node: `make test-fast` has none of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Read before `clean_environment` gives each test a home of its own.
TOOLS_FOLDER = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")
AMBIENT = dict(os.environ)


@pytest.fixture(scope="module")
def module_emulator() -> Iterator[Emulator]:
    """Run one emulator for all stacks of a module."""
    with Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def go_environment() -> dict[str, str]:
    """The user's caches, and the flags with which tools/install.py has filled them."""
    names = ("GOMODCACHE", "GOCACHE", "GOPATH")
    done = subprocess.run(
        ["go", "env", *names],  # noqa: S607
        env=AMBIENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        **dict(zip(names, done.stdout.splitlines(), strict=True)),
        "CGO_ENABLED": "0",
        "GOFLAGS": "-trimpath -tags=osusergo,grpcnotrace",
    }


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder that is made once for all workers of pytest-xdist."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = tmp_path_factory.mktemp(name)
            make(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the example in TypeScript needs, installed by its lock file."""

    def install(folder: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "examples" / "typescript" / file, folder)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"],  # noqa: S607
            cwd=folder,
            env=AMBIENT,
            check=True,
            timeout=600,
        )

    return made_once(tmp_path_factory, "node", install) / "node_modules"


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with Pulumi's engine and language hosts, built if missing."""
    if TOOLS_FOLDER:
        return Path(TOOLS_FOLDER)
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "install.py")],
        env=AMBIENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def registry_program(tools: Path) -> Path:
    """The registry of distribution/distribution: Debian's, or the one built for tests."""
    return Path(shutil.which("docker-registry") or tools / "registry")
