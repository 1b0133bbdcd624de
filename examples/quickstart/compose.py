"""A deployment that needs no cloud: a Compose file.

`docker compose up -d` in the same folder would start it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


class ComposeFileProvider(ResourceProvider):
    """Writes the file, and removes it when the resource is destroyed."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write a new file."""
        _write(props)
        return CreateResult(id_=props["path"], outs=props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Say whether anything changed, and whether the file moves."""
        changed = [key for key in ("path", "services") if _olds[key] != _news[key]]
        replaces = [key for key in changed if key == "path"]
        return DiffResult(changes=bool(changed), replaces=replaces)

    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> UpdateResult:
        """Write the whole file again."""
        _write(_news)
        return UpdateResult(outs=_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the file."""
        Path(_id).unlink(missing_ok=True)


def _write(props: dict[str, Any]) -> None:
    services = "".join(
        f"  {name}:\n    image: {image}\n"
        for name, image in sorted(props["services"].items())
    )
    Path(props["path"]).write_text(f"services:\n{services}", encoding="utf-8")


class ComposeFile(Resource, module="quickstart", name="ComposeFile"):
    """A Compose file, with a service for each image."""

    services: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        *,
        path: str,
        services: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"path": path, "services": services}
        super().__init__(ComposeFileProvider(), name, props, opts)
