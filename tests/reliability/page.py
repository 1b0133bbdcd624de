"""docs/reliability.md: writes it from outcomes, and reads the promises back."""

from __future__ import annotations

import os
import platform
import ssl
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from registry_faults import FAULTS

from reliability.run import MOST_MB
from reliability.table import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reliability.run import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_HEAD = "| case | expected | calls | time | memory |"
_DIGESTS = "Digests"
_HEAD_OF_DIGESTS = "| case | expected | requests |"
_PACKAGES = ("pulumi", "requests", "urllib3", "pydantic")


def write(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """The page, from the outcome of each case by its part and name."""
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
    lines += [f"## {_DIGESTS}", "", _OF_DIGESTS, _HEAD_OF_DIGESTS, "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for _, *row in _digest_promises()]
    return "\n".join([*lines, ""]) + _endurance()


def write_endurance(report: str) -> None:
    """Put the report of `make soak` at the end of the page."""
    rest = PAGE.read_text().partition(_ENDURANCE)[0]
    PAGE.write_text(f"{rest}{_ENDURANCE}{report}")


def _endurance() -> str:
    """The end of the page, which stays until the next soak."""
    return "".join(PAGE.read_text().partition(_ENDURANCE)[1:]) if PAGE.exists() else ""


def promises() -> list[tuple[str, str, str, str]]:
    """Part, case, expected and calls of each row that the table has."""
    return [
        (part, name, case.expected_text, case.calls_text)
        for part, cases in CASES.items()
        for name, case in cases.items()
    ] + _digest_promises()


def _digest_promises() -> list[tuple[str, str, str, str]]:
    return [
        (_DIGESTS, name, fault.error.__name__, str(fault.requests))
        for name, fault in FAULTS.items()
    ]


def read(text: str) -> list[tuple[str, str, str, str]]:
    """Part, case, expected and calls of each row of a page."""
    rows, part = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            part = line.removeprefix("## ")
        elif line.startswith("| ") and line not in {_HEAD, _HEAD_OF_DIGESTS}:
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


_OF_DIGESTS = """\
What a look-up with `resolve_digest` does if the registry fails. *Requests* are those for a
manifest or a token, without retries. `tests/registry_faults.py` has the table, and
`tests/registry/test_registry_faults.py` runs every row.
"""

_ENDURANCE = """
## Endurance

Written by `make soak SOAK_ARGS=--write`: four threads look up and pin, each in a bucket of
its own to which it also pushes, while one call in ten has a fault of any kind.

"""

_INTRODUCTION = """\
# Reliability

What a look-up does when the network, the server, its responses or this machine fail.

Written by `make reliability`, not by hand: each row is a server of raw sockets on 127.0.0.1
(`tests/faults.py`) that has the fault, and real calls of `get_docker_images` to it.
*Expected* and *calls* are those of `tests/reliability/table.py`; the page is written only
if every row has them. `make test` runs every row again, and compares it with this page.

- *Expected*: the class of the error, or a *whole answer*: all images and no other.
- *Calls*: how often the API was called, or only connected to, with three retries allowed.
  "At most" where pages are prefetched. If a row has several servers (each status, each
  length), this holds for every one of them.
- *Time*: the longest look-up. The deadline is 1 s, 0.3 s for most faults that never end,
  for all pages and all attempts; waits between attempts take no time here, but count.
- *Memory*: what the look-up added to the process at its peak, at most {most} MB. It
  includes the server, except for "Memory" and "This machine", whose look-ups have processes
  of their own.

A listing is complete or an error, and the tags of one image are always of one time. One
kind of change is not seen: several changes within one listing that leave TotalCount as it
is. At up to 150 changes per second, 2 % of the listings (images that are swapped) and 11 %
(images that are replaced in place) had images of different times.

Machine: {machine}. Versions: {versions}.
"""
