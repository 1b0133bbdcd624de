"""Write the tables of the documents from the code: `make docs`.

A table is written between `<!-- table: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from chinese import chinese

from pulumi_ucimage._spec import arguments, results
from pulumi_ucimage._spec.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_ucimage._spec.settings import Setting

ROOT: Final = Path(__file__).resolve().parents[1]
_TABLE: Final = re.compile(r"(<!-- table: (.*) -->\n)(?:.*\n)*?(<!-- end -->\n)")
_GROUPS: Final = (
    ("publicKey", "privateKey"),
    ("region", "projectId"),
    ("sharedConfigFile", "sharedCredentialsFile"),
    ("registryUsername", "registryPassword"),
)
"""Settings that share a row of the first page."""
_REQUIRED: Final = ("publicKey", "privateKey", "region")
_TYPES: Final = {
    arguments.ArgumentType.STRING: "text",
    arguments.ArgumentType.INTEGER: "number",
    arguments.ArgumentType.BOOLEAN: "bool",
    arguments.ArgumentType.STRINGS: "list of texts",
    arguments.ArgumentType.MAP: "map of texts",
}


def pages() -> list[Path]:
    """The documents that may have tables."""
    first = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
    return [*first, *sorted((ROOT / "docs").rglob("*.md"))]


def renewed(page: str) -> str:
    """A page's text with its tables made from the code.

    Raises:
        KeyError: there is no table of that name.
    """
    return _TABLE.sub(lambda table: f"{table[1]}{TABLES[table[2]]()}{table[3]}", page)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _arguments(table: Sequence[arguments.Argument]) -> str:
    return _rows(
        ("argument", "type", "meaning"),
        (
            (
                f"`{argument.name}`",
                _TYPES[argument.type],
                f"{'Required. ' if argument.required else ''}{argument.description}",
            )
            for argument in table
        ),
    )


def _fields(fields: Sequence[results.Field]) -> str:
    return _rows(
        ("field", "type", "meaning"),
        ((f"`{f.name}`", f"`{_type(f.type)}`", f.description) for f in fields),
    )


def _type(hint: Any) -> str:
    """A type as a program writes it."""
    if get_origin(hint) in {Union, types.UnionType}:
        return " | ".join(_type(part) for part in get_args(hint))
    if hint is type(None):
        return "None"
    if parts := get_args(hint):
        return f"{hint.__origin__.__name__}[{', '.join(map(_type, parts))}]"
    return str(hint.__name__)


def _settings(translated: Callable[[str], str] = str) -> str:
    """The settings for the first page, pairs of a kind in one row."""
    by_key = {setting.key: setting for setting in SETTINGS}
    secret = translated(" (secret)")
    rows = []
    for group in (next((g for g in _GROUPS if key in g), (key,)) for key in by_key):
        settings = [by_key[key] for key in group]
        rows.append(
            (
                ", ".join(f"`{s.key}`{secret * s.secret}" for s in settings),
                ", ".join(f"`{s.variable}`" for s in settings),
                ", ".join(dict.fromkeys(translated(s.default) for s in settings)),
            )
        )
    head = ("`ucimage:` key", "environment", "default")
    return _rows([translated(word) for word in head], dict.fromkeys(rows))


def _options(translated: Callable[[str], str] = str) -> str:
    """The settings in the form of Pulumi's registry."""
    head = ("Option", "Required", "Description", "Environment Variable")
    return _rows(
        [translated(word) for word in head],
        (
            (
                f"`{s.key}`",
                translated(_required(s)),
                _description(s, translated),
                f"`{s.variable}`",
            )
            for s in SETTINGS
        ),
    )


def _required(setting: Setting) -> str:
    if setting.key in _REQUIRED:
        return "Yes, here or in the environment or a profile"
    return "No"


def _description(setting: Setting, translated: Callable[[str], str]) -> str:
    secret = translated(" Secret.") * setting.secret
    default = translated(" Default: {}.").format(translated(setting.default))
    return f"{translated(setting.description)}{secret}{default}"


TABLES: Final[dict[str, Callable[[], str]]] = {
    "settings": _settings,
    "settings zh-CN": lambda: _settings(chinese),
    "options": _options,
    "options zh-CN": lambda: _options(chinese),
    "get_docker_image arguments": lambda: _arguments(arguments.GET_DOCKER_IMAGE),
    "get_docker_image result": lambda: _fields(results.GetDockerImageResult.fields),
    "counts": lambda: _fields(results.TagCounts.fields),
    "get_docker_images arguments": lambda: _arguments(arguments.GET_DOCKER_IMAGES),
    "get_docker_images result": lambda: _fields(results.GetDockerImagesResult.fields),
    "image": lambda: _fields(results.DockerImage.fields),
    "tag": lambda: _fields(results.DockerImageTag.fields),
    "ImagePin arguments": lambda: _arguments(arguments.IMAGE_PIN),
    "ImagePin outputs": lambda: _fields(results.PIN_OUTPUTS),
}
"""Each table by its name, and what makes it."""


def main() -> None:
    """Write every page."""
    for path in pages():
        path.write_text(renewed(path.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
