"""A pin's whole life on a real Pulumi engine, as a Python resource and by the plugin."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT

from integration.pin_stacks import NO_KEYS, PIN_STACKS, REFRESH, UP, PinStack
from pulumi_ucimage.emulator import DEMO_IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator


@pytest.fixture(params=PIN_STACKS)
def stack(
    request: pytest.FixtureRequest, tmp_path: Path, tools: Path, emulator: Emulator
) -> PinStack:
    """A pin that is not created yet."""
    return PIN_STACKS[request.param].begin(tmp_path / "workspace", tools, emulator)


def lines_about_pins(text: str) -> list[str]:
    """The lines of a command's diagnostics that name the pin `app`."""
    shown = text.partition("Diagnostics:")[2]
    return [line.strip() for line in shown.splitlines() if "the pin 'app'" in line.lower()]


def test_a_pin_is_chosen_once_and_moves_when_asked(stack: PinStack) -> None:
    """It stays whatever is pushed, without a call or keys; a trigger moves it."""
    first = stack.up()
    stack.calls()
    stack.push("2.0.0")
    stack.is_unchanged(**NO_KEYS)
    spellings: list[dict[str, Any]] = [
        {"image_name": DEMO_IMAGE},
        {"policy": "newest", "triggers": {}},
    ]
    for spelled in spellings:
        stack.ask(**spelled)
        stack.is_unchanged(**NO_KEYS)
    stack.ask(registry="mirror.example.com", allow_downgrade=True)
    mirrored = stack.up(**NO_KEYS)
    calls = stack.calls()

    stack.ask(triggers={"release": "2"})
    preview = stack.run("preview", "--diff")
    moved = stack.up()

    assert 0 == calls
    assert {
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "image_name": DEMO_IMAGE,
        "create_time": 1719792000,
        "created_at": "2024-07-01T00:00:00Z",
        "found": True,
        "available": True,
        "retagged": False,
        "previous_tag": None,
    }.items() <= first.items()
    assert {**first, "image": "mirror.example.com/ucs/helloworld:1.1.0"} == mirrored
    assert '"1.1.0" => "2.0.0"' in [
        line.partition(":")[2].strip()
        for line in preview.splitlines()
        if line.strip().startswith("~ tag ")
    ]
    assert f'"mirror.example.com/ucs/helloworld:1.1.0" => "{DEMO_IMAGE}:2.0.0"' in preview
    assert "~ reference" in preview
    assert "[unknown]" not in preview
    assert ("2.0.0", "1.1.0") == (moved["tag"], moved["previous_tag"])
    assert "cn-bj2/ucs/ucs/helloworld" == stack.pin()["id"]


def test_an_explicit_tag_and_its_removal_choose(stack: PinStack) -> None:
    """Back is not a downgrade; a trigger has no effect; without it the policy chooses."""
    stack.up()
    stack.ask(tag="1.0.0")
    back = stack.up()
    stack.ask(tag="1.0.0", triggers={"release": "2"})
    text = stack.run(*UP)
    same = stack.outputs()
    stack.ask(triggers={"release": "2"})
    forward = stack.up()

    assert [("1.0.0", "1.1.0"), ("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")] == [
        (outputs["tag"], outputs["previous_tag"]) for outputs in (back, same, forward)
    ]
    (line,) = lines_about_pins(text)
    assert "The changed triggers have no effect on the pin 'app': tag is set" in line


def test_an_ignored_tag_freezes_the_pin(stack: PinStack) -> None:
    """No change moves it or makes a call; nor does the end of ignoring."""
    stack.ask(options={"ignore_changes": ["tag"]})
    stack.up()
    stack.calls()
    stack.push("2.0.0")
    stack.is_unchanged(**NO_KEYS)
    stack.ask(triggers={"release": "2"}, options={"ignore_changes": ["tag"]})
    frozen = stack.up(**NO_KEYS)
    stack.ask(tag="1.0.0", triggers={"release": "2"}, options={"ignore_changes": ["tag"]})
    with_tag = stack.is_unchanged(**NO_KEYS)
    stack.ask(triggers={"release": "2"})
    stack.is_unchanged(**NO_KEYS)
    calls = stack.calls()
    stack.ask(triggers={"release": "3"})
    moved = stack.up()

    assert ("1.1.0", 0) == (frozen["tag"], calls)
    # The engine does not show a plugin what the program sets.
    said = stack.kind == "plugin" or "tag has no effect on the pin 'app'" in with_tag
    assert said, with_tag
    assert ("2.0.0", "1.1.0") == (moved["tag"], moved["previous_tag"])


