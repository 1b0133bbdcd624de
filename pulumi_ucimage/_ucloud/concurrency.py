"""How many calls of one listing are under way at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_ucimage._http.clock import Deadline

AT_ONCE: Final = 4
"""Calls of one listing; the transport keeps connections for some listings."""


class StoppedError(Exception):
    """The listing is over: a call that has not begun is not wanted any more."""


@final
class Concurrency:
    """A gate that each try of each call goes through.

    Attributes:
        at_once: at most so many are inside; one, once the API has said that it is asked
            too often.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.at_once = at_once
        self._under_way = 0
        self._stopped = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a turn, until the deadline at the most, and have it.

        Raises:
            StoppedError: the listing is over.
        """
        with self._changed:
            self._changed.wait_for(self._is_open, max(0.0, deadline.remaining_s()))
            if self._stopped:
                raise StoppedError
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def slow_down(self) -> None:
        """From now on, one call at a time."""
        with self._changed:
            self.at_once = 1

    def stop(self) -> None:
        """Let no further call begin."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_open(self) -> bool:
        return self._stopped or self._under_way < self.at_once
