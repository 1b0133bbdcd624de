"""docs/reliability.md: writes it of outcomes, and reads the promises back."""

from __future__ import annotations

import os
import platform
import ssl
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.run import MOST_MB
from reliability.table import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reliability.run import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_HEAD = "| case | expected | calls | time | memory |"
_PACKAGES = ("pulumi", "requests", "urllib3", "pydantic")


def write(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """The page, of what each case by its part and name came to."""
    lines = [_INTRODUCTION.format(most=MOST_MB, **_machine())]
    for part, cases in CASES.items():
        lines += [f"## {part}", "", _HEAD, "|---|---|---|---|---|"]
        for name, case in cases.items():
            outcome = outcomes[part, name]
            memory = f"{outcome.memory_mb} MB"
            lines.append(
                f"| {name} | {case.expected_text} | {case.calls_text} |"
                f" {outcome.time_s:.3f} s | {memory} |"
            )
        lines.append("")
    return "\n".join(lines)


def promises() -> list[tuple[str, str, str, str]]:
    """Part, case, expected and calls of each row that the table has."""
    return [
        (part, name, case.expected_text, case.calls_text)
        for part, cases in CASES.items()
        for name, case in cases.items()
    ]


def read(text: str) -> list[tuple[str, str, str, str]]:
    """Part, case, expected and calls of each row of a page."""
    rows, part = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            part = line.removeprefix("## ")
        elif line.startswith("| ") and line != _HEAD:
            name, expected, calls, *_ = line.strip("| ").split(" | ")
            rows.append((part, name, expected, calls))
    return rows


def _machine() -> dict[str, str]:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": (
            f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, {versions}"
        ),
    }


_INTRODUCTION = """\
# Reliability

What a look-up comes to when the network, the server or its answers are hostile.

Written by `make reliability`, not by hand: each row is a server of raw sockets on 127.0.0.1
(`tests/faults.py`) that commits the fault, and real calls of `get_docker_images` to it.
*Expected* and *calls* stand in `tests/reliability/table.py` and were written before the
code was run; the page is written only if every row came out so. `make test` runs every
row again, and compares case, expected and calls with this page.

- *Expected*: the class of the error, or a *whole answer*: all images and no other.
- *Calls*: how often the API was called, or only connected to, with three more tries
  allowed. "At most", where pages are read ahead. Where a row is about several servers (each
  status, each length), it is so for every one of them.
- *Time*: the longest look-up. The deadline is 1 s, 0.3 s for most of what never ends,
  for all pages and all tries; back-off takes no time here, but counts as time.
- *Memory*: what the look-up added to the process at its peak, of {most} MB at the most;
  that of the server is in it, but for "Memory", whose look-ups have processes of their own.

Machine: {machine}. Versions: {versions}.
"""
