"""A process loads a library when it first needs it, not before."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator

CLIENTS = {"certifi", "pydantic", "requests", "urllib3"}
IMPORT = "import pulumi_ucimage as ucimage\n"
PIN = IMPORT + "import pulumi_ucimage._pulumi.pin_inputs\nucimage.ImagePin\n"
LOOK_UP = IMPORT + "ucimage.get_docker_image('ucs', policy='semver')\n"
EXPRESSION = IMPORT + "ucimage.get_docker_image('ucs', tag_regex='1.*')\n"
SCHEMA = (
    "import pulumi_ucimage.plugin.server, pulumi_ucimage.plugin.schema as s; s.schema()\n"
)
COMPLETION = """
import os
from pulumi_ucimage.cli.main import main
os.environ.update(_UCIMAGE_COMPLETE="bash_complete", COMP_WORDS="ucimage ", COMP_CWORD="1")
try:
    main([])
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    ("program", "loaded", "not_loaded"),
    [
        (IMPORT, set(), {*CLIENTS, "re2", "pulumi"}),
        ("import pulumi_ucimage.emulator", set(), {"pulumi", *CLIENTS}),
        (PIN, {"pulumi"}, {*CLIENTS, "re2"}),
        (LOOK_UP, {"requests", "pydantic"}, {"re2"}),
        (EXPRESSION, {"re2"}, set()),
        (SCHEMA, {"grpc"}, {"pydantic", "requests", "re2"}),
        (COMPLETION, {"click"}, {"pulumi", "rich", *CLIENTS}),
    ],
    ids=["import", "emulator", "pin", "look-up", "expression", "schema", "completion"],
)
@pytest.mark.usefixtures("configured")
def test_what_a_program_loads(program: str, loaded: set[str], not_loaded: set[str]) -> None:
    """It pays for what it uses; a press of the tab key is answered at once."""
    modules = modules_of(program)

    assert loaded <= modules
    assert not_loaded.isdisjoint(modules)


@pytest.mark.parametrize("program", [IMPORT, PIN, LOOK_UP, EXPRESSION])
@pytest.mark.usefixtures("configured")
def test_without_digests_nothing_of_them_is_loaded(program: str) -> None:
    """Neither the registry client nor the reader of Docker's configuration is loaded."""
    assert not [
        module
        for module in modules_of(program)
        if "registry" in module or "docker" in module or module == "publicsuffixlist"
    ]


def test_importing_says_nothing() -> None:
    """It prints nothing, and warns of nothing."""
    warnings = ("-W", "error::Warning:pulumi_ucimage")
    done = subprocess.run(
        [sys.executable, *warnings, "-c", IMPORT],
        check=True,
        capture_output=True,
        text=True,
    )

    assert ("", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("profiles", [None, "[]"])
def test_a_profile_file_loads_pydantic(
    home: Path, configured: Emulator, profiles: str | None
) -> None:
    """Settings that come from the environment do not."""
    del configured
    folder = home / ".ucloud"
    folder.mkdir()
    if profiles is not None:
        (folder / "config.json").write_text(profiles)
    load = "from pulumi_ucimage._config.resolve import load; load({})"

    assert (profiles is not None) == ("pydantic" in modules_of(load))


def modules_of(program: str) -> set[str]:
    """The modules that a process has loaded at the end of a program."""
    show = "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program + show], check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))
