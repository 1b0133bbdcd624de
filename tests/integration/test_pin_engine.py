"""A pin's whole life on a real Pulumi engine, with the emulator pushing between steps."""

from __future__ import annotations

import base64
import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from conftest import environment_for
from engine import errors, python_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace

PROGRAM = """
    import json
    import pulumi
    import pulumi_ucimage as ucimage

    config = pulumi.Config()
    pin = ucimage.ImagePin(
        "app",
        **{"bucket_name": "ucs", "image_name": "helloworld"}
        | json.loads(config.get("pin") or "{}"),
        opts=pulumi.ResourceOptions(
            ignore_changes=json.loads(config.get("ignore") or "[]")
        ),
    )
    for name in (
        "tag", "image", "image_name", "create_time", "created_at", "found",
        "previous_tag", "chosen_at", "available", "retagged",
    ):
        pulumi.export(name, getattr(pin, name))
"""

# What a signature looks like; a longer run of digits is a hash of something else.
_SIGNATURE = re.compile(rb"(?<![0-9a-fA-F])[0-9a-f]{40}(?![0-9a-fA-F])")
NO_KEYS = {"UCLOUD_PUBLIC_KEY": "", "UCLOUD_PRIVATE_KEY": ""}


class Life:
    """A stack with a pin, and the emulator it looks into."""

    def __init__(self, workspace: Workspace, emulator: Emulator) -> None:
        self.workspace = workspace
        self.emulator = emulator

    def ask(self, **arguments: Any) -> None:
        """Change the pin's arguments in the program."""
        self.workspace.pulumi("config", "set", "pin", json.dumps(arguments))

    def push(self, tag: str) -> None:
        """Push a tag that is newer than all others."""
        self.emulator.push("ucs", "helloworld", tag)

    def up(self, **variables: str) -> dict[str, Any]:
        """Run `pulumi up`, which must succeed; the stack's outputs."""
        self.workspace.pulumi("up", "--yes", "--skip-preview", **variables)
        return self.workspace.outputs()

    def refused(self, *command: str, **variables: str) -> str:
        """Run a command that must fail; the one error line of ours."""
        done = self.workspace.run(*command, **variables)
        assert done.returncode
        (line,) = errors(done.stdout + done.stderr)
        return line

    def calls(self) -> int:
        """How many calls the emulator saw since the last query."""
        calls = len(self.emulator.requests)
        self.emulator.reset_requests()
        return calls

    def pin(self) -> dict[str, Any]:
        """The pin's outputs as the state has them; a refresh changes no stack outputs."""
        resources = json.loads(self.state())["deployment"]["resources"]
        (pin,) = [r["outputs"] for r in resources if r["type"].endswith("ImagePin")]
        return dict(pin)

    def state(self) -> str:
        """The exported stack."""
        return self.workspace.pulumi("stack", "export")


@pytest.fixture
def life(tmp_path: Path, tools: Path, emulator: Emulator) -> Life:
    """A pin that is not created yet."""
    workspace = python_project(
        tmp_path / "workspace", PROGRAM, tools=tools, extra=environment_for(emulator)
    )
    return Life(workspace, emulator)


def test_a_pin_is_chosen_once_and_stays(life: Life) -> None:
    """Created with every output; then a push changes nothing, without a call or keys."""
    outputs = life.up()
    life.calls()
    life.push("2.0.0")

    text = life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)
    again = life.up(**NO_KEYS)

    assert {
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "image_name": DEMO_IMAGE,
        "create_time": 1719792000,
        "created_at": "2024-07-01T00:00:00Z",
        "found": True,
        "available": True,
        "retagged": False,
    } == {name: value for name, value in outputs.items() if name != "chosen_at"}
    assert 0 == life.calls()
    assert outputs == again
    assert "2 unchanged" in text


def test_a_trigger_moves_the_pin_and_preview_shows_it(life: Life) -> None:
    """Preview tells old and new; up moves, and keeps what was before."""
    life.up()
    life.push("2.0.0")
    life.ask(triggers={"release": "2"})

    preview = life.workspace.pulumi("preview", "--diff")
    outputs = life.up()

    assert '~ tag         : "1.1.0" => "2.0.0"' in preview
    assert f'"{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:2.0.0"' in preview
    assert ("2.0.0", "1.1.0") == (outputs["tag"], outputs["previous_tag"])


