#!/usr/bin/env python3
"""Put the programs that the tests need into one folder, and print that folder.

The folder is the last line of stdout; progress goes to stderr. Pulumi and its language
hosts are those on PATH if they are complete and not older than the pin, else those that
Pulumi's installer downloads, else they are built from the Go modules pinned beside this
script. What is downloaded or built is kept in PULUMI_UCIMAGE_TOOLS (by default
pulumi-ucimage/tools in the user's cache folder), which can be deleted at any time.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE: Final = Path(__file__).resolve().parent
INSTALLER: Final = "curl -fsSL --connect-timeout 3 https://get.pulumi.com | sh -s --"
GO_FLAGS: Final = ("-trimpath", "-buildvcs=false", "-tags=osusergo,grpcnotrace")
# Only what go.mod and go.sum say, built by the Go that is installed, for this machine.
GO_PINNED: Final = {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
GO_TARGET: Final = {"GOOS": "", "GOARCH": "", "CGO_ENABLED": "0"}
SDK: Final = "github.com/pulumi/pulumi/sdk/v3"


class Program(NamedTuple):
    """A program, pinned by the go.mod in the folder of its name."""

    name: str
    module: str
    scripts: tuple[str, ...] = ()  # files of the module that it needs beside it
    version_variable: str = f"{SDK}/go/common/version.Version"
    is_pulumi: bool = True  # False: it does not come with Pulumi, and is always built

    @property
    def version(self) -> str:
        """The pinned version of its module."""
        go_mod = (HERE / self.name / "go.mod").read_text("utf-8")
        return str(re.findall(rf"\s{re.escape(self.module)} v(\S+)", go_mod)[0])

    @property
    def files(self) -> list[str]:
        """What has to be in the folder, the program first."""
        return [self.name, *(Path(script).name for script in self.scripts)]


PYTHON_EXEC: Final = "python/cmd/pulumi-language-python-exec"
PYTHON_DYNAMIC: Final = "python/dist/pulumi-resource-pulumi-python"
NODE_DYNAMIC: Final = "nodejs/dist/pulumi-resource-pulumi-nodejs"
YAML: Final = "github.com/pulumi/pulumi-yaml"
DISTRIBUTION: Final = "github.com/distribution/distribution/v3"
PULUMI: Final = Program("pulumi", "github.com/pulumi/pulumi/pkg/v3")
PROGRAMS: Final = (
    PULUMI,
    Program("pulumi-language-python", SDK, (PYTHON_EXEC, PYTHON_DYNAMIC)),
    Program("pulumi-language-yaml", YAML, (), f"{YAML}/pkg/version.Version"),
    Program("pulumi-language-nodejs", SDK, (NODE_DYNAMIC,)),
    Program("pulumi-language-go", SDK),
    Program(
        "registry", DISTRIBUTION, (), f"{DISTRIBUTION}/version.version", is_pulumi=False
    ),
)


class InstallError(Exception):
    """Why a program cannot be had, or cannot be had in one of the ways."""


def say(text: str) -> None:
    """Report progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(
    *command: str | Path,
    limit_s: float = 20,
    cwd: Path = HERE,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """What a command prints. All that it starts ends when this process is told to end."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=cwd,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(limit_s)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InstallError(f"{command[0]} does not run: {error}") from None
        output.seek(0)
        lines = output.read().strip().splitlines()
    # Programs with Go's flag package end with 2 after their usage.
    if status not in ({0, 2} if command[-1] == "--help" else {0}):
        raise InstallError("\n".join([*lines[-20:], f"{command[0]} failed"]))
    return "\n".join(lines)


def go(*words: str | Path, cwd: Path = HERE) -> str:
    """What a go command prints."""
    return run("go", *words, limit_s=3600, cwd=cwd, environment=GO_PINNED | GO_TARGET)


def find(programs: Sequence[Program], places: str) -> dict[str, Path]:
    """The files of Pulumi's programs in some folders; they must run and be new enough."""
    files = {}
    for name in (name for program in programs for name in program.files):
        path = shutil.which(name, path=places)
        if path is None:
            raise InstallError(f"there is no {name}")
        files[name] = Path(path).absolute()
    for program in programs:
        run(files[program.name], "--help")
    printed = run(files["pulumi"], "version", environment={"PULUMI_SKIP_UPDATE_CHECK": "1"})
    version = re.search(r"^v?(\d+)\.(\d+)\.(\d+)", printed, re.MULTILINE)
    oldest = [int(part) for part in PULUMI.version.split(".")]
    if version is None or [int(part) for part in version.groups()] < oldest:
        raise InstallError(f"{files['pulumi']} is not version {PULUMI.version} or later")
    return files


def download(target: Path) -> None:
    """Let Pulumi's installer fill a folder."""
    say(f"downloading Pulumi {PULUMI.version}")
    with filled(target) as folder:
        words = f"--version {PULUMI.version} --no-edit-path --install-root '{folder}'"
        run("bash", "-o", "pipefail", "-c", f"{INSTALLER} {words}", limit_s=300)
        find([program for program in PROGRAMS if program.is_pulumi], str(folder / "bin"))


def build(program: Program, target: Path) -> None:
    """Build a program, and copy the scripts that it needs."""
    say(f"building {program.name} {program.version}; minutes, the first time")
    source = HERE / program.name
    stamp = f"-ldflags=-s -w -X {program.version_variable}=v{program.version}"
    with filled(target) as folder:
        go("build", *GO_FLAGS, stamp, "-o", folder / program.name, "tool", cwd=source)
        run(folder / program.name, "--help")
        for script in program.scripts:
            module = go("list", "-m", "-f", "{{.Dir}}", program.module, cwd=source)
            copy = Path(shutil.copyfile(Path(module, script), folder / Path(script).name))
            copy.chmod(0o755)


def folder_of(program: Program, cache: Path, go_version: str) -> Path:
    """Where a built program is kept: whatever changes the program changes the name."""
    pins = [(HERE / program.name / name).read_bytes() for name in ("go.mod", "go.sum")]
    recipe = (program, pins, go_version, GO_FLAGS, GO_PINNED, GO_TARGET)
    return cache / f"{program.name}-{digest(recipe)}"


def in_one_folder(files: Mapping[str, Path], cache: Path) -> Path:
    """The folder that has all the files, or one of links to them."""
    folders = {path.parent for path in files.values()}
    if len(folders) == 1:
        return folders.pop()
    folder = cache / f"all-{digest(sorted(files.items()))}"
    if not folder.exists():
        with filled(folder) as new:
            for name, path in files.items():
                # A built pulumi looks for its language hosts beside itself.
                link = Path.hardlink_to if cache in path.parents else Path.symlink_to
                link(new / name, path)
    return folder


def provide(programs: Sequence[Program], cache: Path, *, install: bool) -> Path:
    """The folder with the programs; what is missing is installed, if it may be."""
    pulumi = [program for program in programs if program.is_pulumi]
    files: dict[str, Path] = {}
    try:
        files = find(pulumi, os.environ["PATH"])
    except InstallError as error:
        say(f"not from PATH: {error}")
    try:
        go_version = go("version")
    except InstallError:
        go_version = "none"
    folders = {program.name: folder_of(program, cache, go_version) for program in programs}
    machine = "-".join(os.uname()[::4])
    downloaded = cache / f"installed-{PULUMI.version}-{machine}"
    with locked(cache):
        is_kept = downloaded.exists() or all(folders[p.name].exists() for p in pulumi)
        if not files and not is_kept and install:
            try:
                download(downloaded)
            except InstallError as error:
                say(f"not from Pulumi's installer: {error}")
        if not files and downloaded.exists():
            files = find(pulumi, str(downloaded / "bin"))
        for program in (program for program in programs if program.name not in files):
            folder = folders[program.name]
            if not folder.exists():
                if not install:
                    raise InstallError("Not installed yet: run this without --print.")
                try:
                    build(program, folder)
                except InstallError as error:
                    say(str(error))
                    raise InstallError(
                        f"{program.name} could not be built, as shown above: install Go "
                        f"1.26 or later (found: {go_version}) from https://go.dev/dl, or "
                        f"put Pulumi {PULUMI.version} or later and its hosts on PATH."
                    ) from None
            files |= {name: folder / name for name in program.files}
        return in_one_folder(files, cache)


def digest(recipe: object) -> str:
    """A short name for what determines a result."""
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Be the only one that writes to the cache, and remove what killed runs left."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that installs the same programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in cache.glob("tmp-*"):
            shutil.rmtree(leftover)
        yield


@contextlib.contextmanager
def filled(target: Path) -> Iterator[Path]:
    """A new folder that becomes the target if the block succeeds."""
    new = Path(tempfile.mkdtemp(prefix="tmp-", dir=target.parent))
    try:
        yield new
        new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def stop(number: int, _frame: object) -> NoReturn:
    """End as after an exception, so that no child and no temporary folder is left."""
    sys.exit(128 + number)


def main() -> None:
    """Provide the folder and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [program.name for program in PROGRAMS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--print", action="store_true", help="install nothing")
    options = parser.parse_args()
    if unknown := set(options.names).difference(known):
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(known)}")
    wanted = {"pulumi", *options.names} if options.names else set(known)
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = os.environ.get("PULUMI_UCIMAGE_TOOLS") or f"{user_cache}/pulumi-ucimage/tools"
    cache = Path(chosen).expanduser().absolute()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        programs = [program for program in PROGRAMS if program.name in wanted]
        folder = provide(programs, cache, install=not options.print)
    except InstallError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{cache} cannot be used ({error}): set PULUMI_UCIMAGE_TOOLS to another.")
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
