"""Measure every row and print one table: `python -m benchmarks`.

Progress goes to stderr. `--quick` takes fewer rounds, and fails where a row that CI judges
is above twice its target. `--write` writes docs/performance.md.
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
MARGIN: Final = 2.0
"""How far above its target a rough figure must be to fail."""
TRIES: Final = 3
"""The best of these counts: other work on the machine only adds to a figure."""
PACKAGES: Final = ("pulumi", "requests", "pydantic", "urllib3", "ucloud-sdk-python3")
INTRODUCTION: Final = """\
# Performance

What a look-up costs, measured beside the official SDK, a bare `requests.post` and a raw
socket that does no more than it must. `make performance` wrote this page; `make bench`
prints the same table.

Every figure is a ratio within one run: the median of rounds in which the contenders take
turns, with its quartiles. Absolute times are notes, because machines differ. The server is
a process of its own on loopback, plain and TLS 1.3, and as late as a row asks for. CI
judges the rows that a busy machine does not change; wall clock is only reported.
"""


def main() -> int:
    """Measure; the status is 1 where a quick run fails a row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, to fail by")
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
                measured.append((row, figures_of(row, bench)))
    sys.stdout.write(table(measured))
    if options.write:
        PAGE.write_text(page(measured))
    failed = failures(measured) if options.quick else []
    sys.stderr.writelines(f"{sentence}\n" for sentence in failed)
    return 1 if failed else 0


def figures_of(row: Row, bench: Bench) -> Measured:
    """The figures of a row; where CI judges it, the best of some tries."""
    measured = row.measure(bench)
    for _ in range(TRIES - 1):
        if bench.is_quick and row.in_ci and measured.median > MARGIN * row.target:
            measured = min(measured, row.measure(bench), key=lambda tried: tried.median)
    return measured


def failures(measured: list[tuple[Row, Measured]]) -> list[str]:
    """A sentence for each row that CI judges and that is far above its target."""
    return [
        f"{row.figure}: {figures.median:.2f} is above {MARGIN} {TIMES} {row.target:g}."
        for row, figures in measured
        if row.in_ci and figures.median > MARGIN * row.target
    ]


def table(measured: list[tuple[Row, Measured]]) -> str:
    """The table, as Markdown that can be read as it is."""
    lines = [
        "| figure | ours | against | ratio | spread | target | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row, figures in measured:
        low, high = figures.spread
        cells = (
            row.figure,
            row.ours,
            row.against,
            f"{figures.median:.2f} {TIMES}",
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
    sys.exit(main())
