"""How a row is measured: contenders take turns, and their ratio is the figure."""

from __future__ import annotations

import gc
import operator
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.server import Api

TIMES: Final = "\N{MULTIPLICATION SIGN}"


@final
@dataclass(frozen=True)
class Measured:
    """The figures of one row.

    Attributes:
        ratios: one for each round.
        notes: absolute figures, and those of other contenders; only for readers.
    """

    ratios: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def median(self) -> float:
        """The figure that counts."""
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
class Bench:
    """What rows are measured with.

    Attributes:
        api: the server.
        tools: folder of Pulumi's engine and language hosts.
        is_quick: whether it is enough that a row runs.
    """

    api: Api
    tools: Path
    is_quick: bool

    def rounds(self, number: int) -> int:
        """How many rounds there are: this number, or one."""
        return 1 if self.is_quick else number


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table.

    Attributes:
        figure: what it is about.
        ours: what is measured of this package.
        against: what that is divided by.
        target: the greatest ratio that is good enough.
        measure: takes the figures; its docstring says what is compared.
    """

    figure: str
    ours: str
    against: str
    target: float
    measure: Callable[[Bench], Measured]


ROWS: Final[list[Row]] = []
"""All rows, in the order of the table."""


def row(
    figure: str, *, ours: str, against: str, target: float
) -> Callable[[Callable[[Bench], Measured]], Callable[[Bench], Measured]]:
    """Make a function a row; see `Row`."""

    def added(measure: Callable[[Bench], Measured]) -> Callable[[Bench], Measured]:
        ROWS.append(
            Row(
                figure=figure,
                ours=ours,
                against=against,
                target=target,
                measure=measure,
            )
        )
        return measure

    return added


def cpu_s() -> float:
    """CPU seconds of this process, with all its threads."""
    return time.process_time()


def wall_s() -> float:
    """Seconds of a clock on the wall."""
    return time.perf_counter()


def children_cpu_s() -> float:
    """CPU seconds of the processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def compare(
    clock: Callable[[], float],
    rounds: int,
    *,
    ours: Callable[[], object],
    against: Callable[[], object] | float,
    count: int = 1,
    **others: Callable[[], object],
) -> Measured:
    """The ratio of ours to what it is compared with.

    Args:
        clock: what is measured: `cpu_s`, `wall_s` or `children_cpu_s`.
        rounds: how many; in each, every contender takes its turn.
        ours: runs ours.
        against: runs the other, or its seconds.
        count: how often these two run in a round.
        others: further contenders, which run once in a round; only for the notes.
    """
    contenders = {"ours": ours, **others}
    if callable(against):
        contenders["against"] = against
    if rounds > 1:
        # Loads and connects what later calls find; the figure of one round is rough anyway.
        for contender in contenders.values():
            contender()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            repeated = 1 if name in others else count
            gc.collect()  # so that none pays for another's garbage
            start = clock()
            for _ in range(repeated):
                contender()
            taken[name].append((clock() - start) / repeated)
    if not callable(against):
        taken["against"] = [against] * rounds
    ratios = tuple(map(operator.truediv, taken["ours"], taken["against"]))
    base = statistics.median(taken["against"])
    notes = tuple(
        f"{name.replace('_', ' ')}: {statistics.median(times) * 1000:.2f} ms,"
        f" {statistics.median(times) / base:.2f} {TIMES}"
        for name, times in taken.items()
    )
    return Measured(ratios, notes)
