"""The plugin on a real engine: YAML programs, `pulumi do`, and a whole life of a pin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, environment_for
from engine import errors, yaml, yaml_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from workspace import Workspace

FLOATING_TAGS = (
    "latest",
    "stable",
    "edge",
    "nightly",
    "main",
    "master",
    "dev",
    "develop",
    "buildcache",
)
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
        ("{bucketName: ucs, tag: '9'}", "no tag '9'"),
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


def test_missing_keys_name_every_way(look_up: Workspace) -> None:
    """They are asked for by the first call, which says how to set them."""
    text = failing(look_up, "preview", **NO_KEYS)

    for way in ("--secret ucimage:privateKey", "UCLOUD_PRIVATE_KEY", "credential.json"):
        assert way in text


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


@pytest.mark.parametrize("secret", [False, True])
def test_a_key_in_clear_is_used_with_a_warning(look_up: Workspace, *, secret: bool) -> None:
    """It names the command that encrypts; an encrypted key warns of nothing."""
    mark = ["--secret"] if secret else ["--plaintext"]
    look_up.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    look_up.pulumi("config", "set", *mark, "ucimage:privateKey", DEMO_PRIVATE_KEY)

    done = look_up.run(*UP, **NO_KEYS)
    text = done.stdout + done.stderr

    assert not done.returncode
    assert secret != ("`pulumi config set --secret ucimage:privateKey`" in text)
    assert DEMO_PRIVATE_KEY not in text


def test_a_secret_argument_makes_the_result_secret(look_up: Workspace) -> None:
    """So that nothing of the answer is shown or stored in clear."""
    rewrite(
        look_up,
        ONE_LOOK_UP.format(arguments="{bucketName: {fn::secret: ucs}}"),
    )

    look_up.pulumi(*UP)

    assert "[secret]" == look_up.outputs()["image"]
    assert DEMO_IMAGE not in look_up.pulumi("stack", "export")


def test_explanations_are_shown(look_up: Workspace) -> None:
    """With `explain`, an info line tells what was chosen."""
    look_up.pulumi("config", "set", "ucimage:explain", "true")

    assert "Chose '1.1.0'" in look_up.pulumi("preview")


# --- The pin ---


class Life:
    """A stack with a pin, and the emulator it looks into."""

    def __init__(self, workspace: Workspace, emulator: Emulator) -> None:
        self.workspace = workspace
        self.emulator = emulator

    def ask(self, *, options: Any = None, **arguments: Any) -> None:
        """Change the pin's arguments in the program."""
        whole = {"bucketName": "ucs", "imageName": "helloworld", **arguments}
        rewrite(self.workspace, program(whole, options or {}))

    def push(self, tag: str) -> None:
        """Push a tag that is newer than all others."""
        self.emulator.push("ucs", "helloworld", tag)

    def up(self, **variables: str) -> dict[str, Any]:
        """Run `pulumi up`, which must succeed; the pin's outputs."""
        self.workspace.pulumi(*UP, **variables)
        return self.pin()["outputs"]  # type: ignore[no-any-return]

    def refused(self, *command: str, **variables: str) -> str:
        """Run a command that must fail; the one error line of ours."""
        text = failing(self.workspace, *command, **variables)
        (line,) = errors(text)
        return line

    def calls(self) -> int:
        """How many calls the emulator saw since the last query."""
        calls = len(self.emulator.requests)
        self.emulator.reset_requests()
        return calls

    def pin(self) -> dict[str, Any]:
        """The pin as the state has it."""
        resources = json.loads(self.state())["deployment"]["resources"]
        (pin,) = [r for r in resources if r["type"] == "ucimage:index:ImagePin"]
        return dict(pin)

    def state(self) -> str:
        """The exported stack."""
        return self.workspace.pulumi("stack", "export")


def program(arguments: Any, options: Any = None) -> str:
    """A program with a pin, whose outputs are the stack's; JSON is YAML too."""
    return f"""
        resources:
          app:
            type: ucimage:index:ImagePin
            properties: {json.dumps(arguments)}
            options: {json.dumps(options or {})}
        outputs:
          image: ${{app.image}}
    """