def test_a_pinned_tag_that_is_gone(stack: PinStack) -> None:
    """Refresh says so, then each preview; a refused downgrade gives a fix that works."""
    stack.push("2.0.0")
    stack.up()
    stack.emulator.delete("ucs", "helloworld", "2.0.0")
    refreshed = stack.run(*REFRESH)
    gone = stack.outputs()
    stack.calls()
    previewed = stack.is_unchanged(**NO_KEYS)
    calls = stack.calls()
    stack.ask(triggers={"release": "2"})
    refused = stack.refused(*UP)
    kept = stack.outputs()
    stack.ask(triggers={"release": "2"}, tag="1.1.0")
    fixed = stack.up()
    stack.is_unchanged()

    (line,) = lines_about_pins(refreshed)
    assert "warning: The pin 'app' stays at '2.0.0', which is no longer listed:" in line
    assert stack.text('set tag="1.1.0"') in line
    assert ("2.0.0", False) == (gone["tag"], gone["available"])
    (line,) = lines_about_pins(previewed)
    assert "warning: The pin 'app' stays at '2.0.0', which was no longer listed" in line
    assert 0 == calls
    assert "ImagePin resource 'app' has a problem: This would downgrade the pin" in refused
    assert "from '2.0.0' to '1.1.0'" in refused
    assert "because it is no longer listed" in refused
    assert stack.text('To downgrade, set tag="1.1.0" or allow_downgrade=True.') in refused
    assert "Nothing was changed; '2.0.0' stays pinned." in refused
    assert gone == kept
    assert ("1.1.0", "2.0.0", True) == (
        fixed["tag"],
        fixed["previous_tag"],
        fixed["available"],
    )


def test_a_tag_that_is_newer_or_pushed_again(stack: PinStack) -> None:
    """A newer one is not drift; one that was pushed again is, until the next choice."""
    before = stack.up()
    stack.push("2.0.0")
    newer = stack.run(*REFRESH, "--expect-no-changes")
    same = stack.outputs()
    stack.emulator.delete("ucs", "helloworld", "2.0.0")
    stack.push("1.1.0")
    stack.run(*REFRESH)
    again = stack.outputs()
    previewed = stack.is_unchanged(**NO_KEYS)
    stack.ask(triggers={"release": "2"})
    chosen = stack.up()

    (line,) = lines_about_pins(newer)
    assert line.startswith("The tag '2.0.0' was pushed at 2")
    assert "the pin 'app' stays at '1.1.0': change a trigger to take it." in line
    assert before == same
    assert ("1.1.0", True) == (again["tag"], again["retagged"])
    (line,) = lines_about_pins(previewed)
    assert "warning: The pin 'app' stays at '1.1.0', which was pushed again" in line
    assert ("1.1.0", None, False) == (
        chosen["tag"],
        chosen["previous_tag"],
        chosen["retagged"],
    )


def test_a_failed_listing_changes_nothing(stack: PinStack) -> None:
    """An error if a choice is due; all else works with the API down."""
    before = stack.up()
    stack.emulator.delete("ucs", "helloworld")
    stack.ask(triggers={"release": "2"}, default_tag="0.0.0")
    missing = stack.refused(*UP)
    stack.emulator.stop()
    down = stack.refused("preview", UCIMAGE_MAX_RETRIES="0")
    stack.ask()
    refreshed = stack.run(*REFRESH, UCIMAGE_MAX_RETRIES="0")
    stack.is_unchanged(**NO_KEYS)
    kept = stack.outputs()
    stack.run("destroy", "--yes", "--skip-preview", **NO_KEYS)

    assert "no image" in missing
    assert "The UCloud API at 127.0.0.1" in down
    for line in (missing, down):
        assert "ImagePin resource 'app' has a problem: " in line
        assert line.endswith("Nothing was changed; '1.1.0' stays pinned.")
    (line,) = lines_about_pins(refreshed)
    assert "warning: The pin 'app' could not be checked: " in line
    assert before == kept


