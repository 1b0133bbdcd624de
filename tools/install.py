#!/usr/bin/env python3
"""Put `pulumi` and its language hosts into one folder and print that folder.

The folder is the last line of stdout; what happens meanwhile goes to stderr. Put it
on PATH and the engine finds its hosts. The programs are those on PATH if they serve,
else what Pulumi's installer brings, else Go modules, pinned by the go.mod in the
folder of each program here. What is installed or built is kept outside the checkout,
so that a second call takes no time; remove that folder to have the space back.
"""  # noqa: INP001 - a script, not part of a package

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent
SDK = "github.com/pulumi/pulumi/sdk/v3"
INSTALLER = "https://get.pulumi.com"
MINIMUM_GO = (1, 26)
RECIPE = "1"  # raise it when what the build does changes
PROBE_LIMIT_S = 20.0  # a launcher of a version manager may be slow at first
SCRIPT_LIMIT_S = 20.0
INSTALLER_LIMIT_S = 300.0
UNREACHABLE = ("--connect-timeout", "3")
STALLED = ("--speed-limit", "10000", "--speed-time", "20")
GO_ENVIRONMENT = {
    "GOFLAGS": "-mod=readonly",  # what go.mod and go.sum say, and nothing else
    "GOTOOLCHAIN": "local",  # no download of another Go
    "GOWORK": "off",
    "CGO_ENABLED": "0",  # the same programs with and without a C compiler
}


class RouteError(Exception):
    """One way to the programs is closed; the text says why."""


class InstallError(Exception):
    """No way is open; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Program:
    """One program, built from the go.mod in the folder that bears its name."""

    name: str
    module: str
    version_variable: str
    first_build: str
    scripts: tuple[str, ...] = ()  # files of the module that it needs beside it

    @property
    def source(self) -> Path:
        """The folder of its go.mod."""
        return HERE / self.name

    @property
    def version(self) -> str:
        """The pinned version of its module, without the v."""
        pin = rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)"
        go_mod = (self.source / "go.mod").read_text(encoding="utf-8")
        return re.findall(pin, go_mod, re.MULTILINE)[0]

    @property
    def files(self) -> tuple[str, ...]:
        """What has to stand in the folder, the program first."""
        return (self.name, *(Path(script).name for script in self.scripts))

    def built_as(self, go: str) -> str:
        """The name of its place in the cache; it changes with all that is built."""
        pins = [(self.source / name).read_bytes() for name in ("go.mod", "go.sum")]
        return f"{self.name}-{digest(RECIPE, go, self, GO_ENVIRONMENT, pins)}"


PULUMI = Program(
    "pulumi",
    "github.com/pulumi/pulumi/pkg/v3",
    f"{SDK}/go/common/version.Version",
    "seven minutes",
)
HOSTS = (
    Program(
        "pulumi-language-python",
        SDK,
        f"{SDK}/go/common/version.Version",
        "one minute",
        (
            "python/cmd/pulumi-language-python-exec",
            "python/dist/pulumi-resource-pulumi-python",
        ),
    ),
    Program(
        "pulumi-language-yaml",
        "github.com/pulumi/pulumi-yaml",
        "github.com/pulumi/pulumi-yaml/pkg/version.Version",
        "a minute and a half",
    ),
    Program(
        "pulumi-language-nodejs",
        SDK,
        f"{SDK}/go/common/version.Version",
        "half a minute",
        ("nodejs/dist/pulumi-resource-pulumi-nodejs",),
    ),
    Program(
        "pulumi-language-go",
        SDK,
        f"{SDK}/go/common/version.Version",
        "ten seconds",
    ),
)
PROGRAMS = {program.name: program for program in (PULUMI, *HOSTS)}


def say(progress: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


def digest(*parts: object) -> str:
    """A short name for whatever determines a result."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def last_line(output: str) -> str:
    """The last thing a program said."""
    return (output.strip().splitlines() or ["it said nothing"])[-1].strip()


