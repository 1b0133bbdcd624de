"""Show a real `pulumi up` follow a push, and a pin stay: `make demo` runs this.

Each step is checked, and the first that does not do what it says ends the demo.
"""

from __future__ import annotations

import hashlib
import json
import os
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


class DemoError(Exception):
    """A step did not do what it says."""


def push_new_tag(emulator: Emulator) -> None:
    """Push the tag that the second `pulumi up` is to find."""
    emulator.push(DEMO_BUCKET, DEMO_IMAGE, NEW_TAG)


def run(
    emulator: Emulator,
    tools: Path,
    *,
    push: Callable[[Emulator], object] = push_new_tag,
    tell: Callable[[str], None] = print,
) -> None:
    """Deploy, push, deploy again and clean up, and say so in a few lines.

    Args:
        emulator: the API.
        tools: the folder with `pulumi` and its language hosts.
        push: pushes `NEW_TAG`.
        tell: takes each line.

    Raises:
        DemoError: the stack's output, the written file and the newest tag differ.
        RuntimeError: a command failed.
    """
    tell(f"A UCloud API runs on {emulator.url}, with the image {DEMO_IMAGE}.")
    with tempfile.TemporaryDirectory(prefix="ucimage-demo-") as folder:
        workspace = Workspace.make(
            Path(folder),
            QUICKSTART,
            tools=tools,
            extra={
                "UCLOUD_API_BASE_URL": emulator.url,
                "UCLOUD_PUBLIC_KEY": DEMO_PUBLIC_KEY,
                "UCLOUD_PRIVATE_KEY": DEMO_PRIVATE_KEY,
                "UCLOUD_REGION": DEMO_REGION,
            },
        )
        old = newest_tag(emulator)
        tell("`pulumi up` on examples/quickstart, which writes a Compose file:")
        _deploy(workspace, tell, newest=old, pinned=old)

        tell(f"Somebody pushes {DEMO_IMAGE}:{NEW_TAG}. `pulumi preview` says:")
        push(emulator)
        new = newest_tag(emulator)
        if new != NEW_TAG:
            message = f"The newest tag is {new}, and not the pushed {NEW_TAG}."
            raise DemoError(message)
        _preview(workspace, tell)
        tell("`pulumi up`: the function follows the push, and the pin stays.")
        _deploy(workspace, tell, newest=new, pinned=old)

        tell("`pulumi config set release second`, a trigger of the pin; the preview says:")
        workspace.pulumi("config", "set", "release", "second")
        _preview(workspace, tell)
        tell("`pulumi up`: the pin has moved.")
        _deploy(workspace, tell, newest=new, pinned=new)

        workspace.pulumi("destroy", "--yes", "--skip-preview")
        if _compose_file(workspace).exists():
            message = "`pulumi destroy` left the Compose file."
            raise DemoError(message)
    tell("`pulumi destroy` removed the file; nothing is left. That is all.")


def _preview(workspace: Workspace, tell: Callable[[str], None]) -> None:
    preview = workspace.pulumi("preview", "--diff").partition("--outputs:--")[2]
    changes = [line.strip() for line in preview.splitlines() if "=>" in line]
    for line in changes or ["nothing would change"]:
        tell(f"    {line}")


def _deploy(
    workspace: Workspace, tell: Callable[[str], None], *, newest: str, pinned: str
) -> None:
    """Run `pulumi up`, and hold its outputs and the written file against what is due."""
    workspace.pulumi("up", "--yes", "--skip-preview")
    written = _compose_file(workspace).read_text(encoding="utf-8")
    for line in written.splitlines():
        tell(f"    compose.yaml | {line}")
    due = {"newest": f"{DEMO_IMAGE}:{newest}", "pinned": f"{DEMO_IMAGE}:{pinned}"}
    outputs = workspace.outputs()
    if outputs != due:
        message = f"The stack's outputs are {outputs}, and {due} was due."
        raise DemoError(message)
    file_due = (
        f"services:\n  preview:\n    image: {due['newest']}\n"
        f"  site:\n    image: {due['pinned']}\n"
    )
    if written != file_due:
        message = f"The Compose file does not hold the stack's outputs:\n{written}"
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
    """Run the demo; 0 where every step did what it says."""
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
