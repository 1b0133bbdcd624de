"""A run of the tests fails where it proves less than it seems to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NOT_RUN = """
import subprocess
import pytest

@pytest.mark.skip
def test_skipped(): ...

@pytest.mark.xfail(strict=False)
def test_expected_to_fail(): assert False

@pytest.mark.xfail(strict=False)
def test_unexpected_pass(): ...

def test_not_chosen(): ...

def test_leaves_a_process(tmp_path):
    process = subprocess.Popen(["sleep", "600"])
    process.returncode = 0  # so that nothing waits for it
"""
LIVE = """
import pytest

@pytest.mark.live
def test_live(): pytest.skip("no keys")

def test_chosen(): ...
"""


def run(folder: Path, *options: str) -> tuple[int, str]:
    """Run the tests in a folder under our own conftest; the status and what it says."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)),
            # Otherwise it removes the folders of earlier runs at its end: minutes.
            *("--basetemp", str(folder / ".base")),
            *options,
            str(folder),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "tests"),
            "CI": "true",
            "TESTS_GRACE_S": "0.1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_is_not_run_or_left_running_fails_the_run(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Skipped, expected to fail, deselected, a module that skips itself; a process."""
    (tmp_path / "test_a.py").write_text(NOT_RUN)
    (tmp_path / "test_b.py").write_text('import pytest\npytest.importorskip("nothing")\n')

    status, said = run(tmp_path, *options, "--deselect", "test_a.py::test_not_chosen")
    left = re.findall(
        r"^(Not run|Left running), which fails the run: (\S+) ?(.*)$", said, re.MULTILINE
    )
    for how, pid, _ in left:
        if how == "Left running":
            os.kill(int(pid), signal.SIGKILL)

    assert 1 == status
    assert {
        "test_a.py::test_skipped",
        "test_a.py::test_expected_to_fail",
        "test_a.py::test_unexpected_pass",
        "test_a.py::test_not_chosen",
        "test_b.py",
    } == {name for how, name, _ in left if how == "Not run"}
    assert ["sleep 600"] == [
        command.strip() for how, _, command in left if how == "Left running"
    ]


def test_a_live_test_may_be_skipped(tmp_path: Path) -> None:
    """It needs an account."""
    (tmp_path / "test_a.py").write_text(LIVE)

    status, said = run(tmp_path)

    assert (0, False) == (status, "Not run" in said), said
