"""`make soak` reports what it is to find, seen in a short run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import soak
from reliability import page

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def wrong(problems: list[str]) -> set[str]:
    """What kinds of problem there are, but for growth, which takes a longer run to see."""
    return {problem.split(":")[0] for problem in problems if "grew" not in problem}


def test_a_short_run_has_no_wrong_answer() -> None:
    """Look-ups and pins with one fault in ten calls, half of a second long."""
    report, problems = soak.soak(0.5, 0.1)

    assert set() == wrong(problems), problems
    assert "wrong: 0" in report
    assert "other exceptions: 0" in report


def test_the_page_keeps_the_last_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new report replaces the old one, and `make reliability` keeps it."""
    path = tmp_path / "page.md"
    path.write_text("# Reliability\n")
    monkeypatch.setattr(page, "PAGE", path)

    page.write_endurance("- the first\n")
    page.write_endurance("- the second\n")

    text = path.read_text()
    assert 1 == text.count("## Endurance")
    assert text.endswith("\n- the second\n")
    monkeypatch.setattr(page, "CASES", {})
    assert page.write({}).endswith("\n- the second\n")
