"""A row of the table: what is compared, and how its figures are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.api import Api
    from benchmarks.judgement import Measured


@final
@dataclass(frozen=True)
class Bench:
    """What rows are measured with.

    Attributes:
        api: the server.
        tools: folder of Pulumi's engine and language hosts.
        is_quick: whether a rough figure will do.
    """

    api: Api
    tools: Path
    is_quick: bool

    def rounds(self, whole: int, quick: int) -> int:
        """How many rounds there are."""
        return quick if self.is_quick else whole


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """One row.

    Attributes:
        figure: what it is about.
        ours: what is measured of this package.
        against: what that is divided by.
        target: the greatest ratio that is good enough.
        measure: takes the figures.
        compared: a sentence on what is compared.
        bound: a sentence on what bounds it, for when it is not reached.
        workload: what is profiled where the row is not reached; None where it runs in
            processes of its own.
    """

    figure: str
    ours: str
    against: str
    target: float
    measure: Callable[[Bench], Measured]
    compared: str
    bound: str
    workload: Callable[[Bench], None] | None = None

    def shown(self, value: float) -> str:
        """A figure of this row."""
        return f"{value:.2f} \N{MULTIPLICATION SIGN}"