def test_an_explicit_tag_rolls_back_and_its_removal_forward(life: Life) -> None:
    """An explicit tag may go back; taken away, the policy chooses again."""
    life.up()

    life.ask(tag="1.0.0")
    back = life.up()
    life.ask()
    forward = life.up()

    assert [("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")] == [
        (outputs["tag"], outputs["previous_tag"]) for outputs in (back, forward)
    ]


def test_a_downgrade_is_refused_unless_it_is_allowed(life: Life) -> None:
    """The error names both tags and nothing changed; then it is allowed."""
    life.push("2.0.0")
    before = life.up()
    life.emulator.delete("ucs", "helloworld", "2.0.0")
    life.ask(triggers={"release": "2"})

    line = life.refused("up", "--yes", "--skip-preview")
    kept = life.workspace.outputs()
    life.ask(triggers={"release": "2"}, allow_downgrade=True)
    after = life.up()

    assert "'app' has a problem: The choice would go back" in line
    assert "'2.0.0'" in line
    assert "'1.1.0'" in line
    assert before == kept
    assert ("1.1.0", "2.0.0") == (after["tag"], after["previous_tag"])


def test_a_changed_range_is_no_excuse_for_a_downgrade(life: Life) -> None:
    """The pinned tag is compared even where it is out of the new range."""
    life.ask(policy="semver")
    life.up()
    life.ask(policy="semver", semver_range="<1.1")

    assert "'1.1.0' to '1.0.0'" in life.refused("preview")


def test_an_empty_or_failed_listing_changes_nothing(life: Life) -> None:
    """Where a choice is due it is a clear error, and the pin is as before."""
    before = life.up()
    life.emulator.delete("ucs", "helloworld")
    life.ask(triggers={"release": "2"}, default_tag="0.0.0")

    missing = life.refused("up", "--yes", "--skip-preview")
    life.emulator.stop()
    down = life.refused("up", "--yes", "--skip-preview", UCIMAGE_MAX_RETRIES="0")

    assert "has no image" in missing
    assert "The UCloud API at 127.0.0.1" in down
    assert before == life.workspace.outputs()


def test_nothing_changed_needs_no_api(life: Life) -> None:
    """With the API down, an unchanged pin previews, comes up and is destroyed."""
    life.up()
    life.emulator.stop()

    life.workspace.pulumi("up", "--yes", "--expect-no-changes", **NO_KEYS)
    life.workspace.pulumi("destroy", "--yes", **NO_KEYS)


def test_refresh_tells_of_a_newer_tag_and_changes_nothing(life: Life) -> None:
    """One info line with what to do; the state stays as it is."""
    life.up()
    life.push("2.0.0")

    text = life.workspace.pulumi(
        "refresh", "--yes", "--skip-preview", "--expect-no-changes"
    )

    (line,) = [
        line for line in text.partition("Diagnostics:")[2].splitlines() if "'2.0.0'" in line
    ]
    assert "change a trigger to take it" in line
    assert "1.1.0" == life.workspace.outputs()["tag"]


def test_refresh_sees_vanished_and_repushed_tags(life: Life) -> None:
    """`available` and `retagged` follow the look, `tag` never; a choice clears both."""
    life.up()

    life.push("1.1.0")
    first = life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    retagged = life.pin()
    life.workspace.pulumi("preview", "--expect-no-changes")
    life.emulator.delete("ucs", "helloworld", "1.1.0")
    second = life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    vanished = life.pin()
    life.emulator.delete("ucs", "helloworld")
    life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    gone = life.pin()
    life.push("3.0.0")
    life.ask(triggers={"release": "2"})
    life.up()
    chosen = life.pin()

    assert "was pushed again" in first
    assert "is not listed any more" in second
    assert [
        ("1.1.0", True, True),
        ("1.1.0", False, False),
        ("1.1.0", False, False),
        ("3.0.0", True, False),
    ] == [
        (outputs["tag"], outputs["available"], outputs["retagged"])
        for outputs in (retagged, vanished, gone, chosen)
    ]


def test_a_failed_look_is_a_warning(life: Life) -> None:
    """The pin keeps what it knew."""
    before = life.up(UCIMAGE_MAX_RETRIES="0")
    life.emulator.stop()

    text = life.workspace.pulumi(
        "refresh", "--yes", "--skip-preview", UCIMAGE_MAX_RETRIES="0"
    )

    assert "warning: The pin cn-bj2/ucs/ucs/helloworld was not looked at" in text
    assert before == life.workspace.outputs()


