"""A file that is made of a template and of outputs."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


class RenderedFileProvider(ResourceProvider):
    """Writes the file, and removes it when the resource is destroyed."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write a new file."""
        _write(props)
        return CreateResult(id_=props["path"], outs=props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Say what changed, and whether the file moves."""
        keys = ("path", "template", "values")
        changed = [key for key in keys if _olds[key] != _news[key]]
        return DiffResult(changes=bool(changed), replaces=[*{"path"} & set(changed)])

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
    text = Template(props["template"]).substitute(props["values"])
    Path(props["path"]).write_text(text, encoding="utf-8")


class RenderedFile(Resource, module="compose", name="RenderedFile"):
    """A file; each `$name` of its template is a value."""

    def __init__(
        self,
        name: str,
        *,
        path: str,
        template: str,
        values: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"path": path, "template": template, "values": values}
        super().__init__(RenderedFileProvider(), name, props, opts)
