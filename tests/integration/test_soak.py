"""`make soak` reports what it is to find, seen in a short run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import soak
from reliability import page

if TYPE_CHECKING:
    from pathlib import Path


def wrong(problems: list[str]) -> set[str]:
    """What kinds of problem there are, but for growth, which takes a longer run to see."""
    return {problem.split(":")[0] for problem in problems if "grew" not in problem}


def test_a_short_run_has_no_wrong_answer() -> None:
    """Look-ups and pins with one fault in ten calls, half of a second long."""
    report, problems = soak.soak(0.5, 0.1)

    assert set() == wrong(problems), problems
    assert "wrong: 0" in report
    assert "other exceptions: 0" in report


@pytest.mark.parametrize(
    ("replacement", "kind"),
    [
        (lambda *_, **__: soak.provider(), "foreign"),
        (lambda *_, **__: SimpleNamespace(images=[]), "wrong"),
    ],
    ids=["another exception", "an empty listing"],
)
def test_a_problem_is_counted(
    replacement: object, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong answer, and an exception that is not the package's, are reported."""
    monkeypatch.setattr(soak, "get_docker_images", replacement)
    worker = soak.Worker(0, "http://127.0.0.1:1/")

    worker.round()

    assert kind in {problem.split(":")[0] for problem in worker.wrong[:2]}
    assert worker.outcomes[kind] >= 1


def test_growth_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory, threads and files are compared before and after."""
    held = iter([soak.Held(1, 1, 1), soak.Held(50, 1, 9), soak.Held(61, 2, 18)])
    monkeypatch.setattr(soak.Held, "now", lambda: next(held))
    monkeypatch.setattr(soak.Held, "once_calm", lambda _: next(held))

    _, problems = soak.soak(0.0, 0.0)

    grown = [problem.partition(" grew")[0] for problem in problems]
    assert ["memory_mb", "threads", "files"] == grown


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
