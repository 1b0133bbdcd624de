"""The third way: the pinned Go modules, built here and kept program by program."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_engine.cache import digest, published
from pulumi_engine.errors import InstallError, RouteError
from pulumi_engine.process import last_line, run, say
from pulumi_engine.programs import PULUMI, complete, prove_host, prove_pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_engine.programs import Program

MINIMUM_GO = (1, 26)
ASK_LIMIT_S = 20.0
FLAGS = ("-trimpath", "-buildvcs=false", "-tags=osusergo,grpcnotrace")
ENVIRONMENT = {
    "GOFLAGS": "-mod=readonly",  # what go.mod and go.sum say, and nothing else
    "GOTOOLCHAIN": "local",  # no download of another Go
    "GOWORK": "off",
    "GOOS": "",  # empty is this machine's own
    "GOARCH": "",
    "CGO_ENABLED": "0",  # the same programs with and without a C compiler
}


def go_on_path() -> str:
    """What the Go on PATH says of itself, platform included; empty without one."""
    command = ["go", "version"]
    status, output = run(command, environment=ENVIRONMENT, limit_s=ASK_LIMIT_S)
    return "" if status else output.strip()


def program_in(cache: Path, program: Program, go: str) -> Path:
    """Where a built program is kept: another place for all that changes the result."""
    pins = [(program.source / name).read_bytes() for name in ("go.mod", "go.sum")]
    recipe = (FLAGS, ENVIRONMENT, program, go)
    return cache / f"{program.name}-{digest(pins, recipe)}"


def built_in(cache: Path, programs: Sequence[Program], go: str) -> Path:
    """Where the built programs are together."""
    parts = [program_in(cache, program, go).name for program in programs]
    return cache / f"built-{digest(parts)}"


def from_go(programs: Sequence[Program], cache: Path, go: str) -> Path:
    """The programs in one folder, each built unless it was built before."""
    require(go)
    for program in programs:
        kept = program_in(cache, program, go)
        if not complete(kept, program.files):
            with published(kept) as folder:
                build(program, folder)
    together = built_in(cache, programs, go)
    with published(together) as folder:
        for program in programs:
            for name in program.files:
                join(program_in(cache, program, go) / name, folder / name)
    return together


def require(go: str) -> None:
    """InstallError unless there is a Go that is new enough."""
    release = re.search(r"go(\d+)\.(\d+)", go)
    if release is None or (int(release[1]), int(release[2])) < MINIMUM_GO:
        needed = ".".join(map(str, MINIMUM_GO))
        seen = f" (PATH has {release[0]})" if release else ""
        raise InstallError(
            f"Go {needed} or later is needed to build Pulumi's engine here{seen}; "
            f"install it from https://go.dev/dl or {instead()}."
        )


def instead() -> str:
    """What a user may do who cannot build."""
    return f"put Pulumi {PULUMI.version} or later, with its language hosts, on PATH"


def build(program: Program, folder: Path) -> None:
    """Build one program, see that it runs, and put its scripts beside it."""
    what = f"{program.name} {program.version}"
    say(f"building {what} with Go; about {program.first_build} the first time")
    start = time.monotonic()
    path = folder / program.name
    stamp = f"-ldflags=-s -w -X {program.version_variable}=v{program.version}"
    ask_go(program, "build", *FLAGS, stamp, "-o", path, "tool")
    try:
        (prove_pulumi if program == PULUMI else prove_host)(path)
    except RouteError as error:
        raise InstallError(f"{error}; {instead()}.") from error
    if program.scripts:
        module = ask_go(program, "list", "-m", "-f", "{{.Dir}}", program.module)
        for script in program.scripts:
            copy = folder / Path(script).name
            shutil.copyfile(Path(last_line(module), script), copy)
            copy.chmod(0o755)
    say(f"built {what} in {time.monotonic() - start:.0f} s")


def ask_go(program: Program, *command: str | Path) -> str:
    """What a go command prints, run where the program's go.mod is."""
    status, output = run(["go", *command], folder=program.source, environment=ENVIRONMENT)
    if status:
        say("\n".join(output.splitlines()[-20:]))
        raise InstallError(
            f"Go could not build {program.name} {program.version} for the reason above "
            f"(a first build downloads its modules); mend that or {instead()}."
        )
    return output


def join(kept: Path, path: Path) -> None:
    """Give a file a second name; links would lead the engine away from its hosts."""
    try:
        path.hardlink_to(kept)
    except OSError:  # a file system without hard links
        shutil.copy2(kept, path)
