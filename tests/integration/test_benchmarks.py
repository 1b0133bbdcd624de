"""The benchmarks: what they judge, and that every row is near enough to its target."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from benchmarks.__main__ import PAGE, ROWS, table
from benchmarks.judgement import Judged, Measured, best, failures

if TYPE_CHECKING:
    from pathlib import Path


def judged(ratio: float) -> Judged:
    """A row with a target of 2."""
    return Judged("a row", 2.0, Measured((ratio,)))


@pytest.mark.parametrize(
    ("ratio", "is_reached", "fails"),
    [
        (1.9, True, False),
        (2.0, True, False),
        (2.1, False, False),
        (3.0, False, False),
        (3.1, False, True),
    ],
)
def test_a_row_is_judged(
    ratio: float,
    is_reached: bool,  # noqa: FBT001
    fails: bool,  # noqa: FBT001
) -> None:
    """Reached by the target; failed above 1.5 times of it."""
    row = judged(ratio)

    assert is_reached == row.is_reached
    assert fails == bool(failures([row]))


def test_a_failure_says_what_was_measured() -> None:
    """The row, its figure, and the limit."""
    assert ["a row: 9.00 is above 3.00, with a target of 2."] == failures([judged(9)])


@pytest.mark.parametrize(("figures", "counted"), [([9, 5, 7], 5), ([9, 2, 1], 2), ([3], 3)])
def test_a_row_has_three_tries(figures: list[float], counted: float) -> None:
    """The best of three counts, and none is tried again that is near enough."""
    left = iter(figures)

    measured = best(lambda: Measured((next(left),)), limit=3.0)

    assert counted == measured.median


def test_the_figure_is_the_median_of_the_rounds() -> None:
    """One slow round changes the spread, not the figure."""
    measured = Measured((1.0, 1.1, 1.2, 1.3, 9.0))

    assert 1.2 == measured.median
    assert (1.1, 1.3) == measured.spread


def test_every_row_is_on_the_page_and_near_its_target(tools: Path) -> None:
    """The quick form measures all rows, on the real engine too, and none is far off."""
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
        assert f"| {row.figure} |" in done.stdout
        assert f"| {row.figure} |" in written


def test_a_row_that_is_not_reached_says_so() -> None:
    """In the table, by the row's own target."""
    row = ROWS[0]

    assert "**not reached**" in table([(row, Measured((row.target + 1,)))])
    assert "**not reached**" not in table([(row, Measured((row.target,)))])
