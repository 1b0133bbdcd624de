"""`make demo` does what it says, and fails where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import demo
import pytest

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator, EmulatorError

if TYPE_CHECKING:
    from pathlib import Path


def test_demo_shows_every_step(emulator: Emulator, tools: Path) -> None:
    """The old and new references, and the screens of `pulumi` and `ucimage`."""
    lines: list[str] = []

    demo.run(emulator, tools, write=lines.append)

    text = "\n".join(lines)
    files = [line for line in lines if "compose.yaml |     image: " in line]
    assert [("1.1.0", "1.1.0"), ("1.2.0", "1.1.0"), ("1.2.0", "1.2.0")] == [
        tuple(line.rpartition(":")[2] for line in files[n : n + 2]) for n in (0, 2, 4)
    ]
    assert f'newest: "{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:1.2.0"' in text
    assert f'pinned: "{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:1.2.0"' in text
    in_order = [
        "$ ucimage tags ucs helloworld",
        "chosen: newest CreateTime (policy newest)",
        "$ pulumi preview --diff",
        "$ ucimage pins",
        "newer tag",
        "$ pulumi up --yes --skip-preview",
        "Resources:",
        "This would downgrade the pin 'app' from '1.2.0' to '1.0.0'",
        "The API is down.",
        "2 unchanged",
    ]
    for step in in_order:
        _, found, text = text.partition(step)
        assert found, step


def test_demo_fails_if_the_downgrade_is_not_refused(
    emulator: Emulator, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that allows it is noticed."""
    allowed = demo.PRODUCTION.replace(
        'policy="semver"', 'policy="semver", allow_downgrade=True'
    )
    monkeypatch.setattr(demo, "PRODUCTION", allowed)
    monkeypatch.setattr(demo, "_follow_a_push", lambda *_: demo.push_new_tag(emulator))

    with pytest.raises(demo.DemoError, match="The downgrade was not refused"):
        demo.run(emulator, tools, write=lambda _: None)


def test_demo_fails_if_the_function_does_not_follow(
    emulator: Emulator, tools: Path
) -> None:
    """A push to another bucket's image of that name is not one of ours."""
    with pytest.raises(demo.DemoError, match=r"not the pushed 1\.2\.0"):
        demo.run(
            emulator,
            tools,
            push=lambda running: running.push("ucs", "other", demo.NEW_TAG),
            write=lambda _: None,
        )


def test_demo_fails_without_the_emulator(emulator: Emulator, tools: Path) -> None:
    """An API that stops in between is noticed."""
    with pytest.raises((demo.DemoError, EmulatorError, RuntimeError, OSError)):
        demo.run(emulator, tools, push=lambda running: running.stop(), write=lambda _: None)


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
