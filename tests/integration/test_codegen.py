"""SDKs that Pulumi's own generators make of the schema, and the examples in its texts.

The program in `codegen/` is the generators of the engine's own release.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, environment_for
from engine import python_project

from integration.conftest import made_once
from pulumi_ucimage.emulator import DEMO_IMAGE
from pulumi_ucimage.plugin.schema import schema

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator

SCHEMA: dict[str, Any] = json.loads(schema())
TEXTS = [
    described["description"]
    for described in [*SCHEMA["functions"].values(), *SCHEMA["resources"].values()]
]


def examples(language: str) -> list[str]:
    """The programs in the schema's texts."""
    return [
        program
        for text in TEXTS
        for program in re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    ]


@pytest.fixture(scope="session")
def generator(
    tmp_path_factory: pytest.TempPathFactory, go_environment: dict[str, str]
) -> Path:
    """The generators, compiled."""

    def build(folder: Path) -> None:
        subprocess.run(
            ["go", "build", "-o", folder / "codegen", "."],  # noqa: S607
            cwd=Path(__file__).parent / "codegen",
            env={**os.environ, **go_environment},
            check=True,
            timeout=1200,
        )

    return made_once(tmp_path_factory, "codegen", build) / "codegen"


@pytest.fixture(scope="session")
def sdks(generator: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDKs for Go, Node.js and Python."""

    def generate(folder: Path) -> None:
        file = folder / "schema.json"
        file.write_text(schema())
        subprocess.run([generator, file, folder], check=True)

    return made_once(tmp_path_factory, "sdks", generate)


def check(tools: Path, folder: Path, package: dict[str, Any]) -> str:
    """What `pulumi schema check` says of a schema."""
    file = folder / "schema.json"
    file.write_text(json.dumps(package))
    done = subprocess.run(
        [tools / "pulumi", "schema", "check", file],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "", "HOME": str(folder), "PULUMI_SKIP_UPDATE_CHECK": "1"},
    )
    return done.stdout + done.stderr + ("failed" if done.returncode else "")


def test_pulumi_accepts_the_schema(tools: Path, tmp_path: Path) -> None:
    """`pulumi schema check` reports neither an error nor a warning."""
    assert "" == check(tools, tmp_path, SCHEMA)


def test_sdks_have_names_of_their_own(sdks: Path) -> None:
    """None is `pulumi_ucimage`, which is this package."""
    package = json.loads((sdks / "nodejs" / "package.json").read_text("utf-8"))

    assert "@ucloud-community/ucimage" == package["name"]
    assert ["ucloud_community_ucimage"] == [
        path.parent.name for path in (sdks / "python").glob("*/__init__.py")
    ]
    assert (sdks / "go" / "ucimage" / "imagePin.go").exists()


def test_examples_in_go_compile(
    sdks: Path, tmp_path: Path, go_environment: dict[str, str]
) -> None:
    """With the generated SDK."""
    module = tmp_path / "sdk"
    shutil.copytree(sdks / "go", module / "go")
    example = ROOT / "examples" / "go"
    requirements = (example / "go.mod").read_text("utf-8")
    name = "github.com/ucloud-community/pulumi-ucimage/sdk"
    (module / "go.mod").write_text(requirements.replace("ucimage-go", name))
    shutil.copy(example / "go.sum", module)
    for number, program in enumerate(examples("go")):
        folder = module / f"example{number}"
        folder.mkdir()
        (folder / "main.go").write_text(program)

    done = subprocess.run(
        ["go", "build", "-mod=mod", "./..."],  # noqa: S607
        cwd=module,
        env={**os.environ, **go_environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    # A first run downloads modules, and says so.
    assert 0 == done.returncode, done.stderr
    assert 3 == len(examples("go"))


def test_examples_in_typescript_compile(
    sdks: Path, node_modules: Path, tmp_path: Path
) -> None:
    """With the generated SDK, as TypeScript sees them, strictly."""
    (tmp_path / "node_modules").symlink_to(node_modules)
    shutil.copytree(sdks / "nodejs", tmp_path / "ucimage")
    programs = examples("typescript")
    for number, program in enumerate(programs):
        (tmp_path / f"example{number}.ts").write_text(program)
    options = json.loads((ROOT / "examples" / "typescript" / "tsconfig.json").read_text())
    options["compilerOptions"] |= {
        "baseUrl": ".",
        "paths": {"@ucloud-community/ucimage": ["./ucimage"]},
    }
    options["files"] = [f"example{number}.ts" for number in range(len(programs))]
    (tmp_path / "tsconfig.json").write_text(json.dumps(options))

    done = subprocess.run(
        [node_modules / ".bin" / "tsc", "--project", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stdout)
    assert 3 == len(programs)


def test_examples_in_python_are_deployed(
    sdks: Path, tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """With the generated SDK and the plugin, on a real engine."""
    installed = tmp_path / "installed"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--disable-pip-version-check", "--target", installed, sdks / "python"),
        ],
        check=True,
    )
    programs = examples("python")
    workspace = python_project(
        tmp_path / "workspace",
        "\n".join(programs),
        tools=tools,
        extra={**environment_for(emulator), "PYTHONPATH": str(installed)},
    )
    emulator.push("ucs", "helloworld", "1.0.1")

    preview = workspace.pulumi("preview")
    workspace.pulumi("up", "--yes", "--skip-preview")

    assert 3 == len(programs)
    assert f"{DEMO_IMAGE}:1.1.0" in preview
    assert {"newest": [f"{DEMO_IMAGE}:1.0.1"], "image": f"{DEMO_IMAGE}:1.1.0"} == (
        workspace.outputs()
    )