@pytest.fixture
def life(tmp_path: Path, tools: Path, emulator: Emulator) -> Life:
    """A pin that is not created yet."""
    workspace = yaml_project(
        tmp_path / "workspace", "", tools=tools, extra=environment_for(emulator)
    )
    life = Life(workspace, emulator)
    life.ask()
    return life


def test_a_pin_is_chosen_once_and_stays(life: Life) -> None:
    """Created with every output; then a push changes nothing, without a call or keys."""
    outputs = life.up()
    calls = life.calls()
    life.push("2.0.0")

    life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)
    again = life.up(**NO_KEYS)

    assert {
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "imageName": DEMO_IMAGE,
        "createTime": 1719792000,
        "createdAt": "2024-07-01T00:00:00Z",
        "found": True,
        "available": True,
        "retagged": False,
        "previousTag": None,
    }.items() <= outputs.items()
    assert outputs["chosenAt"].endswith("Z")
    assert calls
    assert 0 == life.calls()
    assert outputs == again
    assert "cn-bj2/ucs/ucs/helloworld" == life.pin()["id"]


def test_a_trigger_moves_the_pin_and_preview_shows_it(life: Life) -> None:
    """Preview tells old and new, also of what depends on it; up moves."""
    life.up()
    life.push("2.0.0")
    life.ask(triggers={"release": "2"})

    preview = life.workspace.pulumi("preview", "--diff")
    outputs = life.up()

    assert '~ tag        : "1.1.0" => "2.0.0"' in preview
    assert f'~ image: "{DEMO_IMAGE}:1.1.0" => "{DEMO_IMAGE}:2.0.0"' in preview
    assert "[unknown]" not in preview
    assert ("2.0.0", "1.1.0") == (outputs["tag"], outputs["previousTag"])


def test_an_explicit_tag_rolls_back_and_its_removal_forward(life: Life) -> None:
    """An explicit tag may go back; taken away, the policy chooses again."""
    life.up()

    life.ask(tag="1.0.0")
    back = life.up()
    life.ask()
    forward = life.up()

    assert [("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")] == [
        (outputs["tag"], outputs["previousTag"]) for outputs in (back, forward)
    ]


def test_the_pinned_tag_made_explicit_is_seen_when_it_is_taken_away(life: Life) -> None:
    """No call to write down what is pinned; taken away, the policy chooses again."""
    life.up()
    life.push("2.0.0")
    life.calls()

    life.ask(tag="1.1.0")
    same = life.up(**NO_KEYS)
    calls = life.calls()
    life.ask()
    moved = life.up()

    assert ("1.1.0", 0, "2.0.0") == (same["tag"], calls, moved["tag"])


def test_a_downgrade_is_refused_unless_it_is_allowed(life: Life) -> None:
    """The error names both tags and nothing changed; then it is allowed."""
    life.push("2.0.0")
    before = life.up()
    life.emulator.delete("ucs", "helloworld", "2.0.0")
    life.ask(triggers={"release": "2"})

    line = life.refused(*UP)
    kept = life.pin()["outputs"]
    life.ask(triggers={"release": "2"}, allowDowngrade=True)
    after = life.up()

    assert "'app' has a problem: The choice would go back" in line
    assert "allowDowngrade" in line
    assert "'2.0.0' to '1.1.0'" in line
    assert before == kept
    assert ("1.1.0", "2.0.0") == (after["tag"], after["previousTag"])


def test_nothing_changed_needs_no_api(life: Life) -> None:
    """With the API down, an unchanged pin previews, comes up and is destroyed."""
    life.up()
    life.emulator.stop()

    life.workspace.pulumi("up", "--yes", "--expect-no-changes", **NO_KEYS)
    life.workspace.pulumi("destroy", "--yes", **NO_KEYS)


