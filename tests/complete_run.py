"""Hooks of pytest: a run fails if it left a test out, or a process running."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRACE_S = float(os.environ.get("TESTS_GRACE_S") or 10)  # to end after the last test
_RUN = "TESTS_RUN_ID"

_not_run: set[str] = set()
_left_running: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note each test that was skipped or expected to fail; `live` ones may be."""
    if "live" not in report.keywords and (report.skipped or hasattr(report, "wasxfail")):
        _not_run.add(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note each module that skipped itself."""
    if report.skipped:
        _not_run.add(report.nodeid)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note each test that CI did not run; a developer may choose some."""
    if os.environ.get("CI"):
        _not_run.update(i.nodeid for i in items if not i.get_closest_marker("live"))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over what a worker of pytest-xdist noted."""
    _not_run.update(getattr(node, "workeroutput", {}).get("not_run", ()))


def pytest_configure(config: pytest.Config) -> None:
    """Mark the processes of this run; workers and what tests start inherit the mark."""
    if not hasattr(config, "workerinput"):
        os.environ[_RUN] = uuid.uuid4().hex
    # A shell lets its background commands, and all that they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: processes often wait for each other."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run that left a test out, or a process running."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = list(_not_run)
        return (yield)
    yield  # pytest-xdist ends its workers
    end = time.monotonic() + _GRACE_S
    while (running := _processes()) and time.monotonic() < end:
        time.sleep(0.05)
    _left_running.extend(running)
    if (_not_run or _left_running) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return None


def _processes() -> list[str]:
    """The commands of other processes of this run, where /proc says."""
    mark = f"{_RUN}={os.environ[_RUN]}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and (
                mark in (process / "environ").read_bytes().split(b"\0")
            ):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"{process.name} {command.decode(errors='replace')}")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what fails a run in which every test passed."""
    for nodeid in sorted(_not_run):
        terminalreporter.write_line(f"Not run, which fails the run: {nodeid}")
    for command in _left_running:
        terminalreporter.write_line(f"Left running, which fails the run: {command}")
