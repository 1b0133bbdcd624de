"""Every message that the package's code can show a user, read from the code's text."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLE = "…"
"""What stands for a part of a message that is put in when it is raised."""

# Errors of these never reach a user: `transport` makes others of them, or it is a bug.
_INTERNAL = {"deadline_http.py", "credentials.py"}
# What is raised is assigned to these before, or made by these.
_VARIABLES = {"message", "problem", "cure", "sentence"}
_MAKERS = {"_error", "_half", "_tell", "abort", "info"}
# All that stands in these is a message, or a clause of one.
_WHOLLY = {
    "_CURES",
    "_NOT_WHOLE",
    "_TOO_LARGE",
    "_explain",
    "_refuse_combinations",
    "_rows",
    "explain_missing_tag",
    "explain_nothing_left",
    "explain_twins",
    "looked_at",
    "warning_in_clear",
}


def messages() -> set[str]:
    """The templates of all messages and of their clauses."""
    package = ROOT / "pulumi_ucimage"
    files = [path for path in package.rglob("*.py") if "emulator" not in path.parts]
    found = {text for path in files for text in _in_file(path)}
    # What has no words of its own only joins others.
    return {text for text in found if re.search("[a-z]{2} ?[a-z]", text)}


def _in_file(path: Path) -> Iterator[str]:
    if path.name in _INTERNAL:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name in _WHOLLY:
            # The first statement is the docstring.
            yield from (text for part in node.body[1:] for text in _clauses(part))
        elif isinstance(node, ast.Call) and _makes_a_message(node):
            yield from (text for part in node.args for text in _texts(part))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            yield from _assigned(node)


def _makes_a_message(call: ast.Call) -> bool:
    function = call.func
    name = ""
    if isinstance(function, (ast.Attribute, ast.Name)):
        name = function.attr if isinstance(function, ast.Attribute) else function.id
    return name.endswith("Error") or name in _MAKERS


def _assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    if node.value and names & _WHOLLY:
        yield from _clauses(node.value)
    elif node.value and names & _VARIABLES:
        yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    """The text that an expression is; all, where it is one of several."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from _texts(part)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else HOLE
            for part in node.values
        )


def _clauses(node: ast.AST) -> Iterator[str]:
    """The texts of some words in a piece of code."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield from (text for text in _texts(node) if " " in text.strip())
        return
    for child in ast.iter_child_nodes(node):
        yield from _clauses(child)
