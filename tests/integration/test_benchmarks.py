"""The benchmarks: every row is measured, and those that CI judges are near their target."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from benchmarks import rows
from benchmarks.__main__ import PAGE, failures, table
from benchmarks.measure import ROWS, Measured, Row

if TYPE_CHECKING:
    from pathlib import Path


def row(*, in_ci: bool) -> Row:
    """A row with a target of 2."""
    return Row(
        figure="a row",
        ours="ours",
        against="theirs",
        target=2.0,
        measure=rows.choice,
        in_ci=in_ci,
    )


@pytest.mark.parametrize(
    ("ratios", "shown", "fails"),
    [
        ((2.0,), "| reached |", False),
        ((9.0, 1.0, 2.0), "| reached |", False),
        ((2.1,), "| **not reached** |", False),
        ((4.0,), "| **not reached** |", False),
        ((4.1,), "| **not reached** |", True),
    ],
)
def test_the_median_decides_about_a_row(
    ratios: tuple[float, ...],
    shown: str,
    fails: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Reached up to the target; CI fails above twice of it, and never by wall clock."""
    judged = [(row(in_ci=True), Measured(ratios))]
    reported = [(row(in_ci=False), Measured(ratios))]

    assert shown in table(judged)
    assert shown in table(reported)
    assert fails == bool(failures(judged))
    assert [] == failures(reported)


def test_every_row_is_on_the_page_and_near_its_target(tools: Path) -> None:
    """The quick form measures every row, on the real engine too."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PULUMI_UCIMAGE_TOOLS_FOLDER": str(tools)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    written = PAGE.read_text("utf-8")
    for measured in ROWS:
        assert f"| {measured.figure} |" in done.stdout
        assert f"| {measured.figure} |" in written
