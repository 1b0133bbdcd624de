"""Time, waiting and random numbers as arguments, so that no test waits."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where time, waiting and random numbers come from.

    Attributes:
        monotonic: seconds that never go back, for deadlines.
        now: Unix seconds, for ages of tags and for Retry-After dates.
        sleep: waits for a number of seconds.
        random: a number from 0 up to 1, for jitter.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Deadline:
    """When everything must be done.

    Attributes:
        at_s: in seconds of the clock's `monotonic`.
        timeout_s: how many seconds there were at the beginning, for messages.
        clock: measures how much time is left.
    """

    at_s: float
    timeout_s: float
    clock: Clock

    @classmethod
    def after(cls, timeout_s: float, clock: Clock) -> Deadline:
        """A deadline that is `timeout_s` seconds from now."""
        return cls(clock.monotonic() + timeout_s, timeout_s, clock)

    def remaining_s(self) -> float:
        """Seconds left; 0 or less if it has passed."""
        return self.at_s - self.clock.monotonic()
