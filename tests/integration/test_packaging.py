"""What users install: the built files, on every Python that is here, and their types."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from integration.conftest import AMBIENT
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

PYRIGHT = "pyright@1.1.414"
SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
SDIST_BESIDE_THE_PACKAGE = {
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "PKG-INFO",
    "PulumiPlugin.yaml",
    "README.md",
    "pyproject.toml",
}


def run(*command: str | Path, folder: Path = ROOT, **variables: str) -> str:
    """Run a command, which must succeed, in the developer's environment; its output."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**AMBIENT, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*words: str | Path) -> tuple[str | Path, ...]:
    """A command of this environment's pip."""
    return (sys.executable, "-m", "pip", "--disable-pip-version-check", *words)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built from the checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, with nothing fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    run(*pip("wheel", *offline, "--wheel-dir", folder, sdist))
    (path,) = folder.iterdir()
    return path


def package_files() -> set[str]:
    """The files of the package that are under version control, or are to be."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    return {name for name in listed.splitlines() if name.startswith("pulumi_ucimage/")}


def test_the_sdist_holds_the_package_and_what_builds_it(sdist: Path) -> None:
    """Every file of the package, what the build and Pulumi read, and nothing else."""
    with tarfile.open(sdist) as archive:
        names = {member.name for member in archive if member.isfile()}
    top = f"pulumi_ucimage-{__version__}/"

    assert f"{top[:-1]}.tar.gz" == sdist.name
    assert {f"{top}{name}" for name in package_files() | SDIST_BESIDE_THE_PACKAGE} == names


def test_the_wheel_of_the_sdist_holds_the_package(wheel: Path) -> None:
    """What is built from the source distribution is whole, and holds nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")

    assert f"pulumi_ucimage-{__version__}-py3-none-any.whl" == wheel.name
    assert "pulumi_ucimage/py.typed" in names
    assert names == package_files() | {
        f"pulumi_ucimage-{__version__}.dist-info/{name}" for name in info
    }


def test_the_plugin_file_says_that_no_plugin_is_downloaded(wheel: Path) -> None:
    """The package says to Pulumi that there is no plugin to download."""
    text = zipfile.Path(wheel, "pulumi_ucimage/pulumi-plugin.json").read_text("utf-8")

    assert json.loads(text) == {"resource": False}


def test_the_metadata_is_complete(wheel: Path) -> None:
    """Name, version, Python, licence and dependencies are what the documents say."""
    file = zipfile.Path(wheel, f"pulumi_ucimage-{__version__}.dist-info/METADATA")
    metadata = message_from_string(file.read_text("utf-8"))
    needs = {
        need.replace("<", ">").partition(">")[0]
        for need in metadata.get_all("Requires-Dist", [])
    }

    assert metadata["Name"] == "pulumi-ucimage"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert needs == {
        "click",
        "google-re2",
        "publicsuffixlist",
        "pulumi",
        "pydantic",
        "requests",
        "rich",
        "urllib3",
    }


def test_the_index_can_show_them(sdist: Path, wheel: Path) -> None:
    """Metadata and first page are as a package index wants them."""
    shown = run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)

    assert shown.count("PASSED") == 2


# --- Installed into an empty environment ---


def pythons() -> dict[str, str]:
    """The supported Pythons of this machine, this one among them: version to path."""
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    home = Path(AMBIENT.get("HOME", "/"))
    found = {running: sys.executable}
    for version in SUPPORTED:
        kept = sorted((home / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
        on_path = shutil.which(f"python{version}", path=AMBIENT.get("PATH"))
        for path in filter(None, [*map(str, kept), on_path]):
            if version not in found and _is(path, version):
                found[version] = path
    return found


def _is(path: str, version: str) -> bool:
    """Whether a program is that Python and can make environments."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run(
        [path, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() == version


def test_every_supported_python_is_named() -> None:
    """The metadata names the Pythons that are tried here, as far as they are there."""
    metadata = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.findall(r"Programming Language :: Python :: (3\.\d+)\"", metadata)

    assert list(SUPPORTED) == named
    assert set(pythons()) <= set(SUPPORTED)


USER_S_PROGRAM = """
import os
import pulumi_ucimage as ucimage
from pulumi_ucimage.emulator import Emulator

with Emulator() as emulator:
    os.environ["UCLOUD_API_BASE_URL"] = emulator.url
    print(ucimage.__version__, ucimage.get_docker_image("ucs", policy="semver").tag)
"""
DEMO = {
    "UCLOUD_PUBLIC_KEY": "demo-public-key",
    "UCLOUD_PRIVATE_KEY": "demo-private-key",
    "UCLOUD_REGION": "cn-bj2",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@pytest.mark.parametrize("version", pythons())
def test_an_empty_environment_suffices(
    version: str, wheel: Path, tmp_path: Path, tools: Path
) -> None:
    """Installed from the wheel alone, a program looks up and the plugin serves."""
    run(pythons()[version], "-m", "venv", "--without-pip", tmp_path / "empty")
    bin_folder = tmp_path / "empty" / "bin"
    python = bin_folder / "python"
    options = ("--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt")

    run(*pip("--python", python, "install", *options, wheel))
    printed = run(python, "-W", "error", "-c", USER_S_PROGRAM, folder=tmp_path, **DEMO)
    schema = run(
        *(tools / "pulumi", "package", "get-schema"),
        bin_folder / "pulumi-resource-ucimage",
        folder=tmp_path,
        PULUMI_HOME=str(tmp_path / "pulumi"),
        PYTHONDONTWRITEBYTECODE="1",
    )

    assert printed.split() == [__version__, "1.1.0"]
    assert json.loads(schema)["version"] == __version__


# --- Types, as a user's program sees them ---


def check_types(program: str, folder: Path, checker: Sequence[str | Path]) -> str:
    """What a type checker says about a program in a folder of its own."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text(
        json.dumps(
            {
                "include": ["program.py"],
                "typeCheckingMode": "strict",
                "pythonVersion": "3.10",
                # Of an ignored mistake nothing is known, and so it is reported again.
                "reportUnknownArgumentType": False,
                "reportUnnecessaryTypeIgnoreComment": "error",
            }
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        checker,
        cwd=folder,
        env=AMBIENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout.splitlines()[-1] if done.stdout else done.stderr


MYPY = (
    *(sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10"),
    *("--config-file", os.devnull, "--cache-dir", ROOT / ".mypy_cache", "program.py"),
)
NPM_S_PYRIGHT = (
    *("npm", "exec", "--yes", "--prefer-offline", PYRIGHT, "--"),
    *("--pythonpath", sys.executable, "--project", "."),
)


@pytest.mark.parametrize(
    ("checker", "well", "ill"),
    [
        (MYPY, "Success: no issues found in 1 source file", "Found 1 error in 1 file"),
        (NPM_S_PYRIGHT, "0 errors, 0 warnings, 0 informations", "1 error, 0 warnings"),
    ],
    ids=["mypy", "pyright"],
)
def test_the_types_are_seen(
    checker: Sequence[str | Path], well: str, ill: str, tmp_path: Path
) -> None:
    """What is right passes, each marked mistake is one, and an unmarked one is reported."""
    program = (ROOT / "tests" / "typing" / "public_types.py").read_text("utf-8")
    mistaken = program.replace("  # type: ignore[assignment]", "", 1)

    assert mistaken != program
    assert check_types(program, tmp_path, checker).startswith(well)
    assert check_types(mistaken, tmp_path, checker).startswith(ill)
