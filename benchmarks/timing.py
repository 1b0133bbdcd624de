"""Times of contenders that take turns, so that a slow moment meets all of them."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def cpu_s(action: Callable[[], object]) -> float:
    """CPU seconds of this process, all its threads and no other process's."""
    return _seconds(action, time.process_time)


def wall_s(action: Callable[[], object]) -> float:
    """Seconds until it is done."""
    return _seconds(action, time.perf_counter)


def _seconds(action: Callable[[], object], clock: Callable[[], float]) -> float:
    gc.collect()  # so that none pays for the garbage of the one before
    start = clock()
    action()
    return clock() - start


def in_rounds(
    rounds: int, contenders: Mapping[str, Callable[[], float]]
) -> dict[str, list[float]]:
    """What each contender took, round by round.

    Args:
        rounds: how many; each lets every contender take its turn.
        contenders: give the seconds that they took.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            taken[name].append(contender())
    return taken


def ratios(ours: list[float], against: list[float]) -> tuple[float, ...]:
    """Ours by the other's, each of the same round."""
    return tuple(own / other for own, other in zip(ours, against, strict=True))
