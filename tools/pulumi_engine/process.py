"""Running other programs, within a time limit, and telling how it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NOT_STARTED = 127
OUT_OF_TIME = 124


def say(progress: str) -> None:
    """Tell the person who waits, on stderr."""
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


def run(
    command: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> tuple[int, str]:
    """Run a command and return its status and all it printed.

    Whatever it started ends with it when the limit passes or when this process is told
    to end. The environment is added to this process's own.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, our own words
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return NOT_STARTED, str(error)
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = OUT_OF_TIME
            output.write(f"no end after {limit_s:.0f} s\n")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return status, output.read()


def last_line(output: str) -> str:
    """The last thing a command printed."""
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"
