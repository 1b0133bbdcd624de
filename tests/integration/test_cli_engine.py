"""The command line in projects of a real engine: configuration, pins, nothing written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command_line import Ended, run_process
from conftest import environment_for
from engine import python_project, yaml_project

from pulumi_ucimage.emulator import (
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workspace import Workspace

PYTHON = """
    import pulumi
    import pulumi_ucimage as ucimage

    ucimage.ImagePin("app", bucket_name="ucs")
    ucimage.ImagePin("old", bucket_name="ucs", policy="semver", semver_range="~1.0")
    ucimage.ImagePin("fixed", bucket_name="ucs", tag="6")
    ucimage.ImagePin("hidden", bucket_name=pulumi.Output.secret("ucs"))
"""
YAML = """
    resources:
      app:
        type: ucimage:index:ImagePin
        properties: {bucketName: ucs}
      old:
        type: ucimage:index:ImagePin
        properties: {bucketName: ucs, policy: semver, semverRange: ~1.0}
      fixed:
        type: ucimage:index:ImagePin
        properties: {bucketName: ucs, tag: '6'}
      hidden:
        type: ucimage:index:ImagePin
        properties: {bucketName: {fn::secret: ucs}}
"""


def ucimage(workspace: Workspace, *words: str, **variables: str) -> Ended:
    """Run `ucimage` in the folder of a project, with what its `pulumi` sees."""
    env = {**workspace.environment, **variables}
    return run_process(*words, env=env, folder=workspace.project)


def files(workspace: Workspace) -> dict[Path, bytes]:
    """What is in the project and in the backend."""
    folders = (workspace.project, workspace.folder / "backend")
    found = (path for folder in folders for path in folder.rglob("*"))
    return {path: path.read_bytes() for path in found if path.is_file()}


def made(folder: Path, program: str, tools: Path, emulator: Emulator) -> Workspace:
    """A stack whose keys are in its configuration alone, encrypted, after one `up`."""
    make = python_project if "import" in program else yaml_project
    nothing = dict.fromkeys(environment_for(emulator), "")
    workspace = make(folder, program, tools=tools, extra=nothing)
    values = {"publicKey": DEMO_PUBLIC_KEY, "region": "cn-bj2", "baseUrl": emulator.url}
    for key, value in values.items():
        workspace.pulumi("config", "set", f"ucimage:{key}", value)
    secret = ("--secret", "ucimage:privateKey", DEMO_PRIVATE_KEY)
    workspace.pulumi("config", "set", *secret)
    workspace.pulumi("up", "--yes", "--skip-preview")
    return workspace


@pytest.fixture(scope="module", params=[PYTHON, YAML], ids=["Python", "YAML"])
def stack(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tools: Path,
    module_emulator: Emulator,
) -> Workspace:
    """Make a stack with pins, by either provider."""
    return made(tmp_path_factory.mktemp("stack"), request.param, tools, module_emulator)


@pytest.fixture
def pushed(module_emulator: Emulator) -> Iterator[str]:
    """Push a tag after the pins were made."""
    module_emulator.push("ucs", DEMO_IMAGE, "1.2.0")
    yield "1.2.0"
    module_emulator.delete("ucs", DEMO_IMAGE, "1.2.0")


@pytest.fixture
def unchanged(stack: Workspace) -> Iterator[None]:
    """Hold the files of the stack against what they were before the test."""
    before = files(stack)
    yield
    assert before == files(stack)


def verdicts(ended: Ended) -> dict[str, tuple[str | None, str | None, str]]:
    """The pinned tag, the best tag and the verdict of each pin of a JSON document."""
    pins = json.loads(ended.out)["pins"]
    return {p["name"]: (p["tag"], p["bestTag"], p["verdict"]) for p in pins}


@pytest.mark.usefixtures("unchanged")
def test_pins_of_a_stack(stack: Workspace, pushed: str) -> None:
    """What would move, for either provider; the keys are the stack's."""
    ended = ucimage(stack, "pins", "--exit-code", "--json")

    assert 3 == ended.status, ended.err
    assert {
        "app": ("1.1.0", pushed, "newer tag"),
        "old": ("1.0.0", "1.0.0", "up to date"),
        "fixed": ("6", pushed, "fixed by tag"),
        "hidden": ("[secret]", "[secret]", "newer tag"),
    } == verdicts(ended)


@pytest.mark.usefixtures("unchanged")
def test_pins_say_what_refresh_says(stack: Workspace, pushed: str) -> None:
    """The messages of `ucimage pins` and `pulumi refresh` are the same."""
    table = ucimage(stack, "pins")
    preview = stack.run("refresh", "--preview-only")

    (line,) = (line for line in table.err.splitlines() if "'app'" in line)
    assert line in preview.stdout + preview.stderr
    assert 0 == table.status


@pytest.mark.usefixtures("unchanged")
def test_pins_of_an_export(stack: Workspace, tmp_path: Path) -> None:
    """The export is a file or a pipe; encrypted inputs are reported as such."""
    clear = tmp_path / "clear.json"
    clear.write_text(stack.pulumi("stack", "export", "--show-secrets"))
    encrypted = tmp_path / "encrypted.json"
    encrypted.write_text(stack.pulumi("stack", "export"))

    whole = ucimage(stack, "pins", "--from", str(clear), "--json")
    partial = ucimage(stack, "pins", "--from", str(encrypted), "--json")

    assert 0 == whole.status
    assert "up to date" == verdicts(whole)["hidden"][2]
    assert 1 == partial.status
    assert "up to date" == verdicts(partial)["app"][2]
    assert "check failed" == verdicts(partial)["hidden"][2]
    assert "pulumi stack export --show-secrets" in partial.err