def test_another_image_replaces_the_pin_and_nothing_else_does(stack: PinStack) -> None:
    """The environment and a push of another image do not; a default tag serves once."""
    new = "ucsdr.ucloud.cn:5000/ucs/new"
    stack.ask(image_name=new, default_tag="0.0.1")
    first = stack.up()
    stack.ask(image_name=new, default_tag="0.0.1", triggers={"release": "2"})
    refused = stack.refused("preview")
    stack.emulator.push("ucs", "ucs/new", "0.0.2")
    stack.ask(image_name=None, default_tag="0.0.1", triggers={"release": "2"})
    stack.calls()
    second = stack.up(UCLOUD_REGION="cn-sh2", UCLOUD_PROJECT_ID="org-other")
    places = {(c["Region"], c.get("ProjectId")) for c in stack.emulator.requests}
    stack.ask(image_name="helloworld")
    preview = stack.run("preview", "--diff")
    third = stack.up()

    assert ("0.0.1", False, False) == (first["tag"], first["found"], first["available"])
    assert "no image" in refused
    assert ("0.0.2", True, "0.0.1") == (
        second["tag"],
        second["found"],
        second["previous_tag"],
    )
    assert {("cn-bj2", None)} == places
    assert "(replace)" in preview
    assert re.search(r'~ tag *: "0\.0\.2" => "1\.1\.0"', preview), preview
    assert ("1.1.0", None) == (third["tag"], third["previous_tag"])
    assert "cn-bj2/ucs/ucs/helloworld" == stack.pin()["id"]


def test_saved_plans_hold_if_nothing_was_pushed(stack: PinStack) -> None:
    """A first choice and a move can be planned; a push in between refuses the plan."""
    plan = {"PULUMI_EXPERIMENTAL": "true"}
    stack.run("preview", "--save-plan", "first.json", **plan)
    stack.run(*UP, "--plan", "first.json", **plan)
    stack.push("2.0.0")
    stack.ask(triggers={"release": "2"})
    stack.run("preview", "--save-plan", "plan.json", **plan)
    stack.push("3.0.0")
    refused = stack.workspace.run(*UP, "--plan", "plan.json", **plan)
    stack.emulator.delete("ucs", "helloworld", "3.0.0")
    stack.run(*UP, "--plan", "plan.json", **plan)

    assert refused.returncode
    assert "violates plan" in refused.stdout + refused.stderr
    assert "2.0.0" == stack.outputs()["tag"]


def test_a_secret_input_makes_the_choice_secret(stack: PinStack) -> None:
    """Nothing that would reveal it is readable in the state, except the id."""
    stack.ask(secret=("tag", "image_name"), tag="1.0.0")
    stack.run(*UP)
    pins = [stack.pin()]
    stack.is_unchanged(**NO_KEYS)
    stack.run(*REFRESH)
    pins.append(stack.pin())

    for pin in pins:
        text = json.dumps([pin["inputs"], pin["outputs"]])
        assert "1.0.0" not in text
        assert "helloworld" not in text


def test_a_damaged_state_can_be_repaired_and_destroyed(stack: PinStack) -> None:
    """Nothing moves or is emptied; the fix that the sentence gives works."""
    stack.up()
    stack.push("2.0.0")
    stack.damage(tag=None)
    refused = stack.refused(*UP)
    refreshed = stack.run(*REFRESH)
    stack.ask(tag="1.1.0")
    stack.run(*UP, "--replace", "**::app")
    repaired = stack.outputs()
    stack.damage(create_time="soon", image_name=7)
    stack.run("destroy", "--yes", "--skip-preview", **NO_KEYS)

    assert "problem: The state of the pin 'app' has no tag: set tag to the tag" in refused
    assert "`pulumi up --replace '**::app'`" in refused
    (line,) = lines_about_pins(refreshed)
    assert "warning: The pin 'app' could not be checked: The state of the pin 'app'" in line
    assert ("1.1.0", f"{DEMO_IMAGE}:1.1.0") == (repaired["tag"], repaired["image"])


def test_a_state_of_the_first_version_is_read_without_a_change(stack: PinStack) -> None:
    """With a newer tag pushed, without a call; and a choice goes on from it.

    Its other pins: `tests/pins/test_pin_states.py`.
    """
    file = ROOT / "tests" / "pins" / f"first_version_{stack.kind}.json"
    state = json.loads(file.read_text())
    resources = state["deployment"]["resources"]
    state["deployment"]["resources"] = [
        {**r, "urn": r["urn"].replace("::semver", "::app")}
        for r in resources
        if not r["type"].endswith(":ImagePin") or r["urn"].endswith("::semver")
    ]
    arguments: dict[str, Any] = {
        "image_name": None,
        "policy": "semver",
        "semver_range": "^1",
        "min_age": "1d",
        "as_of": "2024-12-31T00:00:00Z",
        "floating_tags": ["latest"],
    }
    stack.push("2.0.0")
    stack.import_state(json.dumps(state))
    stack.ask(**arguments, triggers={"release": "1"})
    stack.is_unchanged(**NO_KEYS)
    calls = stack.calls()
    stack.ask(**{**arguments, "triggers": {"release": "2"}, "as_of": None})
    moved = stack.up()

    assert 0 == calls
    assert ("1.1.0", None) == (moved["tag"], moved["previous_tag"])
