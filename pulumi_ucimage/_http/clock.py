"""Time, waiting and chance, as arguments, so that no test ever waits."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where time, waiting and chance come from.

    Attributes:
        monotonic: seconds that never go back, for deadlines.
        now: Unix seconds, for ages of tags and for Retry-After dates.
        sleep: waits so many seconds.
        random: a number from 0 up to 1, for jitter.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by which everything must be done.

    Attributes:
        at_s: the moment, in seconds of the clock's `monotonic`.
        timeout_s: how long it was away when it was set, in seconds, for messages.
        clock: tells how far away it is.
    """

    at_s: float
    timeout_s: float
    clock: Clock

    @classmethod
    def after(cls, timeout_s: float, clock: Clock) -> Deadline:
        """The moment that is `timeout_s` seconds from now."""
        return cls(clock.monotonic() + timeout_s, timeout_s, clock)

    def remaining_s(self) -> float:
        """Seconds left; 0 or less where it has passed."""
        return self.at_s - self.clock.monotonic()
