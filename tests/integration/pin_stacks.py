"""A stack with one pin on a real engine: as a Python resource, and by the plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conftest import environment_for
from engine import errors, python_project, yaml, yaml_project

from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage.plugin import wire

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace

    from pulumi_ucimage.emulator import Emulator

UP = ("up", "--yes", "--skip-preview")
REFRESH = ("refresh", "--yes", "--skip-preview")
NO_KEYS = {"UCLOUD_PUBLIC_KEY": "", "UCLOUD_PRIVATE_KEY": ""}
OUTPUTS = (
    "tag",
    "image",
    "image_name",
    "create_time",
    "created_at",
    "found",
    "previous_tag",
    "chosen_at",
    "available",
    "retagged",
)

PYTHON = """
    import json
    import pulumi
    import pulumi_ucimage as ucimage

    with open("pin.json") as file:
        asked = json.load(file)
    arguments = asked["arguments"]
    for name in asked["secret"]:
        arguments[name] = pulumi.Output.secret(arguments[name])
    pin = ucimage.ImagePin(
        "app", **arguments, opts=pulumi.ResourceOptions(**asked["options"])
    )
    pulumi.export("reference", pin.image)
"""


class PinStack:
    """A stack with a pin called `app`, and the emulator that lists its bucket.

    Arguments, options and outputs have Python's names; what is empty is None.
    """

    kind: str

    def __init__(self, workspace: Workspace, emulator: Emulator) -> None:
        self.workspace = workspace
        self.emulator = emulator

    def ask(
        self,
        *,
        options: dict[str, Any] | None = None,
        secret: tuple[str, ...] = (),
        **arguments: Any,
    ) -> None:
        """Change the pin's arguments in the program; None leaves one out."""
        raise NotImplementedError

    def push(self, tag: str) -> None:
        """Push a tag that is newer than all others."""
        self.emulator.push("ucs", "helloworld", tag)

    def run(self, *command: str, **variables: str) -> str:
        """Run `pulumi`, which must succeed; all that it prints."""
        done = self.workspace.run(*command, **variables)
        text = done.stdout + done.stderr
        assert not done.returncode, text
        assert "Traceback" not in text
        return text

    def up(self, **variables: str) -> dict[str, Any]:
        """Run `pulumi up`; the pin's outputs."""
        self.run(*UP, **variables)
        return self.outputs()

    def is_unchanged(self, **variables: str) -> str:
        """Run a preview that must find no change; what it prints."""
        return self.run("preview", "--expect-no-changes", **variables)

    def refused(self, *command: str, **variables: str) -> str:
        """Run a command that must fail; its only error line."""
        done = self.workspace.run(*command, **variables)
        assert done.returncode
        (line,) = errors(done.stdout + done.stderr)
        return line

    def calls(self) -> int:
        """How many calls the emulator saw since the last question."""
        calls = len(self.emulator.requests)
        self.emulator.reset_requests()
        return calls

    def state(self) -> str:
        """The stack as `pulumi stack export` shows it."""
        # Read from the backend: many tests ask, and each command takes half a second.
        (file,) = (self.workspace.folder / "backend").glob(".pulumi/stacks/*/*.json")
        latest = json.loads(file.read_text("utf-8"))["checkpoint"]["latest"]
        return json.dumps({"version": 3, "deployment": latest})

    def pin(self) -> dict[str, Any]:
        """The pin in the state."""
        resources = json.loads(self.state())["deployment"]["resources"]
        (pin,) = [r for r in resources if r["type"].endswith(":ImagePin")]
        return dict(pin)

    def outputs(self) -> dict[str, Any]:
        """The pin's outputs in the state."""
        outputs = self.pin()["outputs"]
        return {name: outputs.get(self.stored(name)) or None for name in OUTPUTS} | {
            name: outputs[self.stored(name)]
            for name in ("found", "available", "retagged")
            if self.stored(name) in outputs
        }

    def stored(self, name: str) -> str:
        """The name of an output in the state."""
        raise NotImplementedError

    def text(self, message: str) -> str:
        """A message as the program's author sees it."""
        raise NotImplementedError

    def damage(self, **fields: Any) -> None:
        """Change fields of the pin in the state; None removes one."""
        state = json.loads(self.state())
        for resource in state["deployment"]["resources"]:
            if not resource["type"].endswith(":ImagePin"):
                continue
            for values in (resource["inputs"], resource["outputs"]):
                for name, value in fields.items():
                    values.pop(self.stored(name), None)
                    if value is not None:
                        values[self.stored(name)] = value
        self.import_state(json.dumps(state))

    def import_state(self, text: str) -> None:
        """Put a state in the place of the stack's."""
        file = self.workspace.folder / "state.json"
        file.write_text(text)
        self.workspace.pulumi("stack", "import", "--file", str(file))


class PythonPinStack(PinStack):
    """The pin of a Python program."""

    kind = "dynamic"

    @classmethod
    def begin(cls, folder: Path, tools: Path, emulator: Emulator) -> PythonPinStack:
        """A pin that is not created yet."""
        extra = environment_for(emulator)
        stack = cls(python_project(folder, PYTHON, tools=tools, extra=extra), emulator)
        stack.ask()
        return stack

    def ask(
        self,
        *,
        options: dict[str, Any] | None = None,
        secret: tuple[str, ...] = (),
        **arguments: Any,
    ) -> None:
        asked = {"bucket_name": "ucs", "image_name": "helloworld", **arguments}
        whole = {"arguments": asked, "options": options or {}, "secret": secret}
        (self.workspace.project / "pin.json").write_text(json.dumps(whole))

    def stored(self, name: str) -> str:
        return name

    def text(self, message: str) -> str:
        return message


class PluginPinStack(PinStack):
    """The pin of a YAML program."""

    kind = "plugin"

    @classmethod
    def begin(cls, folder: Path, tools: Path, emulator: Emulator) -> PluginPinStack:
        """A pin that is not created yet."""
        extra = environment_for(emulator)
        stack = cls(yaml_project(folder, "", tools=tools, extra=extra), emulator)
        stack.ask()
        return stack

    def ask(
        self,
        *,
        options: dict[str, Any] | None = None,
        secret: tuple[str, ...] = (),
        **arguments: Any,
    ) -> None:
        asked = {"bucket_name": "ucs", "image_name": "helloworld", **arguments}
        properties = {
            wire_name(name): {"fn::secret": value} if name in secret else value
            for name, value in asked.items()
            if value is not None
        }
        named = {wire_name(name): value for name, value in (options or {}).items()}
        self.write(
            f"""
            resources:
              app:
                type: ucimage:index:ImagePin
                properties: {json.dumps(properties)}
                options: {json.dumps(named)}
            outputs:
              reference: ${{app.image}}
            """
        )

    def write(self, program: str) -> None:
        """Change the program."""
        (self.workspace.project / "Pulumi.yaml").write_text(yaml(program))

    def stored(self, name: str) -> str:
        return wire_name(name)

    def text(self, message: str) -> str:
        return wire.with_wire_names(message)


PIN_STACKS = {stack.kind: stack for stack in (PythonPinStack, PluginPinStack)}