def test_refresh_tells_of_a_newer_tag_and_changes_nothing(life: Life) -> None:
    """One info line under the pin with what to do; the state stays as it is."""
    before = life.up()
    life.push("2.0.0")

    text = life.workspace.pulumi(
        "refresh", "--yes", "--skip-preview", "--expect-no-changes"
    )

    (line,) = [
        line for line in text.partition("Diagnostics:")[2].splitlines() if "'2.0.0'" in line
    ]
    assert "ucimage:index:ImagePin (app):" in text
    assert "change a trigger to take it" in line
    assert before == life.pin()["outputs"]


def test_refresh_sees_vanished_and_repushed_tags(life: Life) -> None:
    """`available` and `retagged` follow the look, `tag` never; a choice clears both."""
    life.up()

    life.push("1.1.0")
    first = life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    retagged = life.pin()["outputs"]
    life.workspace.pulumi("preview", "--expect-no-changes")
    life.emulator.delete("ucs", "helloworld", "1.1.0")
    second = life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    vanished = life.pin()["outputs"]
    life.emulator.delete("ucs", "helloworld")
    life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    gone = life.pin()["outputs"]
    life.push("3.0.0")
    life.ask(triggers={"release": "2"})
    chosen = life.up()

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
    before = life.up()
    life.emulator.stop()

    text = life.workspace.pulumi(
        "refresh", "--yes", "--skip-preview", UCIMAGE_MAX_RETRIES="0"
    )

    assert "warning: The pin cn-bj2/ucs/ucs/helloworld was not looked at" in text
    assert before == life.pin()["outputs"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"imageName": "ucs/helloworld"},
        {"imageName": DEMO_IMAGE},
        {"policy": "newest", "order": "highest", "triggers": {}, "allowDowngrade": False},
        {"region": "cn-bj2", "semverLoose": False, "tag": "", "wait": ""},
        {"floatingTags": [*reversed(FLOATING_TAGS)]},
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
    life.ask(imageName="other")

    preview = life.workspace.pulumi("preview", "--diff")
    outputs = life.up()

    assert "(replace)" in preview
    assert ("7", None) == (outputs["tag"], outputs["previousTag"])
    assert "cn-bj2/ucs/ucs/other" == life.pin()["id"]


def test_a_pin_keeps_its_place(life: Life) -> None:
    """Neither the environment nor another image's push moves it elsewhere."""
    life.ask(imageName=None)
    life.up()
    life.emulator.push("ucs", "other", "7")
    life.push("2.0.0")
    life.ask(imageName=None, triggers={"release": "2"})

    outputs = life.up(UCLOUD_REGION="cn-sh2", UCLOUD_PROJECT_ID="org-other")

    assert ("2.0.0", DEMO_IMAGE) == (outputs["tag"], outputs["imageName"])
    assert {("cn-bj2", None)} == {
        (call["Region"], call.get("ProjectId")) for call in life.emulator.requests
    }


def test_saved_plans_hold_where_nothing_was_pushed(life: Life) -> None:
    """A push in between makes the plan be refused; without one it goes through."""
    life.up()
    life.push("2.0.0")
    life.ask(triggers={"release": "2"})
    variables = {"PULUMI_EXPERIMENTAL": "true"}
    life.workspace.pulumi("preview", "--save-plan", "plan.json", **variables)
    life.push("3.0.0")

    refused = failing(life.workspace, *UP, "--plan", "plan.json", **variables)
    life.emulator.delete("ucs", "helloworld", "3.0.0")
    life.workspace.pulumi(*UP, "--plan", "plan.json", **variables)

    assert "violates plan" in refused
    assert "2.0.0" == life.pin()["outputs"]["tag"]


def test_a_first_choice_holds_under_its_plan(life: Life) -> None:
    """A pin that is to be created comes up by a saved plan too."""
    variables = {"PULUMI_EXPERIMENTAL": "true"}
    life.workspace.pulumi("preview", "--save-plan", "plan.json", **variables)

    life.workspace.pulumi(*UP, "--plan", "plan.json", **variables)

    assert "1.1.0" == life.pin()["outputs"]["tag"]


