"""A clock that no test waits for, and a log that tests read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ucimage._http.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable


class Time:
    """A clock that moves only by sleeping, and records each sleep.

    Args:
        random: every random number.
        at_sleep: called after each sleep, with how many there were.
    """

    def __init__(
        self, random: float = 1.0, *, at_sleep: Callable[[int], object] = lambda _: None
    ) -> None:
        self.now = 1_800_000_000.0
        self.sleeps: list[float] = []
        self._at_sleep = at_sleep
        self.clock = Clock(
            monotonic=lambda: self.now,
            now=lambda: self.now,
            sleep=self.sleep,
            random=lambda: random,
        )

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds
        self.sleeps.append(seconds)
        self._at_sleep(len(self.sleeps))


class Log:
    """Keeps the lines of a look-up."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.ephemeral: list[str] = []
        self.debugs: list[str] = []

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        """Keep an info line."""
        (self.ephemeral if ephemeral else self.infos).append(msg)

    def debug(self, msg: str) -> None:
        """Keep a debug line."""
        self.debugs.append(msg)
