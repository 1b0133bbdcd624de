"""Pulumi's programs as `tools/install.py` provides them."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = ROOT / "tools"
MODULES = sorted(path.parent.name for path in TOOLS.glob("*/go.mod"))


def test_the_engine_is_the_pinned_one_or_later(tools: Path) -> None:
    """It runs, and it is as new as the pin in go.mod."""
    done = subprocess.run(
        [tools / "pulumi", "version"],
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    (pinned,) = re.findall(
        r"pulumi/pkg/v3 v(\d+)\.(\d+)", (TOOLS / "pulumi" / "go.mod").read_text("utf-8")
    )

    version = done.stdout.strip().lstrip("v").split(".")
    assert [int(part) for part in version[:2]] >= [int(part) for part in pinned]


@pytest.mark.parametrize("module", MODULES)
def test_every_go_sum_is_complete(module: str, go_environment: dict[str, str]) -> None:
    """With the modules in the cache, Go needs no network to read all that it builds."""
    command = ["go", "list", "-mod=readonly", "-deps", "tool"]
    environment = {
        **os.environ,
        **go_environment,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "",
    }
    # Downloads what is missing where the programs were not built here.
    subprocess.run(
        command, cwd=TOOLS / module, env=environment, check=True, capture_output=True
    )

    done = subprocess.run(
        command,
        cwd=TOOLS / module,
        env={**environment, "GOPROXY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
