"""The programs that make an engine, their pins, and the proof that they run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_engine.errors import RouteError
from pulumi_engine.process import last_line, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SDK = "github.com/pulumi/pulumi/sdk/v3"
PROBE_LIMIT_S = 20.0  # a version manager's launcher may be slow at first
USAGE_SHOWN = (0, 2)  # how programs with Go's flag package end after -help


@dataclass(frozen=True)
class Program:
    """One program, pinned by the go.mod in the folder that bears its name."""

    name: str
    module: str
    first_build: str
    version_variable: str = f"{SDK}/go/common/version.Version"
    scripts: tuple[str, ...] = ()  # files of the module that it needs beside it

    @property
    def source(self) -> Path:
        """The folder of its go.mod."""
        return Path(__file__).resolve().parents[1] / self.name

    @property
    def version(self) -> str:
        """The pinned version of its module, without the v."""
        go_mod = (self.source / "go.mod").read_text(encoding="utf-8")
        pin = re.search(rf"^\s*{re.escape(self.module)} v(\S+)", go_mod, re.MULTILINE)
        if pin is None:
            raise LookupError(f"{self.source}/go.mod does not pin {self.module}")
        return pin[1]

    @property
    def files(self) -> tuple[str, ...]:
        """What has to stand in the folder, the program first."""
        return (self.name, *(Path(script).name for script in self.scripts))


PULUMI = Program("pulumi", "github.com/pulumi/pulumi/pkg/v3", "seven minutes")
HOSTS = (
    Program(
        "pulumi-language-python",
        SDK,
        "one minute",
        scripts=(
            "python/cmd/pulumi-language-python-exec",
            "python/dist/pulumi-resource-pulumi-python",
        ),
    ),
    Program(
        "pulumi-language-yaml",
        "github.com/pulumi/pulumi-yaml",
        "a minute and a half",
        version_variable="github.com/pulumi/pulumi-yaml/pkg/version.Version",
    ),
    Program(
        "pulumi-language-nodejs",
        SDK,
        "half a minute",
        scripts=("nodejs/dist/pulumi-resource-pulumi-nodejs",),
    ),
    Program("pulumi-language-go", SDK, "ten seconds"),
)
PROGRAMS = (PULUMI, *HOSTS)


def names(programs: Sequence[Program]) -> list[str]:
    """The files that the programs are made of."""
    return [name for program in programs for name in program.files]


def complete(folder: Path, wanted: Sequence[str]) -> bool:
    """Whether a folder holds all the files, ready to run."""
    return all(os.access(folder / name, os.X_OK) for name in wanted)


def pinned() -> tuple[int, ...]:
    """The version of pulumi that is built, and the oldest one that serves."""
    return tuple(int(part) for part in PULUMI.version.split("."))


def prove_host(path: Path) -> None:
    """Start a language host; RouteError if it does not run on this machine."""
    status, output = run([path, "-help"], limit_s=PROBE_LIMIT_S)
    if status not in USAGE_SHOWN:
        raise RouteError(f"{path} does not run: {last_line(output)}")


def prove_pulumi(path: Path) -> tuple[int, ...]:
    """Ask pulumi for its version; RouteError if it does not run on this machine."""
    status, output = run(
        [path, "version"],
        environment={"PULUMI_SKIP_UPDATE_CHECK": "true"},
        limit_s=PROBE_LIMIT_S,
    )
    version = re.search(r"^v?(\d+)\.(\d+)\.(\d+)", output, re.MULTILINE)
    if status or version is None:
        raise RouteError(f"{path} does not run: {last_line(output)}")
    return tuple(int(part) for part in version.groups())


def prove(programs: Sequence[Program], paths: Mapping[str, Path]) -> tuple[int, ...]:
    """Run every program; the version of the pulumi among them."""
    for program in programs:
        if program != PULUMI:
            prove_host(paths[program.name])
    return prove_pulumi(paths[PULUMI.name])
