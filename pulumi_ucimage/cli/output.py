"""What users see: tables or JSON on stdout, remarks and progress on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from pulumi_ucimage._formatting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AGES: Final = ((31_536_000, "y"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_CLEAR: Final = "\r\x1b[K"


def show_json(document: Any) -> None:
    """Print one JSON document; other characters than ASCII are escaped."""
    click.echo(json.dumps(document, indent=2))


def show_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    styles: Sequence[str] = (),
    unbroken: Sequence[str] = (),
) -> None:
    """Print rows under headings; foreign text cannot control the terminal.

    Args:
        headings: one for each column.
        rows: the cells, as text.
        styles: the colour of each row on a terminal, if any.
        unbroken: the columns whose cells stay on one line.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    if _is_dumb(sys.stdout) or os.environ.get("NO_COLOR"):
        _show_columns([[heading.upper() for heading in headings], *cells])
    else:
        _show_boxes(headings, cells, styles or [""] * len(cells), unbroken)


def _is_dumb(stream: TextIO | None) -> bool:
    """Whether a stream is no terminal, or one without control sequences."""
    return not stream or not stream.isatty() or os.environ.get("TERM") == "dumb"


def _show_boxes(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Sequence[str],
    unbroken: Sequence[str],
) -> None:
    from rich import box  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.ROUNDED)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in unbroken)
    for row, style in zip(rows, styles, strict=True):
        # As Text, so that brackets in a name are not read as rich's markup.
        table.add_row(*map(Text, row), style=style)
    Console(highlight=False).print(table)


def _show_columns(rows: Sequence[Sequence[str]]) -> None:
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def note(message: str) -> None:
    """Print a message on stderr, after what is on stdout already."""
    progress.clear()
    if sys.stdout:
        sys.stdout.flush()
    click.echo(printable(message, keep="\n"), err=True)


class ProgressLine:
    """A line on stderr that the next output replaces; only on a terminal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line = ""

    def show(self, line: str, *, only_over: str | None = None) -> None:
        """Show a line in place of the one before.

        Args:
            line: the line.
            only_over: do nothing if another line than this one is shown.
        """
        with self._lock:
            is_kept = only_over is not None and self._line not in {"", only_over}
            if is_kept or line == self._line or _is_dumb(sys.stderr):
                return
            # A line that wraps could not be cleared.
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"{_CLEAR}{printable(line)[:width]}", nl=False, err=True)
            self._line = line

    def clear(self) -> None:
        """Remove the line, if there is one."""
        with self._lock:
            if self._line:
                click.echo(_CLEAR, nl=False, err=True)
                self._line = ""


progress = ProgressLine()


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


class Log:
    """The log of a look-up: lines on stderr; progress only on a terminal."""

    def debug(self, msg: str) -> None:
        """Nothing: `--explain` is the option for it."""

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        if ephemeral:
            progress.show(msg)
        else:
            note(msg)
