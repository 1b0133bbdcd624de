"""Fixtures of the command `ucimage`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from command_line import Ended, run
from exported_pins import exported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command `ucimage` in this process, with pipes."""
    return partial(run, capsys=capsys)


@pytest.fixture
def check_pins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run `ucimage pins --from` on an export with some resources."""

    def check(*resources: dict[str, Any], words: tuple[str, ...] = ()) -> Ended:
        file = tmp_path / "stack.json"
        file.write_text(exported(*resources), encoding="utf-8")
        return run("pins", "--from", str(file), *words, capsys=capsys)

    return check


@pytest.fixture
def check_json(check_pins: Callable[..., Ended]) -> Callable[..., list[dict[str, Any]]]:
    """Run it with `--json`, and return the pins of the document."""

    def check(*resources: dict[str, Any]) -> list[dict[str, Any]]:
        pins: list[dict[str, Any]] = json.loads(
            check_pins(*resources, words=("--json",)).out
        )["pins"]
        return pins

    return check
