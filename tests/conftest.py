"""What all tests share: a clean environment, an emulator, and a real engine's tools."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from pulumi_ucimage import clients
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

# A slow machine is no failed property; and CI must fail the same way twice.
settings.register_profile(
    "ucimage", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True
)
settings.load_profile("ucimage")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the developer's own keys, profiles, proxies and Pulumi settings."""
    ours = ("UCLOUD_", "UCIMAGE_", "PULUMI_", "REQUESTS_CA_", "CURL_CA_")
    for variable in os.environ:
        if variable.startswith(ours) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def no_kept_connections() -> Iterator[None]:
    """Close the connections that a test leaves in the cache."""
    yield
    clients.close_connections()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run a UCloud API on loopback, with the data it has by itself."""
    with Emulator() as running:
        yield running


@pytest.fixture
def configured(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Configure the environment for the emulator, as a user would."""
    for variable, value in environment_for(emulator).items():
        monkeypatch.setenv(variable, value)
    return emulator


def environment_for(emulator: Emulator) -> dict[str, str]:
    """The variables that lead a program to an emulator with its own data."""
    return {
        "UCLOUD_API_BASE_URL": emulator.url,
        "UCLOUD_PUBLIC_KEY": "demo-public-key",
        "UCLOUD_PRIVATE_KEY": "demo-private-key",
        "UCLOUD_REGION": "cn-bj2",
    }


_TOOLS_FOLDER = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with Pulumi's engine and language hosts, built if need be."""
    if _TOOLS_FOLDER:
        return Path(_TOOLS_FOLDER)
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "install.py")],
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.splitlines()[-1])
