"""Show a real `pulumi up` follow a push, and a pin stay: `make demo` runs this.

Each step is checked, and the first that does not do what it says ends the demo.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

from workspace import Workspace

from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    Emulator,
    EmulatorError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

QUICKSTART = Path(__file__).parent / "quickstart"
NEW_TAG = "1.2.0"
PRODUCTION = """\
import pulumi
import pulumi_ucimage as ucimage

app = ucimage.ImagePin(
    "app",
    bucket_name="ucs",
    image_name="helloworld",
    policy="semver",
    semver_range=pulumi.Config().get("range"),
)
pulumi.export("image", app.image)
"""


class DemoError(Exception):
    """A step did not do what it says."""


def push_new_tag(emulator: Emulator) -> None:
    """Push the tag that the second `pulumi up` finds."""
    emulator.push(DEMO_BUCKET, DEMO_IMAGE, NEW_TAG)


def run(
    emulator: Emulator,
    tools: Path,
    *,
    push: Callable[[Emulator], object] = push_new_tag,
    write: Callable[[str], None] = print,
) -> None:
    """Deploy, push, deploy again and clean up, and show what a user would see.

    Args:
        emulator: the API; it is stopped before the end.
        tools: the folder with `pulumi` and its language hosts.
        push: pushes `NEW_TAG`.
        write: takes each line.

    Raises:
        DemoError: a step did not do what it says.
        RuntimeError: a command failed.
    """
    write(f"A UCloud API runs on {emulator.url}, with the image {DEMO_IMAGE}.")
    with tempfile.TemporaryDirectory(prefix="ucimage-demo-") as folder:
        variables = {
            "UCLOUD_API_BASE_URL": emulator.url,
            "UCLOUD_PUBLIC_KEY": DEMO_PUBLIC_KEY,
            "UCLOUD_PRIVATE_KEY": DEMO_PRIVATE_KEY,
            "UCLOUD_REGION": DEMO_REGION,
        }
        workspace = Workspace.make(
            Path(folder, "quickstart"), QUICKSTART, tools=tools, extra=variables
        )
        _follow_a_push(workspace, emulator, push, write)

        source = Path(folder, "source")
        source.mkdir()
        (source / "Pulumi.yaml").write_text("name: production\nruntime: python\n")
        (source / "__main__.py").write_text(PRODUCTION)
        production = Workspace.make(
            Path(folder, "production"), source, tools=tools, extra=variables
        )
        _hold_a_pin(production, emulator, write)
    write("")
    write("That is all; nothing is left.")


def _follow_a_push(
    workspace: Workspace,
    emulator: Emulator,
    push: Callable[[Emulator], object],
    write: Callable[[str], None],
) -> None:
    """The function follows a push; the pin moves when its trigger changes."""
    old = newest_tag(emulator)
    _step(write, "`pulumi up` on examples/quickstart, which writes a Compose file:")
    _deploy(workspace, write, newest=old, pinned=old)

    _step(write, f"Somebody pushes {DEMO_IMAGE}:{NEW_TAG}.")
    push(emulator)
    new = newest_tag(emulator)
    if new != NEW_TAG:
        message = f"The newest tag is {new}, not the pushed {NEW_TAG}."
        raise DemoError(message)
    _show(workspace, write, "ucimage", "tags", DEMO_BUCKET, "helloworld", shows=NEW_TAG)
    _show(workspace, write, "pulumi", "preview", "--diff", shows=f'=> "{DEMO_IMAGE}:{new}"')
    _step(write, "`pulumi up`: the function follows the push, and the pin stays.")
    _deploy(workspace, write, newest=new, pinned=old)

    _step(write, "What would move if the pin chose again?")
    _show(workspace, write, "ucimage", "pins", shows="newer tag")
    _step(write, "A trigger of the pin changes: `pulumi config set release second`.")
    workspace.pulumi("config", "set", "release", "second")
    _show(workspace, write, "pulumi", "up", "--yes", "--skip-preview", shows="2 updated")
    _check(workspace, write, newest=new, pinned=new)

    workspace.pulumi("destroy", "--yes", "--skip-preview")
    if _compose_file(workspace).exists():
        message = "`pulumi destroy` left the Compose file."
        raise DemoError(message)


def _hold_a_pin(
    workspace: Workspace, emulator: Emulator, write: Callable[[str], None]
) -> None:
    """A pin is not downgraded, and needs no API while nothing changes."""
    image = {"image": f"{DEMO_IMAGE}:{NEW_TAG}"}
    _step(write, "Production has a pin only; its first choice:")
    workspace.pulumi("up", "--yes", "--skip-preview")
    write(f"    image: {image['image']}")

    _step(write, "A range that would go back: `pulumi config set range ~1.0`.")
    workspace.pulumi("config", "set", "range", "~1.0")
    refused = workspace.run("up", "--yes", "--skip-preview")
    reasons = [line for line in refused.stdout.splitlines() if "downgrade the pin" in line]
    if not refused.returncode or not reasons:
        message = f"The downgrade was not refused:\n{refused.stdout}{refused.stderr}"
        raise DemoError(message)
    write(f"    {reasons[0].strip()}")
    _outputs_are(workspace, image)
    workspace.pulumi("config", "rm", "range")

    _step(write, "The API is down. Nothing changed, so that no call is made:")
    emulator.stop()
    _show(workspace, write, "pulumi", "up", "--yes", "--skip-preview", shows="2 unchanged")
    _outputs_are(workspace, image)
    workspace.pulumi("destroy", "--yes", "--skip-preview")


def _step(write: Callable[[str], None], title: str) -> None:
    write("")
    write(title)


def _show(
    workspace: Workspace, write: Callable[[str], None], *command: str, shows: str
) -> None:
    """Run a command in the project, and show its own screen, which must show a text."""
    write(f"$ {' '.join(command)}")
    if command[0] == "pulumi":
        text = workspace.pulumi(*command[1:])
    else:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            cwd=workspace.project,
            env=workspace.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        text = done.stdout
    for line in text.strip().splitlines():
        write(f"    {line}".rstrip())
    if shows not in text:
        message = f"`{' '.join(command)}` does not show {shows!r}."
        raise DemoError(message)


def _deploy(
    workspace: Workspace, write: Callable[[str], None], *, newest: str, pinned: str
) -> None:
    """Run `pulumi up`, and check its outputs and the written file."""
    workspace.pulumi("up", "--yes", "--skip-preview")
    _check(workspace, write, newest=newest, pinned=pinned)


def _check(
    workspace: Workspace, write: Callable[[str], None], *, newest: str, pinned: str
) -> None:
    """Show the written file, and check it and the stack's outputs."""
    written = _compose_file(workspace).read_text(encoding="utf-8")
    for line in written.splitlines():
        write(f"    compose.yaml | {line}")
    due = {"newest": f"{DEMO_IMAGE}:{newest}", "pinned": f"{DEMO_IMAGE}:{pinned}"}
    _outputs_are(workspace, due)
    file_due = (
        f"services:\n  preview:\n    image: {due['newest']}\n"
        f"  site:\n    image: {due['pinned']}\n"
    )
    if written != file_due:
        message = f"The Compose file does not have the stack's outputs:\n{written}"
        raise DemoError(message)


