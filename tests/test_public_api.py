"""What the package gives out: its names, its wheel, and what importing it loads."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from email import message_from_string

import pytest
from conftest import ROOT

import pulumi_ucimage
from pulumi_ucimage.version import __version__

# From sections 2, 4 and 7 of the contract, with the types of results and their parts.
RESOURCES = {"ImagePin"}
FUNCTIONS = {
    "get_docker_image",
    "get_docker_image_output",
    "get_docker_images",
    "get_docker_images_output",
}
RESULTS = {
    "AwaitableGetDockerImageResult",
    "AwaitableGetDockerImagesResult",
    "DockerImage",
    "DockerImageTag",
    "GetDockerImageResult",
    "GetDockerImagesResult",
    "TagCounts",
}
ERRORS = {
    "AmbiguousImageError",
    "AmbiguousTagError",
    "ApiError",
    "ArgumentError",
    "ArgumentTypeError",
    "ConfigError",
    "DowngradeError",
    "InvalidPolicyError",
    "NoMatchingTagError",
    "NoSuchImageError",
    "RegistryError",
    "ResponseError",
    "SelectionError",
    "TransportError",
    "UcimageError",
}


def test_the_public_names_are_the_contract_s() -> None:
    """The package gives out what the contract names and nothing else."""
    assert FUNCTIONS | RESOURCES | RESULTS | ERRORS | {"__version__"} == set(
        pulumi_ucimage.__all__
    )


def test_the_public_names_are_sorted() -> None:
    """Each name stands once, in order."""
    assert sorted(set(pulumi_ucimage.__all__)) == list(pulumi_ucimage.__all__)


@pytest.mark.parametrize("name", pulumi_ucimage.__all__)
def test_each_public_name_is_there(name: str) -> None:
    """Each name can be had, and tells what it is."""
    value = getattr(pulumi_ucimage, name)

    assert value.__doc__


def test_nothing_else_is_visible() -> None:
    """`dir` lists the public names only."""
    assert dir(pulumi_ucimage) == list(pulumi_ucimage.__all__)


def test_another_name_is_an_attribute_error() -> None:
    """A name that the package does not have is an AttributeError, as for any module."""
    with pytest.raises(AttributeError, match="'pulumi_ucimage' has no attribute 'latest'"):
        _ = pulumi_ucimage.latest


def test_importing_does_not_load_pulumi() -> None:
    """The command line shows its help, and the emulator starts, without Pulumi."""
    code = "import sys, pulumi_ucimage.emulator; print('pulumi' in sys.modules)"

    assert run(code) == "False\n"


def run(code: str) -> str:
    """Run some Python in a process of its own, and tell what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_importing_loads_no_client() -> None:
    """What a program that calls nothing does not need is not loaded."""
    code = "import sys, json, pulumi_ucimage; print(json.dumps(sorted(sys.modules)))"
    heavy = {"certifi", "pydantic", "re2", "requests", "urllib3"}

    assert heavy & set(json.loads(run(code))) == set()


def test_importing_says_nothing() -> None:
    """Importing prints nothing, and warns of nothing."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::Warning:pulumi_ucimage",
            "-c",
            "import pulumi_ucimage",
        ],
        check=True,
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("", "")


# --- The wheel ---


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Build the wheel from the checkout, with nothing fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel"),
            *("--no-index", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(folder), str(ROOT)),
        ],
        check=True,
        capture_output=True,
    )
    (path,) = folder.iterdir()
    return zipfile.Path(path)


def names(wheel: zipfile.Path) -> set[str]:
    """Tell the names of the files in a wheel."""
    return {name for name in wheel.root.namelist() if not name.endswith("/")}


def test_the_wheel_is_for_any_machine(wheel: zipfile.Path) -> None:
    """The wheel is pure Python, and named for distribution and version."""
    assert wheel.root.filename is not None
    assert wheel.root.filename.endswith(f"/pulumi_ucimage-{__version__}-py3-none-any.whl")


def test_the_wheel_holds_the_package(wheel: zipfile.Path) -> None:
    """Every file of the package is in the wheel, and beside it metadata and licence."""
    package = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.joinpath("pulumi_ucimage").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    info = f"pulumi_ucimage-{__version__}.dist-info"
    metadata = {
        f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
    }

    assert package | metadata | {f"{info}/licenses/LICENSE"} == names(wheel)


@pytest.mark.parametrize("name", ["py.typed", "pulumi-plugin.json"])
def test_the_wheel_holds_what_is_no_code(wheel: zipfile.Path, name: str) -> None:
    """The marks for type checkers and for Pulumi are shipped."""
    assert f"pulumi_ucimage/{name}" in names(wheel)


def test_the_plugin_file_says_that_no_plugin_is_downloaded(wheel: zipfile.Path) -> None:
    """Pulumi is told that the package brings no plugin to download."""
    text = wheel.joinpath("pulumi_ucimage", "pulumi-plugin.json").read_text("utf-8")

    assert json.loads(text) == {"resource": False}


def test_the_metadata(wheel: zipfile.Path) -> None:
    """Name, version, Python, licence and dependencies are what users are told."""
    info = f"pulumi_ucimage-{__version__}.dist-info"
    metadata = message_from_string(wheel.joinpath(info, "METADATA").read_text("utf-8"))
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
