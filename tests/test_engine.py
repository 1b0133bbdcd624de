"""The functions in programs on a real Pulumi engine, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from conftest import environment_for
from engine import errors, python_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace


class MakeProject(Protocol):
    """Makes a workspace of a program's text."""

    def __call__(self, program: str, **extra: str) -> Workspace:
        """Further arguments are variables of the environment."""


@pytest.fixture
def project(tmp_path: Path, tools: Path, emulator: Emulator) -> MakeProject:
    """Programs whose environment leads to the emulator."""

    def make(program: str, **extra: str) -> Workspace:
        return python_project(
            tmp_path / "workspace",
            program,
            tools=tools,
            extra={**environment_for(emulator), **extra},
        )

    return make


BOTH_FORMS = """
    import pulumi
    import pulumi_ucimage as ucimage

    plain = ucimage.get_docker_image("ucs")
    listed = ucimage.get_docker_images("ucs")
    output = ucimage.get_docker_image_output(pulumi.Output.from_input("ucs"))
    inner = output.apply(lambda o: ucimage.get_docker_image("ucs", tag=o.tag))
    pulumi.export("plain", plain.image)
    pulumi.export("listed", listed.images[0].latest_tag)
    pulumi.export("output", output.image)
    pulumi.export("inner", inner.image)
"""


def test_every_form_works_in_preview_and_up(project: MakeProject) -> None:
    """Plain, listed, as an Output and within apply: each gives the same tag."""
    workspace = project(BOTH_FORMS)

    assert f"{DEMO_IMAGE}:1.1.0" in workspace.pulumi("preview")
    workspace.pulumi("up", "--yes", "--skip-preview")
    outputs = workspace.outputs()

    assert {f"{DEMO_IMAGE}:1.1.0"} == {
        outputs["plain"],
        outputs["output"],
        outputs["inner"],
        outputs["listed"]["image"],
    }
    assert "2024-07-01T00:00:00Z" == outputs["listed"]["createdAt"]


@pytest.mark.parametrize("form", ["", "_output"])
def test_a_mistake_is_one_line_and_no_traceback(project: MakeProject, form: str) -> None:
    """An unknown bucket shows our sentence, once, and nothing of Python."""
    workspace = project(f"""
        import pulumi_ucimage as ucimage
        ucimage.get_docker_image{form}("nope")
    """)

    done = workspace.run("preview")
    text = done.stdout + done.stderr

    assert done.returncode
    assert [True] == ["RetCode 43023" in line for line in errors(text)]
    assert "Traceback" not in text


def test_missing_keys_name_every_way(project: MakeProject) -> None:
    """No keys: one error line that names configuration, environment and profile."""
    workspace = project(
        """
        import pulumi_ucimage as ucimage
        ucimage.get_docker_image("ucs")
        """,
        UCLOUD_PUBLIC_KEY="",
        UCLOUD_PRIVATE_KEY="",
    )

    done = workspace.run("preview")
    (line,) = errors(done.stdout + done.stderr)

    for way in ("--secret ucimage:privateKey", "UCLOUD_PRIVATE_KEY", "credential.json"):
        assert way in line


ONE_LOOK_UP = """
    import pulumi
    import pulumi_ucimage as ucimage
    pulumi.export("image", ucimage.get_docker_image("ucs").image)
"""


def test_configuration_of_the_stack_suffices(
    project: MakeProject, emulator: Emulator
) -> None:
    """Keys, region and endpoint from `pulumi config`; a secret key warns of nothing."""
    nothing = dict.fromkeys(environment_for(emulator), "")
    workspace = project(ONE_LOOK_UP, **nothing)
    workspace.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    workspace.pulumi("config", "set", "--secret", "ucimage:privateKey", DEMO_PRIVATE_KEY)
    workspace.pulumi("config", "set", "ucimage:region", "cn-bj2")
    workspace.pulumi("config", "set", "ucimage:baseUrl", emulator.url)
    workspace.pulumi("config", "set", "ucimage:registry", "mirror.example.com")

    text = workspace.pulumi("up", "--yes", "--skip-preview")

    assert "mirror.example.com/ucs/helloworld:1.1.0" == workspace.outputs()["image"]
    assert "in clear" not in text
    assert DEMO_PRIVATE_KEY not in workspace.pulumi("stack", "export")


def test_a_key_in_clear_is_used_with_a_warning(
    project: MakeProject, emulator: Emulator
) -> None:
    """The warning comes once, and names the command that encrypts the key."""
    workspace = project(ONE_LOOK_UP * 2, UCLOUD_PUBLIC_KEY="", UCLOUD_PRIVATE_KEY="")
    workspace.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    workspace.pulumi("config", "set", "--plaintext", "ucimage:privateKey", DEMO_PRIVATE_KEY)

    text = workspace.pulumi("preview").partition("Diagnostics:")[2]

    assert 1 == text.count("`pulumi config set --secret ucimage:privateKey`")
    assert DEMO_PRIVATE_KEY not in text