def run(
    command: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> tuple[int, str]:
    """Run a command and return its status and all it printed.

    Whatever it started ends with it when the limit passes or this process is told to
    end. A command that cannot be started has status 127, one past its limit 124.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, own command lines
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return 127, str(error)
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = 124
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return status, output.read()


def names(programs: Sequence[Program]) -> list[str]:
    """The files that the programs are made of."""
    return [name for program in programs for name in program.files]


def complete(folder: Path, wanted: Sequence[str]) -> bool:
    """Whether a folder holds all the files, ready to run."""
    return all(os.access(folder / name, os.X_OK) for name in wanted)


def prove(programs: Sequence[Program], paths: Mapping[str, Path]) -> tuple[int, ...]:
    """Run each program and return the version of pulumi; RouteError if one fails."""
    found: tuple[int, ...] = ()
    for program in programs:
        path = paths[program.name]
        asked = "version" if program is PULUMI else "-help"
        status, output = run(
            [path, asked],
            environment={"PULUMI_SKIP_UPDATE_CHECK": "true"},
            limit_s=PROBE_LIMIT_S,
        )
        if status not in (0, 2):  # Go's flag package: 2 for an unknown flag
            raise RouteError(f"{path} does not run: {last_line(output)}")
        if program is PULUMI:
            version = re.search(r"^v?(\d+)\.(\d+)\.(\d+)", output, re.MULTILINE)
            if version is None:
                raise RouteError(f"{path} does not tell its version")
            found = tuple(int(part) for part in version.groups())
    return found


def pinned() -> tuple[int, ...]:
    """The version of pulumi that is built, and the oldest one that serves."""
    return tuple(int(part) for part in PULUMI.version.split("."))


@contextlib.contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Be the only one that writes to the cache; remove what killed runs left."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that installs or builds the same programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in cache.glob("tmp-*"):
            shutil.rmtree(leftover)
        yield


@contextlib.contextmanager
def published(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes the target once the block has succeeded."""
    temporary = Path(tempfile.mkdtemp(prefix="tmp-", dir=target.parent))
    try:
        yield temporary
        if target.exists():  # known to be incomplete, or nobody would make it
            shutil.rmtree(target)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def from_path(programs: Sequence[Program], cache: Path) -> Path:
    """What is on PATH; a folder of links if it stands in several folders."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise RouteError("there is no pulumi on PATH")
    places = [
        str(Path(pulumi).resolve().parent),  # where the engine itself looks
        str(Path(pulumi).absolute().parent),
        os.environ["PATH"],
    ]
    paths: dict[str, Path] = {}
    for name in names(programs):
        path = shutil.which(name, path=os.pathsep.join(places))
        if path is None:
            raise RouteError(f"{pulumi} has no {name} beside it or on PATH")
        paths[name] = Path(path).absolute()
    version = prove(programs, paths)
    if version < pinned():
        seen = ".".join(map(str, version))
        raise RouteError(f"{pulumi} is {seen}, older than {PULUMI.version}")
    folders = {path.parent for path in paths.values()}
    if len(folders) == 1:
        return folders.pop()
    linked = cache / f"linked-{digest(paths)}"
    if not complete(linked, names(programs)):
        with locked(cache), published(linked) as folder:
            for name, path in paths.items():
                (folder / name).symlink_to(path)
    return linked


def installed_in(cache: Path) -> Path:
    """Where the installer's programs are kept."""
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return cache / f"installed-{PULUMI.version}-{machine}"


def from_installer(programs: Sequence[Program], cache: Path) -> Path:
    """What Pulumi's installer brings, given up within seconds if out of reach."""
    curl = shutil.which("curl")
    if curl is None:
        raise RouteError("there is no curl on PATH")
    say(f"asking {INSTALLER} for Pulumi {PULUMI.version}")
    root = installed_in(cache)
    with published(root) as folder, tempfile.TemporaryDirectory() as scratch:
        script, bounded_curl = Path(scratch, "install.sh"), Path(scratch, "curl")
        status, output = run(
            [curl, *UNREACHABLE, "-fsSL", "-o", script, f"{INSTALLER}/install.sh"],
            limit_s=SCRIPT_LIMIT_S,
        )
        if status:
            raise RouteError(f"no installer from {INSTALLER}: {last_line(output)}")
        bounds = " ".join((*UNREACHABLE, *STALLED))
        bounded_curl.write_text(f'#!/bin/sh\nexec "{curl}" {bounds} "$@"\n')
        bounded_curl.chmod(0o755)
        wish = ["--version", PULUMI.version, "--install-root", folder, "--no-edit-path"]
        status, output = run(
            ["/bin/sh", script, *wish],
            environment={"PATH": f"{scratch}{os.pathsep}{os.environ['PATH']}"},
            limit_s=INSTALLER_LIMIT_S,
        )
        if status:
            raise RouteError(f"Pulumi's installer failed: {last_line(output)}")
        paths = {name: folder / "bin" / name for name in names(programs)}
        if not complete(folder / "bin", names(programs)):
            raise RouteError("Pulumi's installer did not bring every program")
        if prove(programs, paths) != pinned():
            raise RouteError("Pulumi's installer brought another version")
    return root / "bin"


def go_on_path() -> str:
    """What `go version` says of the Go on PATH, platform included; "" without one."""
    status, output = run(
        ["go", "version"], environment=GO_ENVIRONMENT, limit_s=PROBE_LIMIT_S
    )
    return "" if status else output.strip()


def built_in(cache: Path, programs: Sequence[Program], go: str) -> Path:
    """Where the built programs are kept together."""
    return cache / f"built-{digest([program.built_as(go) for program in programs])}"


def from_go(programs: Sequence[Program], cache: Path, go: str) -> Path:
    """The programs built with Go, each kept by itself, together in one folder."""
    needed = ".".join(map(str, MINIMUM_GO))
    release = re.search(r"go(\d+)\.(\d+)", go)
    if release is None or (int(release[1]), int(release[2])) < MINIMUM_GO:
        seen = f", and PATH has {release[0]}" if release else ""
        raise InstallError(
            f"Go {needed} or later is needed to build Pulumi's engine here{seen}; "
            "install it from https://go.dev/dl or put Pulumi "
            f"{PULUMI.version} or later with its language hosts on PATH."
        )
    target = built_in(cache, programs, go)
    for program in programs:
        kept = cache / program.built_as(go)
        if not complete(kept, program.files):
            with published(kept) as folder:
                build(program, folder)
    with published(target) as folder:
        for program in programs:
            for name in program.files:
                gather(cache / program.built_as(go) / name, folder / name)
    return target


def build(program: Program, folder: Path) -> None:
    """Build one program and copy the scripts that it needs beside it."""
    what = f"{program.name} {program.version}"
    say(f"building {what} with Go; about {program.first_build} the first time")
    start = time.monotonic()
    stamp = f"-X {program.version_variable}=v{program.version}"
    flags = ["-trimpath", "-buildvcs=false", "-tags=osusergo,grpcnotrace"]
    path = folder / program.name
    ask_go(program, "build", *flags, f"-ldflags=-s -w {stamp}", "-o", path, "tool")
    try:
        prove([program], {program.name: path})
    except RouteError as error:
        raise InstallError(
            f"The {what} that Go built here does not serve ({error}); unset GOOS and "
            f"GOARCH, or put Pulumi {PULUMI.version} or later on PATH."
        ) from error
    if program.scripts:
        module = ask_go(program, "list", "-m", "-f", "{{.Dir}}", program.module)
        for script in program.scripts:
            copy = folder / Path(script).name
            shutil.copyfile(Path(last_line(module), script), copy)
            copy.chmod(0o755)
    say(f"built {what} in {time.monotonic() - start:.0f} s")


def ask_go(program: Program, *command: str | Path) -> str:
    """What a go command prints, run where the program's go.mod is."""
    status, output = run(
        ["go", *command], folder=program.source, environment=GO_ENVIRONMENT
    )
    if status:
        say("\n".join(output.splitlines()[-20:]))
        raise InstallError(
            f"Go could not build {program.name} {program.version}, for the reason "
            "above; repair that (a first build downloads Go modules) or put Pulumi "
            f"{PULUMI.version} or later with its language hosts on PATH."
        )
    return output


def gather(kept: Path, path: Path) -> None:
    """Give a kept file a second name; the engine looks beside its own, links apart."""
    try:
        path.hardlink_to(kept)
    except OSError:  # a file system without hard links
        shutil.copy2(kept, path)


def provide(programs: Sequence[Program], cache: Path, *, install: bool) -> Path:
    """The folder with the programs, by the first route that is open."""
    try:
        return from_path(programs, cache)
    except RouteError as error:
        say(f"not from PATH: {error}")
    go = go_on_path()

    def ready() -> Path | None:
        kept = (installed_in(cache) / "bin", built_in(cache, programs, go))
        return next((path for path in kept if complete(path, names(programs))), None)

    if folder := ready():
        return folder
    if not install:
        raise InstallError("Nothing is installed yet; call this without --print.")
    with locked(cache):
        if folder := ready():  # another run made it meanwhile
            return folder
        try:
            return from_installer(programs, cache)
        except RouteError as error:
            say(f"not from Pulumi's installer: {error}")
        return from_go(programs, cache, go)


def end(_signal: int, _frame: object) -> NoReturn:
    """End as after an exception, so that nothing half-made and no child remains."""
    sys.exit(143)


def main() -> None:
    """Read the command line, provide the folder and print it."""
    hosts = [program.name for program in HOSTS]
    description, _, details = str(__doc__).partition("\n")
    parser = argparse.ArgumentParser(description=description, epilog=details)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"a host to go with pulumi: {', '.join(hosts)} (default: all)",
    )
    parser.add_argument(
        "--print",
        action="store_true",
        help="print the folder if it is there; install and build nothing",
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in PROGRAMS]:
        parser.error(f"{unknown[0]} is none of {', '.join(PROGRAMS)}")
    chosen = [PULUMI, *(p for p in HOSTS if p.name in (arguments.names or hosts))]
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    place = os.environ.get("PULUMI_UCIMAGE_TOOLS") or f"{caches}/pulumi-ucimage/tools"
    cache = Path(place).expanduser().absolute()
    signal.signal(signal.SIGTERM, end)
    try:
        folder = provide(chosen, cache, install=not arguments.print)
    except InstallError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"Pulumi's programs could not be kept in {cache} ({error}); repair that "
            "or set PULUMI_UCIMAGE_TOOLS to another folder."
        )
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
