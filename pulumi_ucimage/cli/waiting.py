"""Waiting for a slow call: it shows progress, and Ctrl-C leaves it at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, TypeVar

from pulumi_ucimage._http.clock import Clock
from pulumi_ucimage.cli.interrupt import cleaning_up
from pulumi_ucimage.cli.output import progress

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_POLL_S: Final = 0.2
_FIRST_LINE_S: Final = 2.0
"""How long a call takes before it says that it waits."""


def wait_for(work: Callable[[], T], clock: Clock = Clock()) -> T:  # noqa: B008
    """The result of a slow call, which Ctrl-C can leave at any time.

    Python handles the signal in the main thread only, and not while that waits in C code,
    such as a DNS look-up. So the call is made in another thread.

    Args:
        work: the call.
        clock: measures how long it takes.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the main thread
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        with cleaning_up():
            thread.start()
            # Again and again, because a signal that comes to another thread, or just
            # before the wait begins, does not end it.
            began_s, line = clock.monotonic(), ""
            while thread.is_alive():
                thread.join(_POLL_S)
                waited_s = clock.monotonic() - began_s
                if waited_s >= _FIRST_LINE_S:
                    before, line = line, f"Waiting for an answer: {waited_s:.0f} s so far."
                    # What the call itself says is better.
                    progress.show(line, only_over=before)
    finally:
        progress.clear()
    if failure:
        raise failure[0]
    return outcome[0]
