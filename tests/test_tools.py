"""tools/install.py on machines that have nothing but what a test puts there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import install
import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = ROOT / "tools"
PROGRAMS = [program.name for program in install.PROGRAMS]
PULUMI = [program for program in install.PROGRAMS if program.is_pulumi]
PULUMI_NAMES = [program.name for program in PULUMI]
FILES = [name for program in PULUMI for name in program.files]
PINNED = install.PULUMI.version

# Writes down what it builds; fails where a test says so.
GO = """#!/bin/sh
PATH=/usr/bin:/bin
case $1 in
list) echo "$HOME/module" ;;
build)
    while [ "$1" != -o ]; do shift; done
    program=${2##*/}
    echo "$program $GOFLAGS $GOTOOLCHAIN $GOWORK" >>"$HOME/built"
    if [ "$FAKE_FAILURE" = "$program" ]; then
        seq 100
        echo "missing go.sum entry" >&2
        exit 1
    fi
    printf '#!/bin/sh\\necho v%s\\n' "$FAKE_VERSION" >"$2"
    chmod +x "$2"
    ;;
esac
"""
CURL = """#!/bin/sh
echo "$*" >>"$HOME/fetched"
cat "$HOME/installer"
"""
INSTALLER = f"""
while [ "$1" != --version ]; do shift; done
[ "$2" = {PINNED} ] && [ "$3" = --no-edit-path ] || exit 9
mkdir "$5/bin"
for name in {" ".join(FILES)}; do
    printf '#!/bin/sh\\necho v{PINNED}\\n' >"$5/bin/$name"
    chmod +x "$5/bin/$name"
done
"""


@dataclass(frozen=True)
class Machine:
    """A machine with nothing on PATH but a shell and what a test puts there."""

    home: Path

    @property
    def bin(self) -> Path:
        """The first folder on PATH."""
        return self.home / "bin"

    @property
    def cache(self) -> Path:
        """Where this machine keeps what is downloaded or built."""
        return self.home / "cache"

    def put(self, name: str, script: str, folder: Path | None = None) -> None:
        """Put a program on this machine, on PATH unless a folder is named."""
        path = (folder or self.bin) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def put_pulumi(self, version: str = PINNED) -> None:
        """Put a complete Pulumi on PATH."""
        for name in FILES:
            self.put(name, f"#!/bin/sh\necho v{version}\n")

    def put_go(self) -> None:
        """Put a Go on PATH."""
        self.put("go", GO)
        for program in install.PROGRAMS:
            for script in program.scripts:
                path = self.home / "module" / script
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("#!/bin/sh\n")
                path.chmod(0o444)

    def put_installer(self, script: str = INSTALLER) -> None:
        """Put a curl on PATH that downloads this installer."""
        self.put("curl", CURL)
        (self.home / "installer").write_text(script)

    def command(self, *words: str, **more: str) -> tuple[list[str], dict[str, str]]:
        """The script's command and environment; nothing of the developer's gets in."""
        environment = {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "PULUMI_UCIMAGE_TOOLS": str(self.cache),
            "FAKE_VERSION": PINNED,
            **more,
        }
        return [sys.executable, str(TOOLS / "install.py"), *words], environment

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script to its end."""
        command, environment = self.command(*words, **more)
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def built(self) -> list[str]:
        """The programs that were built, in their order."""
        return [line.split()[0] for line in self.lines("built")]

    def lines(self, name: str) -> list[str]:
        """The lines that a fake program wrote down."""
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose curl reaches nothing."""
    machine = Machine(tmp_path)
    machine.bin.mkdir()
    for name in ("bash", "cat", "chmod", "mkdir", "sh"):
        (machine.bin / name).symlink_to(shutil.which(name) or name)
    machine.put("curl", "#!/bin/sh\necho 'Could not resolve host' >&2; exit 6\n")
    return machine


@pytest.fixture
def builder(machine: Machine) -> Machine:
    """A machine with Go."""
    machine.put_go()
    return machine


def folder_of(done: subprocess.CompletedProcess[str]) -> Path:
    """The folder that a call printed as its last line."""
    assert (0, False) == (done.returncode, "Traceback" in done.stderr), done.stderr
    return ROOT / done.stdout.splitlines()[-1]


def sentence_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence with which a failing call ends."""
    assert (1, "") == (done.returncode, done.stdout), done.stderr
    assert "Traceback" not in done.stderr
    sentence = done.stderr.splitlines()[-1]
    assert sentence.endswith(".")
    return sentence


def test_a_pulumi_on_path_is_used(builder: Machine) -> None:
    """A newer one too, and from two folders; nothing is downloaded or built."""
    builder.put_pulumi("3.1000.0")
    builder.put_installer()
    other = builder.home / "other"
    other.mkdir()
    (builder.bin / "pulumi-language-yaml").rename(other / "pulumi-language-yaml")

    folder = folder_of(builder.call(*PULUMI_NAMES, PATH=f"{builder.bin}:{other}"))

    assert other / "pulumi-language-yaml" == (folder / "pulumi-language-yaml").readlink()
    assert sorted(FILES) == sorted(path.name for path in folder.iterdir())
    assert ([], []) == (builder.built(), builder.lines("fetched"))


@pytest.mark.parametrize(
    ("name", "script", "reason"),
    [
        ("pulumi", "#!/bin/sh\necho v3.258.9\n", "is not version"),
        ("pulumi", "#!/bin/sh\nexit 1\n", "failed"),
        ("pulumi", "not for this machine", "does not run"),
        ("pulumi-resource-pulumi-python", "", "there is no pulumi-resource-pulumi-python"),
    ],
)
def test_an_unusable_pulumi_on_path_is_not_used(
    builder: Machine, name: str, script: str, reason: str
) -> None:
    """Too old, broken or incomplete: it says so, and builds."""
    builder.put_pulumi()
    builder.put(name, script)
    if not script:
        (builder.bin / name).unlink()

    done = builder.call()

    assert PROGRAMS == builder.built()
    assert reason in done.stderr.partition("not from PATH: ")[2]


def test_a_build_is_pinned_complete_and_kept(builder: Machine) -> None:
    """Go may change neither go.mod nor its own version; a second call builds the rest."""
    hostile = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "auto", "GOWORK": "/elsewhere"}

    folders = {
        folder_of(builder.call(*words, **hostile)) for words in (PROGRAMS[:2], (), ())
    }

    assert [f"{name} -mod=readonly local off" for name in PROGRAMS] == (
        builder.lines("built")
    )
    (folder,) = folders
    expected = sorted(name for program in install.PROGRAMS for name in program.files)
    assert expected == sorted(path.name for path in folder.iterdir())
    assert all(os.access(path, os.X_OK) for path in folder.iterdir())


def test_a_failed_build_ends_with_one_sentence(builder: Machine) -> None:
    """The build's last lines come before it; what was built before is kept."""
    done = builder.call(FAKE_FAILURE="pulumi-language-yaml")
    sentence = sentence_of(done)
    folder_of(builder.call())

    assert "pulumi-language-yaml could not be built" in sentence
    assert "\n100\nmissing go.sum entry\n" in done.stderr
    assert "\n81\n" not in done.stderr
    assert [*PROGRAMS[:3], *PROGRAMS[2:]] == builder.built()


def test_a_missing_go_ends_with_one_sentence(machine: Machine) -> None:
    """It says what to install, and which Go every go.mod needs."""
    sentence = sentence_of(machine.call())

    assert "install Go 1.26 or later from https://go.dev/dl" in sentence
    for name in PROGRAMS:
        assert "\ngo 1.26" in (TOOLS / name / "go.mod").read_text("utf-8")
