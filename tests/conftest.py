"""What all tests share: a clean environment, an emulator, and a real engine's tools."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import itertools
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi.runtime
import pytest
from authority import Authority
from buckets import bucket
from command_line import Ended, run
from emulator_calls import DATA
from exported_pins import exported
from hypothesis import HealthCheck, settings

from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent

pytest_plugins = ["complete_run"]

# No property may depend on the machine's speed, and CI must fail the same way twice.
# `make test-thorough` chooses the thorough profile.
settings.register_profile(
    "quick",
    max_examples=40,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "quick")

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hide the developer's own keys, profiles, proxies and Pulumi settings.

    The home folder is not there yet: most tests do not need one, and to remove
    thousands takes long.
    """
    ours = ("UCLOUD_", "UCIMAGE_", "PULUMI_", "REQUESTS_CA_", "CURL_CA_")
    for variable in os.environ:
        if variable.startswith(ours) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    home = tmp_path_factory.getbasetemp() / f"home-{next(_numbers)}"
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def home(clean_environment: None) -> Path:
    """Make the empty home folder of the test."""
    del clean_environment
    folder = Path.home()
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that a test trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that no test trusts."""
    return Authority(tmp_path_factory.mktemp("untrusted"))


@pytest.fixture(autouse=True)
def no_kept_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the connections and registries of a test; ports are used again."""
    monkeypatch.setattr("pulumi_ucimage._registry.endpoint._answered", {})
    yield
    close_connections()


@pytest.fixture(autouse=True)
def no_pulumi_settings() -> Iterator[None]:
    """Forget the engine or mocks, tasks and configuration of Pulumi's last run."""
    yield
    # Twice: what the first call replaces stays the default of threads that start later.
    pulumi.runtime.settings.reset_options()
    pulumi.runtime.settings.reset_options()
    pulumi.runtime.set_all_config({}, [])


@pytest.fixture
def no_finalizers() -> Iterator[None]:
    """Keep finalizers from running while deeply nested JSON fills the stack.

    There they fail, and what they print belongs to objects of other tests.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def event_loop() -> Iterator[None]:
    """Give Pulumi's Outputs an event loop outside of a program."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(end_tasks())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)


async def end_tasks() -> None:
    """Cancel what a program leaves behind, as Pulumi's language host does."""
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


@pytest.fixture
def many() -> Iterator[Emulator]:
    """Run an emulator with 25 images in the bucket `many`."""
    with Emulator(data=DATA) as running:
        yield running


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command `ucimage` in this process, with pipes."""
    return partial(run, capsys=capsys)


@pytest.fixture
def outside_of_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder that is no Pulumi project, without the developer's preferences."""
    monkeypatch.chdir(tmp_path)
    for variable in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run an emulator with given images, and configure the environment for it."""
    running: list[Emulator] = []

    def serve_images(*images: dict[str, Any]) -> Emulator:
        emulator = Emulator(data=bucket(*images))
        emulator.start()
        running.append(emulator)
        for variable, value in environment_for(emulator).items():
            monkeypatch.setenv(variable, value)
        return emulator

    yield serve_images
    for emulator in running:
        emulator.stop()


@pytest.fixture
def check_pins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run `ucimage pins --from` on an export with some resources."""

    def check(*resources: dict[str, Any], words: tuple[str, ...] = ()) -> Ended:
        file = tmp_path / "stack.json"
        file.write_text(exported(*resources), encoding="utf-8")
        return run("pins", "--from", str(file), *words, capsys=capsys)

    return check


@pytest.fixture
def check_json(check_pins: Callable[..., Ended]) -> Callable[..., list[dict[str, Any]]]:
    """Run it with `--json`, and return the pins of the document."""

    def check(*resources: dict[str, Any]) -> list[dict[str, Any]]:
        pins: list[dict[str, Any]] = json.loads(
            check_pins(*resources, words=("--json",)).out
        )["pins"]
        return pins

    return check


# Read before `clean_environment` gives each test a home of its own.
_TOOLS_FOLDER = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")
_AMBIENT = dict(os.environ)


@pytest.fixture(scope="session")
def go_environment() -> dict[str, str]:
    """The user's caches, and the flags with which tools/install.py has filled them."""
    names = ("GOMODCACHE", "GOCACHE", "GOPATH")
    done = subprocess.run(
        ["go", "env", *names],  # noqa: S607
        env=_AMBIENT,
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
            env=_AMBIENT,
            check=True,
            timeout=600,
        )

    return made_once(tmp_path_factory, "node", install) / "node_modules"


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with Pulumi's engine and language hosts, built if missing."""
    if _TOOLS_FOLDER:
        return Path(_TOOLS_FOLDER)
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "install.py")],
        env=_AMBIENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def registry_program(tools: Path) -> Path:
    """The registry of distribution/distribution: Debian's, or the one built for tests."""
    return Path(shutil.which("docker-registry") or tools / "registry")
