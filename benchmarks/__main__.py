"""Measure every row and print one table: `python -m benchmarks`.

Progress goes to stderr. `--quick` takes one round, to see that each row can be measured.
`--write` writes docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import inspect
import os
import platform
import sys
from pathlib import Path
from typing import Final

from benchmarks import rows
from benchmarks.measure import ROWS, TIMES, Bench, Measured, Row
from benchmarks.server import running

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
PACKAGES: Final = ("pulumi", "requests", "pydantic", "urllib3", "ucloud-sdk-python3")
INTRODUCTION: Final = """\
# Performance

What a look-up costs, measured beside the official SDK, a bare `requests.post` and a raw
socket that does no more than it must. `make performance` wrote this page; `make bench`
prints the same table.

Every figure is a ratio within one run: the median of rounds in which the contenders take
turns, with its quartiles. Absolute times are notes, because machines differ. The server is
a process of its own on loopback, plain and TLS 1.3. Where a row has a round trip, the
server waits that long before it answers. `make test` measures each row once, to see that
it can be measured, and judges only the memory, which a busy machine does not change.
"""


def main() -> None:
    """Measure and print, and write the page if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument("rows", nargs="*", help="functions of rows.py; all by default")
    options = parser.parse_args()
    tools = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")
    if not tools:
        parser.error("PULUMI_UCIMAGE_TOOLS_FOLDER is not set: use `make bench`")
    chosen = [getattr(rows, name) for name in options.rows]
    measured = []
    with running() as api:
        bench = Bench(api, Path(tools), options.quick)
        for row in ROWS:
            if not chosen or row.measure in chosen:
                sys.stderr.write(f"{row.figure} ...\n")
                sys.stderr.flush()
                measured.append((row, row.measure(bench)))
    sys.stdout.write(table(measured))
    if options.write:
        PAGE.write_text(page(measured))


def table(measured: list[tuple[Row, Measured]]) -> str:
    """The table, as Markdown that can be read as it is."""
    lines = [
        "| figure | ours | against | ratio | spread | target | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row, figures in measured:
        low, high = figures.spread
        ratio = f"{figures.median:.2f}"
        if figures.median > row.target >= float(ratio):
            ratio = f"just over {ratio}"
        cells = (
            row.figure,
            row.ours,
            row.against,
            f"{ratio} {TIMES}",
            f"{low:.2f} to {high:.2f}",
            f"at most {row.target:g} {TIMES}",
            "reached" if figures.median <= row.target else "**not reached**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(measured: list[tuple[Row, Measured]]) -> str:
    """The document."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    machine = (
        f"Machine: {platform.system()} {platform.machine()}, {os.cpu_count()} cores."
        f" Versions: Python {platform.python_version()}, {versions}.\n"
    )
    parts = [INTRODUCTION, machine, table(measured)]
    for row, figures in measured:
        parts.append(f"## {row.figure[0].upper()}{row.figure[1:]}\n")
        parts.append(f"{inspect.getdoc(row.measure)}\n")
        if figures.notes:
            parts.append("".join(f"- {note}\n" for note in figures.notes))
    return "\n".join(parts)


if __name__ == "__main__":
    main()