def test_ignored_changes_freeze_the_pin(life: Life) -> None:
    """With `tag` in ignoreChanges, no input moves it, and no call is made."""
    life.up()
    life.calls()
    life.push("2.0.0")
    life.ask(triggers={"release": "2"}, options={"ignoreChanges": ["tag"]})

    outputs = life.up()

    assert ("1.1.0", 0) == (outputs["tag"], life.calls())


def test_ignored_changes_are_no_change(life: Life) -> None:
    """A program that ignores changes of `tag` from the start shows no difference."""
    life.ask(options={"ignoreChanges": ["tag"]})
    life.up()
    life.calls()

    life.workspace.pulumi("up", "--yes", "--expect-no-changes", **NO_KEYS)
    life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)

    assert 0 == life.calls()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"policy": "best"}, "policy must be one of"),
        ({"tag": "1", "defaultTag": "2"}, "defaultTag"),
        ({"bucketName": "a/b"}, "bucketName must have"),
        ({"tag": "nope"}, "no tag 'nope'"),
        ({"bucketName": "nope"}, "RetCode 43023"),
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


def test_what_an_unknown_input_gives_is_unknown(life: Life) -> None:
    """In preview no call is made, and the outputs are unknown; up chooses."""
    rewrite(
        life.workspace,
        """
        resources:
          first:
            type: ucimage:index:ImagePin
            properties: {bucketName: ucs}
          app:
            type: ucimage:index:ImagePin
            properties: {bucketName: ucs, triggers: {at: "${first.chosenAt}"}}
        variables:
          found:
            fn::invoke:
              function: ucimage:index:getDockerImage
              arguments: {bucketName: ucs, minAge: 1s, asOf: "${first.chosenAt}"}
        outputs:
          pinned: ${app.tag}
          found: ${found.tag}
        """,
    )

    preview = life.workspace.pulumi("preview", "--diff")
    calls = life.calls()
    life.workspace.pulumi(*UP)

    assert 1 == calls
    assert "tag        : [unknown]" in preview
    assert {"pinned": "1.1.0", "found": "1.1.0"} == life.workspace.outputs()


@pytest.mark.parametrize("name", ["tag", "imageName"])
def test_a_secret_input_makes_the_choice_secret(life: Life, name: str) -> None:
    """Nothing that would tell it is in the state in clear, but the id."""
    value = {"tag": "1.0.0", "imageName": "helloworld"}[name]
    life.ask(**{name: {"fn::secret": value}})

    life.up()
    pin = life.pin()
    life.workspace.pulumi("preview", "--expect-no-changes")
    life.workspace.pulumi("refresh", "--yes", "--skip-preview")
    refreshed = life.pin()

    for state in (pin, refreshed):
        text = json.dumps([state["inputs"], state["outputs"]])
        assert "1.0.0" not in text
        assert name == "tag" or "helloworld" not in text


def test_no_key_is_in_the_state(life: Life) -> None:
    """Neither a key of the environment, nor one of the stack in clear."""
    life.up()
    environment = life.state()
    life.workspace.pulumi(
        "config", "set", "--secret", "ucimage:privateKey", DEMO_PRIVATE_KEY
    )
    life.workspace.pulumi("config", "set", "ucimage:publicKey", DEMO_PUBLIC_KEY)
    life.ask(triggers={"release": "2"})
    life.up(**NO_KEYS)

    assert DEMO_PUBLIC_KEY not in environment
    for state in (environment, life.state()):
        assert DEMO_PRIVATE_KEY not in state


