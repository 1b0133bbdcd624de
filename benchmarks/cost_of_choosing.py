"""What choosing among 10,000 tags costs, beside sorting them: `make bench` runs this.

Both are timed in one process, in turn, and only their ratio is a figure: machines differ.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import TYPE_CHECKING

from pulumi_ucimage.selection.choice import Tag, newest_first
from pulumi_ucimage.selection.policy import Policy
from pulumi_ucimage.selection.select import select

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = 10_000
ROUNDS = 15


def main() -> None:
    """Print a ratio for each policy, median and spread over interleaved rounds."""
    chance = random.Random(1)  # noqa: S311 - the same tags each time
    numbers = [
        (chance.randrange(40), chance.randrange(60), chance.randrange(900))
        for _ in range(TAGS)
    ]
    names = list(dict.fromkeys(f"{a}.{b}.{c}" for a, b, c in numbers))
    tags = [Tag(name, 1_600_000_000 + n) for n, name in enumerate(names)]

    def sorting() -> None:
        sorted(names, key=lambda name: tuple(map(int, name.split("."))))

    def choosing(policy: Policy) -> Callable[[], object]:
        return lambda: select(policy, tags, image_name="r.io/app", now=2_000_000_000)

    contenders: dict[str, Callable[[], object]] = {
        "policy newest": choosing(Policy()),
        "policy semver": choosing(Policy.of({"policy": "semver"})),
        "policy semver, range >=1.2 <30 || ^35": choosing(
            Policy.of({"policy": "semver", "semver_range": ">=1.2 <30 || ^35"})
        ),
        "policy numerical": choosing(Policy.of({"policy": "numerical"})),
        "policy alphabetical": choosing(Policy.of({"policy": "alphabetical"})),
        "tags of a listing, newest first": lambda: newest_first(tags),
    }
    ratios: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        floor = _seconds(sorting)
        for name, contender in contenders.items():
            ratios[name].append(_seconds(contender) / floor)
    out = sys.stdout.write
    out(f"{len(names)} tags; 1.0 x is sorted(tags, key=lambda t: tuple(map(int, ...)))\n")
    for name, values in ratios.items():
        low, _, high = statistics.quantiles(values, n=4)
        median = statistics.median(values)
        out(f"{name:40} {median:5.2f} \N{MULTIPLICATION SIGN}  [{low:.2f} .. {high:.2f}]\n")


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