@pytest.mark.parametrize(
    "arguments",
    [
        {"image_name": "ucs/helloworld"},
        {"image_name": DEMO_IMAGE},
        {"image_name": None},
        {"policy": "newest", "order": "highest", "triggers": {}, "allow_downgrade": False},
        {"region": "cn-bj2", "semver_loose": False, "tag": "", "wait": ""},
        {
            "floating_tags": [
                "buildcache",
                "develop",
                "dev",
                "master",
                "main",
                "nightly",
                "edge",
                "stable",
                "latest",
            ]
        },
    ],
)
def test_inputs_are_compared_by_meaning(life: Life, arguments: dict[str, Any]) -> None:
    """Another spelling of the same, or a default that is written out, changes nothing."""
    life.up()
    life.calls()
    life.push("2.0.0")
    life.ask(**arguments)

    life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)

    assert 0 == life.calls()


def test_another_image_makes_another_pin(life: Life) -> None:
    """Replaced, with the new image's own id and no previous tag."""
    life.up()
    life.emulator.push("ucs", "other", "7")
    life.ask(image_name="other")

    preview = life.workspace.pulumi("preview", "--diff")
    outputs = life.up()

    assert "(replace)" in preview
    assert "7" == outputs["tag"]
    assert "previous_tag" not in outputs
    assert '"id": "cn-bj2/ucs/ucs/other"' in life.state()


def test_a_pin_keeps_its_place(life: Life) -> None:
    """Neither the environment nor another image's push moves it elsewhere."""
    life.ask(image_name=None)
    life.up()
    life.emulator.push("ucs", "other", "7")
    life.push("2.0.0")
    life.ask(image_name=None, triggers={"release": "2"})

    outputs = life.up(UCLOUD_REGION="cn-sh2", UCLOUD_PROJECT_ID="org-other")

    assert ("2.0.0", DEMO_IMAGE) == (outputs["tag"], outputs["image_name"])
    assert {("cn-bj2", None)} == {
        (call["Region"], call.get("ProjectId")) for call in life.emulator.requests
    }


def test_a_default_tag_serves_the_first_choice_only(life: Life) -> None:
    """Before the first push the default is pinned; the next choice must find a tag."""
    life.ask(image_name="ucsdr.ucloud.cn:5000/ucs/new", default_tag="0.0.1")
    first = life.up()
    life.ask(
        image_name="ucsdr.ucloud.cn:5000/ucs/new", default_tag="0.0.1", triggers={"a": "1"}
    )
    line = life.refused("preview")
    life.emulator.push("ucs", "ucs/new", "0.0.0")
    second = life.up()

    assert ("0.0.1", False, False) == (first["tag"], first["found"], first["available"])
    assert "has no image" in line
    assert ("0.0.0", True, "0.0.1") == (
        second["tag"],
        second["found"],
        second["previous_tag"],
    )


def test_saved_plans_hold_where_nothing_was_pushed(life: Life) -> None:
    """A push in between makes the plan be refused; without one it goes through."""
    life.up()
    life.push("2.0.0")
    life.ask(triggers={"release": "2"})
    variables = {"PULUMI_EXPERIMENTAL": "true"}
    life.workspace.pulumi("preview", "--save-plan", "plan.json", **variables)
    life.push("3.0.0")

    refused = life.workspace.run(
        "up", "--yes", "--skip-preview", "--plan", "plan.json", **variables
    )
    life.emulator.delete("ucs", "helloworld", "3.0.0")
    life.workspace.pulumi(
        "up", "--yes", "--skip-preview", "--plan", "plan.json", **variables
    )

    assert refused.returncode
    assert "violates plan" in refused.stdout + refused.stderr
    assert "2.0.0" == life.workspace.outputs()["tag"]


def test_ignored_changes_freeze_the_pin(life: Life) -> None:
    """With `tag` in ignore_changes, no input moves it, and no call is made."""
    life.up()
    life.calls()
    life.push("2.0.0")
    life.workspace.pulumi("config", "set", "ignore", '["tag"]')
    life.ask(triggers={"release": "2"})

    outputs = life.up()

    assert ("1.1.0", 0) == (outputs["tag"], life.calls())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"policy": "best"}, "policy must be one of"),
        ({"tag": "1", "default_tag": "2"}, "default_tag"),
        ({"bucket_name": "a/b"}, "bucket_name must have"),
        ({"triggers": ["a"]}, "triggers must be a map"),
        ({"tag": "nope"}, "no tag 'nope'"),
        ({"bucket_name": "nope"}, "RetCode 43023"),
    ],
)
def test_a_mistake_is_one_sentence_under_the_resource(
    life: Life, arguments: dict[str, Any], words: str
) -> None:
    """A check failure that names the resource."""
    life.ask(**arguments)

    line = life.refused("preview")

    assert "ImagePin resource 'app' has a problem: " in line
    assert words in line


