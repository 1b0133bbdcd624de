"""The second way: Pulumi's own installer, given up within seconds if out of reach."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_engine.cache import published
from pulumi_engine.errors import RouteError
from pulumi_engine.process import last_line, run, say
from pulumi_engine.programs import PULUMI, complete, names, pinned, prove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_engine.programs import Program

SITE = "https://get.pulumi.com"
UNREACHABLE = "--connect-timeout 3"
STALLED = "--speed-limit 10000 --speed-time 20"
SCRIPT_LIMIT_S = 20.0
INSTALLER_LIMIT_S = 300.0


def installed_in(cache: Path) -> Path:
    """Where the installed programs are kept."""
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return cache / f"installed-{PULUMI.version}-{machine}" / "bin"


def from_installer(programs: Sequence[Program], cache: Path) -> Path:
    """What the installer of the pinned version brings, once it is seen to run."""
    say(f"asking {SITE} for Pulumi {PULUMI.version}")
    target = installed_in(cache)
    with published(target.parent) as root, tempfile.TemporaryDirectory() as scratch:
        install(root, Path(scratch))
        if not complete(root / "bin", names(programs)):
            raise RouteError("the installer did not bring every program")
        paths = {name: root / "bin" / name for name in names(programs)}
        if prove(programs, paths) != pinned():
            raise RouteError("the installer brought another version")
    return target


def install(root: Path, scratch: Path) -> None:
    """Fetch the installer and let it fill a folder; it fetches with curl itself."""
    curl = shutil.which("curl")
    if curl is None:
        raise RouteError("there is no curl on PATH")
    bounded_curl = scratch / "curl"
    bounded_curl.write_text(
        f'#!/bin/sh\nexec "{curl}" {UNREACHABLE} {STALLED} "$@"\n', encoding="utf-8"
    )
    bounded_curl.chmod(0o755)
    script = scratch / "install.sh"
    status, output = run(
        [bounded_curl, "-fsSL", "-o", script, f"{SITE}/install.sh"],
        limit_s=SCRIPT_LIMIT_S,
    )
    if status:
        raise RouteError(last_line(output))
    say("downloading and unpacking")
    wish = ["--version", PULUMI.version, "--install-root", str(root), "--no-edit-path"]
    status, output = run(
        ["/bin/sh", script, *wish],
        environment={"PATH": f"{scratch}{os.pathsep}{os.environ['PATH']}"},
        limit_s=INSTALLER_LIMIT_S,
    )
    if status:
        raise RouteError(last_line(output))
