"""Ctrl-C ends a command at once, wherever it is."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

CTRL_C: Final = 130
"""The exit status after Ctrl-C, the same as in shells."""


def leave_on_ctrl_c() -> None:
    """From now on Ctrl-C ends the process.

    A KeyboardInterrupt would not do: modules that are being loaded catch it, and threads
    that wait for a server would keep the process alive.
    """
    # A shell that runs a command in the background may have it ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def leave(*_: object) -> NoReturn:
    """End the process; nothing waits for threads, and nothing is printed."""
    if sys.stderr and sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\n")  # ends the line with the ^C
    os._exit(CTRL_C)


@contextlib.contextmanager
def cleaning_up() -> Iterator[None]:
    """Within, Ctrl-C is a KeyboardInterrupt, so that the caller can clean up first."""
    if signal.getsignal(signal.SIGINT) is not leave:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, leave)
