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
# Every text of some words is a message or a clause of one, unless it stands in a function,
# call, assignment or file of one of these names.
_DOCUMENTS = {"Argument", "Field", "Setting", "__main__.py", "_document", "schema.py"}
_EXPLANATIONS = {
    "_ENDS",
    "_examples",
    "_first",
    "_left_out",
    "_of_floating",
    "_of_matching",
    "_of_time",
    "_reason",
    "_runners_up",
    "_ties",
    "_told",
    "_would_have",
    "explain",
    "rule",
}
# What fills a hole and says no more than where, or what kind.
_PARTS = {
    "The data",
    "Region and BucketName",
    "HOW_TO_SET",
    "_KINDS",
    "_PYTHON_TYPES",
    "_values",
    "also",
    "command",
    "environment",
    "of_profile",
    "profile",
    "shown",
    "some",
    "stack",
    "ways",
    "what",
    "where",
    "without",
}
# What the emulator says as the API; the page has the RetCodes.
_ANSWERS = {"api.py", "_answer_api"}
_NO_MESSAGES = _DOCUMENTS | _EXPLANATIONS | _PARTS | _ANSWERS


def messages() -> set[str]:
    """The templates of all messages and of their clauses."""
    files = ROOT.joinpath("pulumi_ucimage").rglob("*.py")
    return {text for path in files for text in _in_file(path)}


def _in_file(path: Path) -> Iterator[str]:
    if path.name not in _INTERNAL | _NO_MESSAGES:
        yield from _texts(ast.parse(path.read_text("utf-8")))


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts of some words in a piece of code."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        text = _template(node)
        # What has no two words of its own only joins others.
        if re.search("[a-z]{2}.* .*[A-Za-z]{2}", text) and text not in _NO_MESSAGES:
            yield text
        for part in getattr(node, "values", ()):
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value)
    elif not (_is_docstring(node) or _names(node) & _NO_MESSAGES):
        types_and_keys = (getattr(node, name, None) for name in ("annotation", "slice"))
        for child in {*ast.iter_child_nodes(node)} - {*types_and_keys}:
            yield from _texts(child)


def _template(node: ast.Constant | ast.JoinedStr) -> str:
    """A text with its holes; "" for another constant."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
    )


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names(node: ast.AST) -> set[str]:
    """What a function or an assignment is called, or what a call calls."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.name}
    named: list[ast.expr] = []
    if isinstance(node, ast.Call):
        named = [node.func]
    elif isinstance(node, ast.Assign):
        named = node.targets
    elif isinstance(node, ast.AnnAssign):
        named = [node.target]
    return {_last_name(name) for name in named}


def _last_name(name: ast.expr) -> str:
    return name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
