"""Measure every row side by side and print one table: `python -m benchmarks`.

Progress goes to stderr. `--quick` takes fewer rounds, and fails where the best of three is
above 1.5 times a row's target; `--write` writes docs/performance.md.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib.metadata
import io
import os
import platform
import pstats
import re
import sys
from pathlib import Path
from typing import Final

from benchmarks import calling, computing, deploying, starting
from benchmarks.api import ROOT, running
from benchmarks.judgement import Judged, Measured, best, failures
from benchmarks.rows import Bench, Row

PAGE: Final = ROOT / "docs" / "performance.md"
ROWS: Final = (
    calling.CALL,
    calling.IN_TURN,
    calling.AHEAD,
    deploying.FIFTY,
    deploying.PREVIEW,
    starting.IMPORT,
    starting.START,
    computing.RESULTS,
    computing.CHOICE,
    calling.PLAIN_LISTING,
    computing.MEMORY,
)
_PACKAGES: Final = ("pulumi", "requests", "urllib3", "pydantic", "ucloud-sdk-python3")
_INTRODUCTION: Final = """\
# Performance

What a look-up costs, measured beside the official SDK, a bare `requests.post` and a raw
socket that does no more than it must. One run of `make performance`, which wrote this page;
`make bench` prints the same table anew.

Every figure is a ratio within one run: the median of rounds in which the contenders take
turns, with its quartiles. Absolute times are notes, since machines differ. The server is a
process of its own on loopback, plain and TLS 1.3, that answers as late as a row asks for.
"""


def main() -> int:
    """Measure; the status is 1 where a quick run fails a row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, to fail by")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    tools = os.environ.get("PULUMI_UCIMAGE_TOOLS_FOLDER")
    if not tools:
        parser.error("PULUMI_UCIMAGE_TOOLS_FOLDER is not set: use `make bench`")
    with running() as api:
        bench = Bench(api, Path(tools), options.quick)
        measured = [(row, _measure(row, bench)) for row in ROWS]
        sys.stdout.write(table(measured))
        if options.write:
            PAGE.write_text(_page(measured, bench))
    judged = [_judged(row, figures) for row, figures in measured]
    failed = failures(judged) if options.quick else []
    sys.stderr.writelines(f"{sentence}\n" for sentence in failed)
    return 1 if failed else 0


def _measure(row: Row, bench: Bench) -> Measured:
    sys.stderr.write(f"{row.figure} ...\n")
    sys.stderr.flush()
    if bench.is_quick:
        limit = _judged(row, Measured(())).limit
        return best(lambda: row.measure(bench), limit=limit)
    return row.measure(bench)


def _judged(row: Row, figures: Measured) -> Judged:
    return Judged(row.figure, row.target, figures)


def table(measured: list[tuple[Row, Measured]]) -> str:
    """The table, as Markdown that can be read as it is."""
    lines = [
        "| figure | ours | against | ratio | spread | target | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row, figures in measured:
        low, high = figures.spread
        is_reached = _judged(row, figures).is_reached
        cells = (
            row.figure,
            row.ours,
            row.against,
            row.shown(figures.median),
            f"{low:.2f} to {high:.2f}",
            f"at most {row.target:g} \N{MULTIPLICATION SIGN}",
            "reached" if is_reached else "**not reached**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _page(measured: list[tuple[Row, Measured]], bench: Bench) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    machine = (
        f"Machine: {platform.system()} {platform.machine()}, {os.cpu_count()} cores."
        f" Versions: Python {platform.python_version()}, {versions}.\n"
    )
    parts = [_INTRODUCTION, machine, table(measured)]
    for row, figures in measured:
        parts.append(f"## {row.figure[0].upper()}{row.figure[1:]}\n")
        parts.append(f"{row.compared}\n")
        parts.append("".join(f"- {note}\n" for note in figures.notes))
        if not _judged(row, figures).is_reached:
            parts.append(f"Not reached. {row.bound}\n")
            parts.append(_profile(row, bench))
    return "\n".join(part for part in parts if part)


def _profile(row: Row, bench: Bench) -> str:
    """Where the time goes: the functions that take most of it themselves."""
    if row.workload is None:
        return ""
    profile = cProfile.Profile()
    row.workload(bench)
    profile.runcall(row.workload, bench)
    text = io.StringIO()
    statistics = pstats.Stats(profile, stream=text)
    statistics.strip_dirs().sort_stats("tottime").print_stats(10)
    lines = [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]
    head = next(number for number, line in enumerate(lines) if "ncalls" in line)
    shown = [re.sub(r"/\S*/", "", line) for line in lines[head:]]
    return "<!-- not run: a profile -->\n```text\n" + "\n".join(shown) + "\n```\n"


if __name__ == "__main__":
    sys.exit(main())
