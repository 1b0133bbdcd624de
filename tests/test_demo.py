"""`make demo` does what it says, and fails where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import demo
import pytest

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator

if TYPE_CHECKING:
    from pathlib import Path


def test_demo_shows_the_new_reference(emulator: Emulator, tools: Path) -> None:
    """The lines tell the old reference, the change, and the new one."""
    lines: list[str] = []

    demo.run(emulator, tools, tell=lines.append)

    text = "\n".join(lines)
    assert f"output image: {DEMO_IMAGE}:1.1.0" in text
    assert f'"{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:1.2.0"' in text
    assert f"output image: {DEMO_IMAGE}:1.2.0" in text


def test_demo_fails_without_the_push(emulator: Emulator, tools: Path) -> None:
    """A push that is withheld is noticed."""
    with pytest.raises(demo.DemoError, match=r"not the tag 1\.2\.0"):
        demo.run(emulator, tools, push=lambda _: None, tell=lambda _: None)


def test_demo_fails_without_the_emulator(emulator: Emulator, tools: Path) -> None:
    """An API that stops in between is noticed."""
    with pytest.raises((demo.DemoError, RuntimeError, OSError)):
        demo.run(emulator, tools, push=lambda running: running.stop(), tell=lambda _: None)


def test_demo_ends_with_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tools: Path
) -> None:
    """A failed step is one sentence and status 1; a missing set-up is status 2."""
    assert demo.main() == 2
    monkeypatch.setenv("PULUMI_UCIMAGE_TOOLS_FOLDER", str(tools))
    monkeypatch.setattr(demo, "run", _fail)

    assert demo.main() == 1
    assert "The demo failed: because" in capsys.readouterr().err


def _fail(*_: object) -> None:
    message = "because"
    raise demo.DemoError(message)