@pytest.mark.usefixtures("unchanged")
def test_a_damaged_state(stack: Workspace, tmp_path: Path) -> None:
    """The damaged pin is one sentence, and the others are checked."""
    state = json.loads(stack.pulumi("stack", "export", "--show-secrets"))
    for resource in state["deployment"]["resources"]:
        if resource["urn"].endswith("::app"):
            del resource["inputs"]["tag"]
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps(state))

    ended = ucimage(stack, "pins", "--from", str(damaged), "--json")

    assert 1 == ended.status
    assert (None, None, "check failed") == verdicts(ended)["app"]
    assert "up to date" == verdicts(ended)["old"][2]
    assert "The state of the pin 'app' has no tag" in ended.err


@pytest.mark.usefixtures("unchanged")
def test_the_configuration_of_the_stack_is_used(stack: Workspace) -> None:
    """Decrypted by Pulumi, with the passphrase of the environment, and never shown."""
    chosen, shown = ucimage(stack, "choose", "ucs"), ucimage(stack, "config", "ucs")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n", "") == chosen
    assert (0, "") == (shown.status, shown.err)
    assert "The call worked" in shown.out
    assert DEMO_PRIVATE_KEY not in shown.out


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("words", [("pins",), ("choose", "ucs")], ids=" ".join)
def test_a_wrong_passphrase(stack: Workspace, words: tuple[str, ...]) -> None:
    """One sentence with Pulumi's reason."""
    ended = ucimage(stack, *words, PULUMI_CONFIG_PASSPHRASE="wrong")

    assert (1, "") == ended[:2]
    assert "incorrect passphrase" in ended.err
    assert 1 == len(ended.err.splitlines())


# --- Which stack ---


@pytest.fixture(scope="module")
def two_stacks(
    tmp_path_factory: pytest.TempPathFactory, tools: Path, module_emulator: Emulator
) -> Workspace:
    """Make a project with two stacks that differ in their region, one of them selected."""
    folder = tmp_path_factory.mktemp("two")
    extra = environment_for(module_emulator) | {"UCLOUD_REGION": ""}
    workspace = python_project(folder, PYTHON, tools=tools, extra=extra)
    workspace.pulumi("config", "set", "ucimage:region", "cn-dev")
    workspace.pulumi("stack", "init", "prod")
    workspace.pulumi("config", "set", "ucimage:region", "cn-prod", "--stack", "prod")
    workspace.pulumi("stack", "select", "dev")
    return workspace


def region(ended: Ended) -> str | None:
    """The region in the document of `ucimage config --json`."""
    settings = json.loads(ended.out)["settings"]
    values: dict[str, str | None] = {s["key"]: s["value"] for s in settings}
    return values["ucimage:region"]


def test_the_selected_stack_counts(two_stacks: Workspace) -> None:
    """Or the one that is named; from another folder too."""
    project = str(two_stacks.project)
    elsewhere = run_process(
        *("config", "--cwd", project, "--json"),
        env=two_stacks.environment,
        folder=two_stacks.folder,
    )

    assert "cn-dev" == region(ucimage(two_stacks, "config", "--json"))
    assert "cn-prod" == region(ucimage(two_stacks, "config", "--stack", "prod", "--json"))
    assert "cn-dev" == region(elsewhere)
    assert None is region(ucimage(two_stacks, "config", "--no-stack", "--json"))


def test_a_stack_that_does_not_exist(two_stacks: Workspace) -> None:
    """It is an error for every command that reads the stack."""
    for words in (("config",), ("pins",)):
        ended = ucimage(two_stacks, *words, "--stack", "none")
        assert (1, "") == ended[:2]
        assert "no stack named 'none' found" in ended.err


def test_a_stack_without_resources(two_stacks: Workspace) -> None:
    """It has no pins."""
    assert (0, "", "The stack has no pins.\n") == ucimage(two_stacks, "pins")


def test_no_stack_is_selected(
    two_stacks: Workspace, request: pytest.FixtureRequest
) -> None:
    """Other settings count; `ucimage pins` of no stack is an error."""
    two_stacks.pulumi("stack", "unselect")
    request.addfinalizer(lambda: two_stacks.pulumi("stack", "select", "dev"))

    config, pins = ucimage(two_stacks, "config", "--json"), ucimage(two_stacks, "pins")

    assert None is region(config)
    assert "No stack is selected" in config.err
    assert (1, "") == pins[:2]
    assert "`pulumi stack select`" in pins.err


def test_a_configuration_without_a_salt_is_not_written(
    two_stacks: Workspace, request: pytest.FixtureRequest
) -> None:
    """Pulumi itself adds one when it first encrypts; a check does not."""
    file = two_stacks.project / "Pulumi.dev.yaml"
    text = file.read_text()
    request.addfinalizer(lambda: file.write_text(text))
    file.write_text("config:\n  ucimage:region: cn-other\n")
    before = files(two_stacks)

    shown = ucimage(two_stacks, "config", "--json")
    pins = ucimage(two_stacks, "pins")

    assert "cn-other" == region(shown)
    assert 0 == pins.status, pins.err
    assert before == files(two_stacks)
