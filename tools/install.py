#!/usr/bin/env python3
"""Put the programs that the tests need into one folder, and print that folder.

The folder is the last line of stdout; progress goes to stderr. Pulumi and its language
hosts are those on PATH if they are complete and not older than the pin, else those that
Pulumi's installer downloads, else they are built from the Go modules pinned beside this
script. The folder is in PULUMI_UCIMAGE_TOOLS (by default pulumi-ucimage/tools in the user's
cache folder), which can be deleted at any time.
"""

from __future__ import annotations

import argparse
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
from typing import Final, NamedTuple

HERE: Final = Path(__file__).resolve().parent
INSTALLER: Final = "curl -fsSL --connect-timeout 3 https://get.pulumi.com | sh -s --"
GO_FLAGS: Final = ("-trimpath", "-buildvcs=false", "-tags=osusergo,grpcnotrace")
# Only what go.mod and go.sum say, built by the Go that is installed, for this machine.
GO_ENVIRONMENT: Final = {
    "GOFLAGS": "-mod=readonly",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "GOOS": "",
    "GOARCH": "",
    "CGO_ENABLED": "0",
}
SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
YAML: Final = "github.com/pulumi/pulumi-yaml"
DISTRIBUTION: Final = "github.com/distribution/distribution/v3"


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
    """Why a program cannot be had in one of the ways."""


def say(text: str) -> None:
    """Report progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(
    *command: str | Path, limit_s: float = 20, cwd: Path = HERE, **variables: str
) -> str:
    """What a command prints.

    Raises:
        InstallError: it does not run, fails or takes too long; the text ends with what it
            printed last.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            check=False,
            cwd=cwd,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=limit_s,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]} does not run: {error}"
        raise InstallError(message) from None
    if done.returncode:
        raise InstallError(
            "\n".join([*done.stdout.splitlines()[-20:], f"{command[0]} failed"])
        )
    return done.stdout.strip()


def find(programs: list[Program], places: str) -> dict[str, Path]:
    """The files of Pulumi's programs in some folders, by name.

    Raises:
        InstallError: one is missing, or Pulumi is older than the pin.
    """
    files = {}
    for name in (name for program in programs for name in program.files):
        path = shutil.which(name, path=places)
        if path is None:
            raise InstallError(f"there is no {name}")
        files[name] = Path(path).absolute()
    printed = run(files["pulumi"], "version", PULUMI_SKIP_UPDATE_CHECK="1")
    version = re.search(r"^v?(\d+)\.(\d+)\.(\d+)", printed, re.MULTILINE)
    oldest = [int(part) for part in PULUMI.version.split(".")]
    if version is None or [int(part) for part in version.groups()] < oldest:
        raise InstallError(f"{files['pulumi']} is not version {PULUMI.version} or later")
    return files


def download(programs: list[Program], cache: Path) -> dict[str, Path]:
    """The files of Pulumi's programs as its installer brings them.

    Raises:
        InstallError: it cannot be downloaded, or brings something else.
    """
    target = cache / f"installed-{PULUMI.version}"
    if not target.exists():
        say(f"downloading Pulumi {PULUMI.version}")
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            root = Path(folder, "root")
            root.mkdir()
            words = f"--version {PULUMI.version} --no-edit-path --install-root '{root}'"
            command = f"{INSTALLER} {words}"
            run("bash", "-o", "pipefail", "-c", command, limit_s=300)
            find(programs, str(root / "bin"))
            root.rename(target)
    return find(programs, str(target / "bin"))


def build(program: Program, folder: Path) -> None:
    """Build a program into a folder, and copy the scripts that it needs.

    Raises:
        InstallError: there is no Go, or it cannot build the program.
    """
    say(f"building {program.name} {program.version}; minutes, the first time")
    source = HERE / program.name
    stamp = f"-ldflags=-s -w -X {program.version_variable}=v{program.version}"
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        built = Path(temporary, program.name)
        words: tuple[str | Path, ...] = ("build", *GO_FLAGS, stamp, "-o", built, "tool")
        run("go", *words, limit_s=3600, cwd=source, **GO_ENVIRONMENT)
        for script in program.scripts:
            words = ("list", "-m", "-f", "{{.Dir}}", program.module)
            module = run("go", *words, limit_s=600, cwd=source, **GO_ENVIRONMENT)
            copy = Path(shutil.copyfile(Path(module, script), folder / Path(script).name))
            copy.chmod(0o755)
        built.rename(folder / program.name)  # last: what is there is whole


def provide(programs: list[Program], cache: Path) -> Path:
    """The folder with the programs; what is missing is found, downloaded or built.

    Raises:
        InstallError: a program cannot be had in any way; the text says what to do.
    """
    pulumi = [program for program in programs if program.is_pulumi]
    files: dict[str, Path] = {}
    try:
        files = find(pulumi, os.environ["PATH"])
    except InstallError as error:
        say(f"not from PATH: {error}")
    # Whatever changes a program changes the name of the folder.
    pins = [path.read_bytes() for path in sorted(HERE.glob("*/go.*"))]
    recipe = (pins, GO_FLAGS, GO_ENVIRONMENT, os.uname().machine, sorted(files.items()))
    folder = cache / f"all-{hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that installs the same programs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [each for each in programs if not (folder / each.name).exists()]
        if not files and PULUMI in missing:
            try:
                files = download(pulumi, cache)
            except InstallError as error:
                say(f"not from Pulumi's installer: {error}")
        for program in missing:
            if program.name in files:
                for name in reversed(program.files):
                    (folder / name).unlink(missing_ok=True)
                    (folder / name).symlink_to(files[name])
                continue
            try:
                build(program, folder)
            except InstallError as error:
                say(str(error))
                raise InstallError(
                    f"{program.name} could not be built, as shown above: install Go 1.26 or"
                    " later from https://go.dev/dl, or put Pulumi"
                    f" {PULUMI.version} or later and its language hosts on PATH."
                ) from None
    return folder


def main() -> None:
    """Provide the folder and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [program.name for program in PROGRAMS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    names = parser.parse_args().names
    if unknown := set(names).difference(known):
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(known)}")
    wanted = {"pulumi", *names} if names else set(known)
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = os.environ.get("PULUMI_UCIMAGE_TOOLS") or f"{user_cache}/pulumi-ucimage/tools"
    cache = Path(chosen).expanduser().absolute()
    # As after Ctrl-C: no child and no temporary folder is left.
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        folder = provide([p for p in PROGRAMS if p.name in wanted], cache)
    except InstallError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{cache} cannot be used ({error}): set PULUMI_UCIMAGE_TOOLS to another.")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
