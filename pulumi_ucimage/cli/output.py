"""Results on stdout: a table on a terminal, plain columns in a pipe, or JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pulumi_ucimage._formatting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AGES: Final = ((31_536_000, "y"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def show_json(document: Any) -> None:
    """Print one JSON document; other characters than ASCII are escaped."""
    click.echo(json.dumps(document, indent=2))


def show_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    styles: Sequence[str] = (),
) -> None:
    """Print rows under headings; foreign text cannot control the terminal.

    Args:
        headings: one for each column.
        rows: the cells, as text.
        styles: the colour of each row on a terminal, if any.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    if _is_plain():
        _show_columns([[heading.upper() for heading in headings], *cells])
    else:
        _show_boxes(headings, cells, styles or [""] * len(cells))


def _is_plain() -> bool:
    """Whether stdout gets neither colours nor box drawing."""
    no_color = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return no_color or not sys.stdout.isatty()


def _show_boxes(
    headings: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]
) -> None:
    table = Table(box=box.ROUNDED)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row, style in zip(rows, styles, strict=True):
        # As Text, so that brackets in a name are not read as rich's markup.
        table.add_row(*map(Text, row), style=style)
    Console(highlight=False).print(table)


def _show_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def note(message: str) -> None:
    """Print a remark on stderr, behind what is on stdout already."""
    sys.stdout.flush()
    click.echo(printable(message, keep="\n"), err=True)


def age(create_time: int | None, now: float) -> str:
    """How long ago a tag was pushed, in its largest unit, such as `3d`.

    Args:
        create_time: Unix seconds; None gives an empty text.
        now: Unix seconds.
    """
    if create_time is None:
        return ""
    seconds = max(0, int(now) - create_time)
    return next(
        (f"{seconds // length}{unit}" for length, unit in _AGES if seconds >= length), "0s"
    )
