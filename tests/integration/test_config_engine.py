"""The configuration of a stack on a real Pulumi engine: what is used, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import environment_for
from engine import python_project, yaml_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace

    from pulumi_ucimage.emulator import Emulator

BOTH = """
    import pulumi
    import pulumi_ucimage as ucimage

    found = ucimage.get_docker_image("ucs")
    pulumi.export("function", found.image)
    pulumi.export("pin", ucimage.ImagePin("app", bucket_name="ucs").image)
"""
PINS = """
    import pulumi_ucimage as ucimage

    ucimage.ImagePin("app", bucket_name="ucs")
    ucimage.ImagePin("other", bucket_name="ucs")
"""
YAML = """
    variables:
      found:
        fn::invoke:
          function: ucimage:index:getDockerImage
          arguments: {bucketName: ucs}
    outputs:
      function: ${found.image}
"""


def set_config(workspace: Workspace, *flags: str, **values: str) -> None:
    """Set keys of the stack's configuration; `__` is the colon."""
    for key, value in values.items():
        workspace.pulumi("config", "set", *flags, key.replace("__", ":"), value)


def make(folder: Path, program: str, tools: Path, emulator: Emulator) -> Workspace:
    """A project whose keys and region can come from the stack alone."""
    make_project = python_project if "import" in program else yaml_project
    nothing = dict.fromkeys(environment_for(emulator), "")
    return make_project(folder / "workspace", program, tools=tools, extra=nothing)


@pytest.mark.parametrize("namespace", ["ucimage", "ucloud"])
def test_the_configuration_of_a_stack_is_enough(
    tmp_path: Path, tools: Path, emulator: Emulator, namespace: str
) -> None:
    """For functions and pins; encrypted keys warn of nothing, and are not in the state."""
    workspace = make(tmp_path, BOTH, tools, emulator)
    plain = {"publicKey": DEMO_PUBLIC_KEY, "region": "cn-bj2", "baseUrl": emulator.url}
    set_config(workspace, **{f"{namespace}__{key}": text for key, text in plain.items()})
    set_config(workspace, "--secret", **{f"{namespace}__privateKey": DEMO_PRIVATE_KEY})

    text = workspace.pulumi("up", "--yes", "--skip-preview")

    image = f"{DEMO_IMAGE}:1.1.0"
    assert {"function": image, "pin": image} == workspace.outputs()
    assert "unencrypted" not in text
    assert "not a setting" not in text
    assert DEMO_PRIVATE_KEY not in workspace.pulumi("stack", "export")


@pytest.mark.parametrize("program", [BOTH, PINS], ids=["function and pin", "pins"])
def test_a_python_program_is_warned_once(
    tmp_path: Path, tools: Path, emulator: Emulator, program: str
) -> None:
    """About a misspelled key and an unencrypted secret, with the commands that help."""
    workspace = make(tmp_path, program, tools, emulator)
    set_config(
        workspace,
        "--plaintext",
        ucloud__publicKey=DEMO_PUBLIC_KEY,
        ucloud__privateKey=DEMO_PRIVATE_KEY,
        ucimage__region="cn-bj2",
        ucimage__regoin="cn-sh2",
        ucimage__baseUrl=emulator.url,
    )

    text = workspace.pulumi("preview").partition("Diagnostics:")[2]

    assert 1 == text.count("ucimage:regoin in the stack's configuration is not a setting")
    assert 1 == text.count("did you mean ucimage:region?")
    assert 1 == text.count("`pulumi config set --secret ucloud:privateKey`")
    assert DEMO_PRIVATE_KEY not in text


def test_a_program_with_the_plugin_is_warned_once(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """The plugin sees every ucimage: key, and says so in the same words."""
    workspace = make(tmp_path, YAML, tools, emulator)
    set_config(
        workspace,
        "--plaintext",
        ucimage__publicKey=DEMO_PUBLIC_KEY,
        ucimage__privateKey=DEMO_PRIVATE_KEY,
        ucimage__region="cn-bj2",
        ucimage__regoin="cn-sh2",
        ucimage__baseUrl=emulator.url,
    )

    text = workspace.pulumi("preview").partition("Diagnostics:")[2]

    assert 1 == text.count("did you mean ucimage:region?")
    assert 1 == text.count("`pulumi config set --secret ucimage:privateKey`")
    assert DEMO_PRIVATE_KEY not in text


def test_the_plugin_does_not_see_the_ucloud_provider_s_keys(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """Its message about missing keys says so."""
    workspace = make(tmp_path, YAML, tools, emulator)
    set_config(workspace, ucloud__publicKey=DEMO_PUBLIC_KEY, ucloud__region="cn-bj2")
    set_config(workspace, "--secret", ucloud__privateKey=DEMO_PRIVATE_KEY)

    done = workspace.run("preview")

    assert done.returncode
    assert "The plugin sees only ucimage: keys" in done.stdout + done.stderr
