"""The benchmarks: every row can be measured, and is on the page."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from benchmarks import rows
from benchmarks.__main__ import PAGE, table
from benchmarks.measure import ROWS, Measured, Row

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("ratios", "ratio", "verdict"),
    [
        ((2.0,), "| 2.00 \N{MULTIPLICATION SIGN} |", "| reached |"),
        ((9.0, 1.0, 2.0), "| 2.00 \N{MULTIPLICATION SIGN} |", "| reached |"),
        ((2.001,), "| just over 2.00 \N{MULTIPLICATION SIGN} |", "| **not reached** |"),
        ((2.1,), "| 2.10 \N{MULTIPLICATION SIGN} |", "| **not reached** |"),
    ],
)
def test_the_median_decides_about_a_row(
    ratios: tuple[float, ...], ratio: str, verdict: str
) -> None:
    """Reached up to the target; a ratio that is rounded down to it says so."""
    row = Row(figure="a", ours="b", against="c", target=2.0, measure=rows.choice)

    shown = table([(row, Measured(ratios))])

    assert ratio in shown
    assert verdict in shown


def test_every_row_is_on_the_page(tools: Path) -> None:
    """The quick form measures every row, on the real engine too; memory is judged."""
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
    for row in ROWS:
        (line,) = [
            line
            for line in done.stdout.splitlines()
            if line.startswith(f"| {row.figure} |")
        ]
        assert f"| {row.figure} |" in written
        assert row.measure is not rows.memory or line.endswith("| reached |")
