"""Pulumi's programs as `tools/install.py` provides them."""

from __future__ import annotations

import os
import subprocess

import pytest
from conftest import ROOT

TOOLS = ROOT / "tools"
MODULES = sorted(path.parent.name for path in TOOLS.glob("*/go.mod"))


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
