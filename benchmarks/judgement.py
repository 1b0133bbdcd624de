"""What was measured, and whether it is as good as it is to be."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SLACK: Final = 1.5
"""A quick run is rough: it fails a row at so many times its target."""
TRIES: Final = 3
"""The best of so many counts: what else the machine does only adds to a time."""


@final
@dataclass(frozen=True)
class Measured:
    """The figures of one row.

    Attributes:
        ratios: one for each round.
        notes: absolute figures, and other peers'; for readers only.
    """

    ratios: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def median(self) -> float:
        """The figure that is judged."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles."""
        if len(self.ratios) == 1:
            return self.ratios[0], self.ratios[0]
        low, _, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return low, high


@final
@dataclass(frozen=True)
class Judged:
    """A row with its figures.

    Attributes:
        figure: what the row is about.
        target: the greatest ratio that is good enough.
        measured: the figures.
    """

    figure: str
    target: float
    measured: Measured

    @property
    def is_reached(self) -> bool:
        """Whether the median is at most the target."""
        return self.measured.median <= self.target

    @property
    def is_far_off(self) -> bool:
        """Whether even a rough run must not come to this."""
        return self.measured.median > self.limit

    @property
    def limit(self) -> float:
        """What a quick run fails above."""
        return SLACK * self.target


def best(measure: Callable[[], Measured], *, limit: float) -> Measured:
    """What a quick run counts: the best of three.

    Args:
        measure: takes the figures anew.
        limit: as `Judged` has it; no further try where one is near enough.
    """
    measured = measure()
    for _ in range(TRIES - 1):
        if measured.median <= limit:
            break
        measured = min(measured, measure(), key=lambda tried: tried.median)
    return measured


def failures(rows: Iterable[Judged]) -> list[str]:
    """A sentence for each row that a quick run fails on."""
    return [
        f"{row.figure}: {row.measured.median:.2f} is above {row.limit:.2f}, with a target"
        f" of {row.target:g}."
        for row in rows
        if row.is_far_off
    ]