@pytest.mark.parametrize("image", ["helloworld", "ucs/helloworld", DEMO_IMAGE])
def test_import_adopts_a_tag_and_its_code_shows_no_difference(
    life: Life, image: str
) -> None:
    """In any spelling; the program that Pulumi prints is the same pin."""
    rewrite(life.workspace, "")
    life.workspace.pulumi(
        "import",
        "--yes",
        "ucimage:index:ImagePin",
        "app",
        f"cn-bj2/ucs/{image}:1.0.0",
        "--protect=false",
        "--out",
        "printed.yaml",
    )
    printed = (life.workspace.project / "printed.yaml").read_text()
    (life.workspace.project / "Pulumi.yaml").write_text(yaml("") + printed)
    life.calls()
    life.workspace.pulumi("preview", "--expect-no-changes", **NO_KEYS)
    pin = life.pin()

    assert 0 == life.calls()
    assert "tag: 1.0.0" in printed
    assert "wanted" not in printed
    assert "cn-bj2/ucs/ucs/helloworld" == pin["id"]
    assert ("1.0.0", True) == (pin["outputs"]["tag"], pin["outputs"]["available"])


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("cn-bj2/ucs/helloworld", "<region>/<bucket>/<image>:<tag>"),
        ("helloworld:1.0.0", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld:9", "no tag '9'"),
    ],
)
def test_an_import_that_cannot_be_is_an_error(
    life: Life, identity: str, words: str
) -> None:
    """It says what an id must be, or what there is."""
    rewrite(life.workspace, "")

    text = failing(
        life.workspace, "import", "--yes", "ucimage:index:ImagePin", "app", identity
    )

    assert words in text


def test_the_import_option_adopts_too(life: Life) -> None:
    """With the same arguments as the id names, in the program itself."""
    life.push("2.0.0")
    life.ask(tag="1.0.0", options={"import": "cn-bj2/ucs/helloworld:1.0.0"})

    outputs = life.up()
    life.ask()
    moved = life.up()

    assert "1.0.0" == outputs["tag"]
    assert ("2.0.0", "1.0.0") == (moved["tag"], moved["previousTag"])


def test_a_program_can_read_a_tag_by_its_id(life: Life) -> None:
    """`get` finds it, again and again, and a refresh looks at it."""
    rewrite(
        life.workspace,
        """
        resources:
          app:
            type: ucimage:index:ImagePin
            get: {id: "cn-bj2/ucs/helloworld:1.0.0"}
        """,
    )

    first = life.up()
    life.workspace.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    again = life.up()

    assert ("1.0.0", "1.0.0") == (first["tag"], again["tag"])


def test_a_provider_of_the_program_s_own_has_its_own_keys(life: Life) -> None:
    """Its key is encrypted in the state, also where the program has it in clear."""
    rewrite(
        life.workspace,
        f"""
        resources:
          mine:
            type: pulumi:providers:ucimage
            properties:
              publicKey: {DEMO_PUBLIC_KEY}
              privateKey: {DEMO_PRIVATE_KEY}
              timeoutSeconds: 30
          app:
            type: ucimage:index:ImagePin
            properties: {{bucketName: ucs}}
            options: {{provider: "${{mine}}"}}
        variables:
          found:
            fn::invoke:
              function: ucimage:index:getDockerImage
              arguments: {{bucketName: ucs}}
              options: {{provider: "${{mine}}"}}
        outputs:
          found: ${{found.tag}}
        """,
    )

    outputs = life.up(**NO_KEYS)

    assert ("1.1.0", "1.1.0") == (outputs["tag"], life.workspace.outputs()["found"])
    assert DEMO_PRIVATE_KEY not in life.state()


# --- The command line ---


def test_the_schema_is_accepted(look_up: Workspace) -> None:
    """Pulumi reads it whole, and its own check of what it read finds nothing."""
    text = look_up.pulumi("package", "get-schema", str(PLUGIN), **NO_KEYS)
    schema = json.loads(text)
    (look_up.folder / "schema.json").write_text(text)
    done = look_up.run("schema", "check", str(look_up.folder / "schema.json"))

    assert {"ucimage:index:getDockerImage", "ucimage:index:getDockerImages"} == set(
        schema["functions"]
    )
    assert ("", 0) == (done.stderr.strip(), done.returncode)


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
