"""What all tests share: a clean environment, and an emulator."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi.runtime
import pytest
from authority import Authority
from emulator_calls import until
from faults import FaultServer, answer
from hypothesis import HealthCheck, settings

from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._lookup import listing_cache
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ServeApi = Callable[[dict[str, Any]], Emulator]

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


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, which the environment trusts too."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    return authority


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
    configure(emulator, monkeypatch)
    return emulator


def configure(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that lead to an emulator whose keys are the demo's."""
    for variable, value in environment_for(emulator).items():
        monkeypatch.setenv(variable, value)


def environment_for(emulator: Emulator) -> dict[str, str]:
    """The variables that lead a program to an emulator whose keys are the demo's."""
    return {
        "UCLOUD_API_BASE_URL": emulator.url,
        "UCLOUD_PUBLIC_KEY": "demo-public-key",
        "UCLOUD_PRIVATE_KEY": "demo-private-key",
        "UCLOUD_REGION": "cn-bj2",
    }


@pytest.fixture
def listing_waits(monkeypatch: pytest.MonkeyPatch) -> list[threading.Event]:
    """One entry for each wait of a caller for another one's listing."""
    waits: list[threading.Event] = []

    class NotedEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(self)
            return super().wait(timeout)

    monkeypatch.setattr(listing_cache, "Event", NotedEvent)
    return waits


@pytest.fixture
def share(
    configured: Emulator,
    listing_waits: list[threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Callable[[], object], int], int]:
    """Make a call in some threads at the same time; how many listings that takes.

    The API answers the first listing when all other callers wait for its end, and the
    second one when all but the caller that makes it wait for that one.
    """

    def run_together(call: Callable[[], object], callers: int) -> int:
        waits = iter((callers - 1, (callers - 1) + (callers - 2)))

        def respond(_: object) -> bytes:
            expected = next(waits)
            until(lambda: len(listing_waits) >= expected)
            return answer()

        with FaultServer(respond) as server, ThreadPoolExecutor(callers) as threads:
            monkeypatch.setenv("UCLOUD_API_BASE_URL", server.url)
            first = threads.submit(call)
            until(lambda: server.requests)
            others = [threads.submit(call) for _ in range(callers - 1)]
            assert 1 == len({each.result(30) for each in (first, *others)})
            return len(server.requests)

    return run_together


@pytest.fixture
def outside_of_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder that is not a Pulumi project, without the developer's preferences."""
    monkeypatch.chdir(tmp_path)
    for variable in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def serve_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeApi]:
    """Run an emulator with the content of a data file, and configure the environment."""
    with ExitStack() as stack:

        def start(data: dict[str, Any]) -> Emulator:
            emulator = stack.enter_context(Emulator(data=data))
            configure(emulator, monkeypatch)
            return emulator

        yield start
