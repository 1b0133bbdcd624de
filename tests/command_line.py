"""The command `ucimage` in tests: in process, in a process, and on a pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pulumi_ucimage.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = str(Path(sys.executable).with_name("ucimage"))
SHARED = "ucsdr.ucloud.cn:5000/ucs"

# The terminal's keys reach the process.
_IN_FRONT = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        status: the exit status.
        out: what it wrote to stdout; on a pseudo-terminal, also what it wrote to stderr.
        err: what it wrote to stderr.
    """

    status: int
    out: str
    err: str = ""


def document(ended: Ended) -> Any:
    """The JSON that a command printed, alone on stdout."""
    assert 0 == ended.status, ended.err
    return json.loads(ended.out)


class Terminal(io.TextIOWrapper):
    """A stream in memory that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        """Say that it is one."""
        return True

    def text(self) -> str:
        """What was written."""
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> Ended:
    """Run the command in this process; stdout and stderr are not terminals."""
    with pytest.raises(SystemExit) as end:
        main(words)
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, *capsys.readouterr())


def run_on_terminal(
    *words: str,
    monkeypatch: pytest.MonkeyPatch,
    columns: int = 80,
    encoding: str = "utf-8",
    **variables: str,
) -> Ended:
    """Run the command in this process; stdout and stderr say that they are terminals."""
    out, err = Terminal(encoding), Terminal(encoding)
    variables = {"COLUMNS": str(columns), "TERM": "xterm-256color", **variables}
    with monkeypatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as end:
            main(words)
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, out.text(), err.text())


def start(
    *words: str,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    program: Sequence[str] = (PROGRAM,),
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[str]:
    """Start the command as a process whose output goes to pipes."""
    return subprocess.Popen(
        [*program, *words],
        env={**os.environ, **(env or {})},
        cwd=folder,
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run_process(
    *words: str, env: Mapping[str, str] | None = None, folder: Path | None = None
) -> Ended:
    """Run the command as a process whose output goes to pipes."""
    with start(*words, env=env, folder=folder) as process:
        out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


class OnPty:
    """The command as a process on a pseudo-terminal, which is its controlling one.

    Args:
        words: its arguments.
        env: further variables.
        columns: the width of the terminal.
    """

    def __init__(
        self, *words: str, env: Mapping[str, str] | None = None, columns: int = 80
    ) -> None:
        self._terminal, inside = pty.openpty()
        size = struct.pack("HHHH", 40, columns, 0, 0)
        fcntl.ioctl(inside, termios.TIOCSWINSZ, size)
        variables = {**os.environ, "TERM": "xterm-256color", **(env or {})}
        variables.pop("COLUMNS", None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_FRONT, PROGRAM, *words],
            env=variables,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self._written = b""

    def press(self, key: bytes) -> None:
        """Press a key; Ctrl-C is byte 3."""
        os.write(self._terminal, key)

    def ended(self) -> Ended:
        """Wait for the end."""
        while self._read():
            pass
        os.close(self._terminal)
        status = self._process.wait(timeout=30)
        return Ended(status, self._written.decode().replace("\r\n", "\n"))

    def _read(self) -> bytes:
        read = b""
        with contextlib.suppress(OSError):  # Linux has an error for the end
            read = os.read(self._terminal, 65536)
        self._written += read
        return read


def plain(text: str) -> str:
    """A terminal's text without colours."""
    return _ESCAPE.sub("", text)
