"""What all tests share: a clean environment, an emulator, and a real engine's tools."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi.runtime
import pytest
from hypothesis import settings

from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

# A slow machine is no failed property; and CI must fail the same way twice.
settings.register_profile(
    "ucimage", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True
)
settings.load_profile("ucimage")


_rejected: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note each test that was skipped or expected to fail; `live` ones may be."""
    if "live" not in report.keywords and (report.skipped or hasattr(report, "wasxfail")):
        _rejected.append(report.nodeid)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note each test that CI did not run; a developer may choose some."""
    if os.environ.get("CI"):
        _rejected.extend(i.nodeid for i in items if not i.get_closest_marker("live"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that left a test out: what is not run guards nothing."""
    if _rejected and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were left out."""
    for nodeid in _rejected:
        terminalreporter.write_line(f"Left out, which fails the run: {nodeid}")


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
    close_connections()


@pytest.fixture
def event_loop() -> Iterator[None]:
    """Give Pulumi's Outputs an event loop outside of a program; mocks end with it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(_end_tasks())
    loop.run_until_complete(loop.shutdown_default_executor())
    pulumi.runtime.settings.reset_options()
    loop.close()
    asyncio.set_event_loop(None)


async def _end_tasks() -> None:
    """End what a stack under mocks leaves behind: Pulumi itself waits for none of it."""
    current = asyncio.current_task()
    while tasks := {task for task in asyncio.all_tasks() if task is not current}:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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


def _go(variable: str) -> str:
    done = subprocess.run(
        ["go", "env", variable],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


# Tests have a home of their own; what was downloaded and compiled once is the user's.
CACHES = {
    "npm_config_cache": os.environ.get("npm_config_cache") or str(Path.home() / ".npm"),  # noqa: SIM112
    **{variable: _go(variable) for variable in ("GOMODCACHE", "GOCACHE", "GOPATH")},
}


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the example in TypeScript needs, installed by its lock file."""
    folder = tmp_path_factory.mktemp("node")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "examples" / "typescript" / file, folder)
    subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],  # noqa: S607
        cwd=folder,
        env={**os.environ, **CACHES},
        check=True,
        timeout=600,
    )
    return folder / "node_modules"


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


@pytest.fixture(scope="session")
def registry_program() -> Path:
    """The registry of distribution/distribution, Debian's or the tool script's."""
    return Path(shutil.which("docker-registry") or "registry")