def _outputs_are(workspace: Workspace, due: dict[str, str]) -> None:
    outputs = workspace.outputs()
    if outputs != due:
        message = f"The stack's outputs are {outputs}, not {due}."
        raise DemoError(message)


def _compose_file(workspace: Workspace) -> Path:
    return workspace.project / "compose.yaml"


def newest_tag(emulator: Emulator) -> str:
    """The newest tag as the API itself lists it, asked without pulumi_ucimage."""
    parameters = {
        "Action": "GetDockerImageList",
        "BucketName": DEMO_BUCKET,
        "PublicKey": DEMO_PUBLIC_KEY,
        "Region": DEMO_REGION,
    }
    text = "".join(f"{name}{value}" for name, value in sorted(parameters.items()))
    signature = hashlib.sha1(f"{text}{DEMO_PRIVATE_KEY}".encode()).hexdigest()  # noqa: S324
    query = urlencode({**parameters, "Signature": signature})
    with urlopen(f"{emulator.url}?{query}") as answer:  # noqa: S310 - it is on loopback
        listing = json.load(answer)
    tags = {
        tag["TagName"]: tag["CreateTime"]
        for image in listing["ImageSet"]
        if image["ImageName"] == DEMO_IMAGE
        for tag in image["TagSet"]
        if tag["TagName"] != "latest"
    }
    return str(max(tags, key=lambda name: tags[name]))


def main() -> int:
    """Run the demo; 0 if every step did what it says."""
    tools = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")
    if not tools:
        sys.stderr.write("Run `make demo`, which installs what the demo needs.\n")
        return 2
    try:
        with Emulator() as emulator:
            run(emulator, Path(tools))
    except (DemoError, EmulatorError, RuntimeError, OSError) as error:
        sys.stderr.write(f"The demo failed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
