"""Pins of the plugin on a real engine: imports, reads, unknown inputs and many pins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from engine import yaml

from integration.pin_stacks import NO_KEYS, REFRESH, UP, PluginPinStack
from pulumi_ucimage.emulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stack(tmp_path: Path, tools: Path, emulator: Emulator) -> PluginPinStack:
    """A pin that is not created yet."""
    return PluginPinStack.begin(tmp_path / "workspace", tools, emulator)


def test_what_an_unknown_input_gives_is_unknown(stack: PluginPinStack) -> None:
    """In preview no call is made, and the outputs are unknown; up chooses."""
    stack.write(
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
        """
    )

    preview = stack.run("preview", "--diff")
    calls = stack.calls()
    stack.run(*UP)

    assert 1 == calls
    assert re.search(r"\btag +: \[unknown\]", preview)
    assert {"pinned": "1.1.0", "found": "1.1.0"} == stack.workspace.outputs()


def test_an_import_adopts_a_tag_and_its_code_shows_no_difference(
    stack: PluginPinStack,
) -> None:
    """The tag becomes an explicit one; an id without an existing tag is an error."""
    stack.write("")
    command = ("import", "--yes", "ucimage:index:ImagePin", "app")
    for wrong, words in (
        ("cn-bj2/ucs/helloworld", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld:9", "no tag '9'"),
    ):
        done = stack.workspace.run(*command, wrong)
        assert done.returncode
        assert words in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    options = ("--protect=false", "--out", "printed.yaml")
    stack.run(*command, "cn-bj2/ucs/ucs/helloworld:1.0.0", *options)
    printed = (stack.workspace.project / "printed.yaml").read_text()
    (stack.workspace.project / "Pulumi.yaml").write_text(yaml("") + printed)
    stack.calls()
    stack.is_unchanged(**NO_KEYS)
    calls = stack.calls()
    pin = stack.pin()
    stack.ask(image_name="ucs/helloworld", region="cn-bj2")
    moved = stack.up()

    assert 0 == calls
    assert "tag: 1.0.0" in printed
    assert "wanted" not in printed
    assert "cn-bj2/ucs/ucs/helloworld" == pin["id"]
    assert ("1.0.0", True) == (pin["outputs"]["tag"], pin["outputs"]["available"])
    assert ("1.1.0", "1.0.0") == (moved["tag"], moved["previous_tag"])


def test_the_import_option_and_get(stack: PluginPinStack) -> None:
    """Both find a tag by its id in a program, again and again."""
    stack.push("2.0.0")
    stack.ask(tag="1.0.0", options={"import": "cn-bj2/ucs/helloworld:1.0.0"})
    imported = stack.up()
    stack.write(
        """
        resources:
          app:
            type: ucimage:index:ImagePin
            get: {id: "cn-bj2/ucs/helloworld:1.0.0"}
        """
    )
    read = stack.up()
    stack.run(*REFRESH, "--expect-no-changes")
    again = stack.up()

    assert ("1.0.0", "1.0.0", "1.0.0") == (imported["tag"], read["tag"], again["tag"])


def test_a_provider_of_the_program_s_own_has_its_own_keys(stack: PluginPinStack) -> None:
    """Its key is encrypted in the state, also if the program does not mark it as secret."""
    stack.write(
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
        """
    )

    outputs = stack.up(**NO_KEYS)

    assert ("1.1.0", "1.1.0") == (outputs["tag"], stack.workspace.outputs()["found"])
    assert DEMO_PRIVATE_KEY not in stack.state()


def test_a_refresh_of_fifty_pins_is_one_listing_for_each_pass(
    stack: PluginPinStack,
) -> None:
    """Each choice lists for itself."""
    pins = "".join(
        f"""
          pin-{number}:
            type: ucimage:index:ImagePin
            properties: {{bucketName: ucs, imageName: helloworld}}"""
        for number in range(50)
    )
    stack.write(f"""
        resources:{pins}
        """)
    stack.run(*UP)
    chosen = stack.calls()
    stack.run("refresh", "--yes")
    refreshed = stack.calls()

    assert 50 == chosen
    assert 2 == refreshed