def test_a_secret_input_makes_the_choice_secret(life: Life) -> None:
    """It is in clear nowhere in the state, and a second run changes nothing."""
    secret = 'tag=pulumi.Output.secret("1.0.0"), opts='
    program = textwrap.dedent(PROGRAM).replace("opts=", secret)
    (life.workspace.project / "__main__.py").write_text(program)

    outputs = life.up()
    state = life.state()
    life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)

    assert {"[secret]"} == {outputs["tag"], outputs["image"]}
    assert "1.0.0" not in state


def test_no_key_is_in_the_state(life: Life) -> None:
    """Neither in clear nor in base64, the provider's own text included."""
    life.ask(triggers={"a": "1"})
    life.up()
    state = life.state()

    (provider,) = {
        resource["inputs"]["__provider"]
        for resource in json.loads(state)["deployment"]["resources"]
        if "__provider" in resource.get("inputs", {})
    }
    whole = state.encode() + base64.b64decode(provider)

    assert b"ImagePinProvider" in whole
    assert not _SIGNATURE.search(whole)
    assert _SIGNATURE.search(whole + b'"59268c02db331142dd2e02ebec0d01cd51728570"')
    for key in (DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY):
        assert not _holds(whole, key)
        assert _holds(whole + key.encode(), key)
        assert _holds(whole + base64.b64encode(b"x" + key.encode()), key)


def _holds(text: bytes, key: str) -> bool:
    """Whether a key is in a text, in clear or in base64 at any offset."""
    shifted = [base64.b64encode(b" " * n + key.encode())[4:-4] for n in range(3)]
    return any(form in text for form in (key.encode(), *shifted))


def test_a_key_of_the_stack_is_encrypted_in_the_state(life: Life) -> None:
    """A secret of the configuration is only where Pulumi itself keeps it."""
    life.workspace.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    life.workspace.pulumi(
        "config", "set", "--secret", "ucimage:privateKey", DEMO_PRIVATE_KEY
    )

    outputs = life.up(**NO_KEYS)

    assert "1.1.0" == outputs["tag"]
    assert DEMO_PRIVATE_KEY not in life.state()


TWO_PINS = """
    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Bucket(ResourceProvider):
        def create(self, props):
            return CreateResult("made", {"name": "ucs"})


    class Made(Resource):
        name: pulumi.Output[str]

        def __init__(self):
            super().__init__(Bucket(), "bucket", {"name": None})


    bucket = Made()
    first = ucimage.ImagePin("first", bucket_name=bucket.name)
    second = ucimage.ImagePin(
        "second", bucket_name="ucs", policy="semver", triggers={"tag": first.tag}
    )
    pulumi.export("first", first.tag)
    pulumi.export("second", second.tag)
"""


def test_a_pin_waits_for_its_inputs(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """Unknown in preview, with no call; chosen in up, and two pins in one program."""
    workspace = python_project(
        tmp_path / "workspace", TWO_PINS, tools=tools, extra=environment_for(emulator)
    )

    workspace.pulumi("preview")
    assert not emulator.requests
    workspace.pulumi("up", "--yes", "--skip-preview")

    assert {"first": "1.1.0", "second": "1.1.0"} == workspace.outputs()


def test_a_pin_outside_of_the_target_is_left_alone(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """`--target` of another resource makes no call for the pin."""
    program = """
        import pulumi
        import pulumi_ucimage as ucimage
        config = pulumi.Config()
        for name in ("one", "two"):
            ucimage.ImagePin(
                name, bucket_name="ucs", triggers={"release": config.get("release") or ""}
            )
    """
    workspace = python_project(
        tmp_path / "workspace", program, tools=tools, extra=environment_for(emulator)
    )
    workspace.pulumi("up", "--yes", "--skip-preview")
    emulator.reset_requests()
    workspace.pulumi("config", "set", "release", "2")

    workspace.pulumi("up", "--yes", "--skip-preview", "--target", "**one")

    assert 1 == len(emulator.requests)
