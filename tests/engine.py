"""Pulumi projects made of a test's own program text, on a real engine."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def python_project(
    folder: Path, program: str, *, tools: Path, extra: Mapping[str, str]
) -> Workspace:
    """A workspace with a Python program.

    Args:
        folder: an empty one.
        program: the text of `__main__.py`; may be indented.
        tools: the folder with `pulumi` and its language hosts.
        extra: further variables for the commands.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
    (source / "__main__.py").write_text(textwrap.dedent(program))
    return Workspace.make(folder, source, tools=tools, extra=extra)


def errors(text: str) -> list[str]:
    """The error lines of a command's output, Pulumi's own about the program left out."""
    shown = text.partition("Diagnostics:")[2] or text
    return [
        line.strip().removeprefix("error: ")
        for line in shown.splitlines()
        if "error: " in line and "unhandled error" not in line
    ]


def yaml_project(
    folder: Path, program: str, *, tools: Path, extra: Mapping[str, str]
) -> Workspace:
    """A workspace with a YAML program, which uses the plugin on PATH.

    Args:
        folder: an empty one.
        program: the part of `Pulumi.yaml` after name and runtime; may be indented.
        tools: the folder with `pulumi` and its language hosts.
        extra: further variables for the commands.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "Pulumi.yaml").write_text(yaml(program))
    return Workspace.make(folder, source, tools=tools, extra=extra)


def yaml(program: str) -> str:
    """The text of a YAML project."""
    return f"name: test\nruntime: yaml\n{textwrap.dedent(program)}"