def test_explain_is_one_info_line(project: MakeProject) -> None:
    """With the setting, the choice is told; without, it is not."""
    workspace = project(ONE_LOOK_UP)

    quiet = workspace.pulumi("preview")
    told = workspace.pulumi("preview", UCIMAGE_EXPLAIN="true")

    assert "Chose" not in quiet
    assert f"Chose '1.1.0' of '{DEMO_IMAGE}', created 2024-07-01T00:00:00Z" in told


PUSHER = """
    import json
    import os
    import urllib.request

    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Push(ResourceProvider):
        serialize_as_secret_always = False

        def create(self, props):
            body = {"BucketName": "ucs", "ImageName": "helloworld", "TagName": props["tag"]}
            urllib.request.urlopen(
                urllib.request.Request(
                    os.environ["UCLOUD_API_BASE_URL"] + "emulator/push",
                    json.dumps(body).encode(),
                    {"Content-Type": "application/json"},
                )
            ).close()
            return CreateResult("pushed", {**props, "bucket": "ucs"})


    class Pushed(Resource):
        bucket: pulumi.Output[str]

        def __init__(self, name, tag, opts=None):
            super().__init__(Push(), name, {"tag": tag, "bucket": None}, opts)
"""

WAITERS = {
    "depends_on": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=[pushed])
    )
    """,
    "depends_on one that is an Output": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=pulumi.Output.from_input(pushed))
    )
    """,
    "a component's child": """
    component = pulumi.ComponentResource("test:index:Parent", "parent")
    pushed = Pushed("pushed", "2.0.0", pulumi.ResourceOptions(parent=component))
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=[component])
    )
    """,
    "an argument": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(pushed.bucket)
    """,
    "an argument whose value is known": """
    pushed = Pushed("pushed", "2.0.0")
    bucket = pulumi.Output.all("ucs", pushed.urn).apply(lambda both: both[0])
    found = ucimage.get_docker_image_output(bucket)
    """,
}


@pytest.mark.parametrize("waiter", WAITERS)
def test_look_ups_wait_for_what_they_depend_on(
    project: MakeProject, emulator: Emulator, waiter: str
) -> None:
    """Unknown and no call in preview; in up, after the resource, with what it pushed."""
    workspace = project(f'{PUSHER}{WAITERS[waiter]}\n    pulumi.export("tag", found.tag)\n')

    workspace.pulumi("preview")
    assert not emulator.requests
    workspace.pulumi("up", "--yes", "--skip-preview")

    assert "2.0.0" == workspace.outputs()["tag"]


def test_results_carry_dependencies_and_secrets(project: MakeProject) -> None:
    """What uses a result depends on what the look-up depended on, and stays secret."""
    workspace = project(f"""{PUSHER}
    first = Pushed("first", "2.0.0")
    found = ucimage.get_docker_image_output(
        pulumi.Output.secret("ucs"),
        opts=pulumi.InvokeOutputOptions(depends_on=[first]),
    )
    second = Pushed("second", found.tag)
    pulumi.export("tag", found.tag)
    """)

    workspace.pulumi("up", "--yes", "--skip-preview")
    state: Any = json.loads(workspace.pulumi("stack", "export"))["deployment"]["resources"]
    (second,) = [r for r in state if r["urn"].endswith("::second")]

    assert ["first"] == [urn.rpartition("::")[2] for urn in second["dependencies"]]
    assert "[secret]" == workspace.outputs()["tag"]


def test_the_automation_api_asks_anew_in_each_run(
    project: MakeProject, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of an inline program in one process each see what is listed then."""
    import pulumi  # noqa: PLC0415
    from pulumi import automation  # noqa: PLC0415

    import pulumi_ucimage as ucimage  # noqa: PLC0415

    workspace = project(ONE_LOOK_UP)
    for name in ("UCLOUD_API_BASE_URL", "UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "PATH"):
        monkeypatch.setenv(name, workspace.environment[name])

    def program() -> None:
        pulumi.export("tag", ucimage.get_docker_image("ucs").tag)

    stack = automation.create_stack(
        "inline",
        project_name="inline",
        program=program,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(workspace.folder), env_vars=workspace.environment
        ),
    )
    stack.set_config("ucimage:region", automation.ConfigValue("cn-bj2"))

    first = stack.up().outputs["tag"].value
    emulator.push("ucs", "helloworld", "3.0.0")
    second = stack.up().outputs["tag"].value

    assert ("1.1.0", "3.0.0") == (first, second)
