"""The plugin on a real engine: functions in YAML programs, and `pulumi do`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT, environment_for
from engine import errors, yaml, yaml_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from workspace import Workspace

PLUGIN = Path(sys.executable).parent / "pulumi-resource-ucimage"
NO_KEYS = {"UCLOUD_PUBLIC_KEY": "", "UCLOUD_PRIVATE_KEY": ""}
UP = ("up", "--yes", "--skip-preview")


# --- Functions ---


ONE_LOOK_UP = """
    variables:
      app:
        fn::invoke:
          function: ucimage:index:getDockerImage
          arguments: {arguments}
    outputs:
      image: ${{app.image}}
      resourceId: ${{app.resourceId}}
"""


@pytest.fixture
def look_up(tmp_path: Path, tools: Path, emulator: Emulator) -> Workspace:
    """A program with one look-up in the bucket `ucs`."""
    return yaml_project(
        tmp_path / "workspace",
        ONE_LOOK_UP.format(arguments="{bucketName: ucs}"),
        tools=tools,
        extra=environment_for(emulator),
    )


def rewrite(workspace: Workspace, program: str) -> None:
    """Change the program."""
    (workspace.project / "Pulumi.yaml").write_text(yaml(program))


def failing(workspace: Workspace, *command: str, **variables: str) -> str:
    """Run a command that must fail; all its text, in which nothing is Python's."""
    done = workspace.run(*command, **variables)
    assert done.returncode
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("{bucketName: nope}", "RetCode 43023"),
        ("{bucketName: ucs, policy: best}", "policy must be one of"),
    ],
)
def test_a_mistake_is_our_sentence(
    look_up: Workspace, arguments: str, sentence: str
) -> None:
    """One error line has it, and it names arguments as YAML does."""
    rewrite(look_up, ONE_LOOK_UP.format(arguments=arguments))

    text = failing(look_up, "preview")

    assert 1 == len([line for line in errors(text) if sentence in line])
    assert "bucket_name" not in text


def test_the_stack_configures_the_plugin_and_a_changed_key_counts_at_once(
    look_up: Workspace, emulator: Emulator
) -> None:
    """Configuration wins over the environment, without a run between its changes."""
    look_up.pulumi("config", "set", "ucimage:baseUrl", emulator.url)
    look_up.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    look_up.pulumi("config", "set", "--secret", "ucimage:privateKey", "not-it")
    wrong = failing(look_up, "preview", **NO_KEYS, UCLOUD_API_BASE_URL="")

    look_up.pulumi("config", "set", "--secret", "ucimage:privateKey", DEMO_PRIVATE_KEY)
    look_up.pulumi(*UP, **NO_KEYS, UCLOUD_API_BASE_URL="")
    look_up.pulumi("config", "set", "--secret", "ucimage:privateKey", "not-it")
    again = failing(look_up, "preview", **NO_KEYS)

    assert "RetCode 171" in wrong
    assert "RetCode 171" in again
    assert DEMO_PRIVATE_KEY not in look_up.pulumi("stack", "export")


def test_a_secret_argument_makes_the_result_secret(look_up: Workspace) -> None:
    """Nothing of the answer is shown or stored unencrypted."""
    rewrite(
        look_up,
        ONE_LOOK_UP.format(arguments="{bucketName: {fn::secret: ucs}}"),
    )

    look_up.pulumi(*UP)

    assert "[secret]" == look_up.outputs()["image"]
    assert DEMO_IMAGE not in look_up.pulumi("stack", "export")


# --- The command line ---


def test_the_commands_of_the_example_work(look_up: Workspace) -> None:
    """List a bucket as JSON, pick a tag by range, and end non-zero where that fails."""
    done = subprocess.run(
        [ROOT / "examples" / "do" / "commands.sh"],
        cwd=look_up.project,
        env=look_up.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert 0 == done.returncode, done.stderr
    _, _, text = done.stdout.partition("as JSON:\n")
    listed, _, text = text.partition("The highest version of a range:\n")
    chosen, _, failed = text.partition("A bucket that is not there:\n")
    assert [DEMO_IMAGE] == [image["name"] for image in json.loads(listed)["images"]]
    assert f"{DEMO_IMAGE}:1.1.0" == json.loads(chosen)["image"]
    assert "The look-up failed, as it should." == failed.strip()
    assert "RetCode 43023" in done.stderr


# --- Ctrl-C ---


def test_an_interrupt_ends_a_slow_call_within_seconds(
    look_up: Workspace, emulator: Emulator
) -> None:
    """The call to the API would take a minute."""
    emulator.fault("delay=60")
    process = subprocess.Popen(
        ["pulumi", *UP, "--non-interactive"],  # noqa: S607 - that of the PATH
        cwd=look_up.project,
        env=look_up.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not emulator.requests:
        assert process.poll() is None
        os.sched_yield()

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=15)
