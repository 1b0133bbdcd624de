"""Rows on what is done with an answer: results, choices, memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import Final

from benchmarks import bodies
from benchmarks.api import ROOT
from benchmarks.judgement import Measured
from benchmarks.looking import configured, read_every_field, results
from benchmarks.rows import Bench, Row
from benchmarks.timing import cpu_s, in_rounds, ratios
from pulumi_ucimage._tags.evaluate import Tag
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import select
from pulumi_ucimage._ucloud.listing import Listing
from pulumi_ucimage._ucloud.responses import Page, parse

_LARGE: Final = bodies.bucket(1000, 20)
_TAGS: Final = 10_000


def _large_answer() -> bytes:
    return bodies.page(_LARGE, limit=1000, offset=0)


def _to_results(body: bytes) -> None:
    read_every_field(results(_LARGE, lambda: _listing(body)))


def _listing(body: bytes) -> Listing:
    page = parse(body)
    if not isinstance(page, Page):
        raise TypeError(page)
    return Listing(page.images, len(page.images))


def _results(bench: Bench) -> Measured:
    body = _large_answer()
    with configured(bench.api, "http"):
        taken = in_rounds(
            bench.rounds(15, 5),
            {
                "ours": lambda: cpu_s(lambda: _to_results(body)),
                "json.loads": lambda: cpu_s(lambda: json.loads(body)),
                "validated, no results": lambda: cpu_s(lambda: _listing(body)),
            },
        )
    notes = (
        f"an answer of {len(body) / 1e6:.2f} MB",
        *(
            f"{name}: {Measured(tuple(times)).median * 1000:.1f} ms"
            for name, times in taken.items()
        ),
    )
    return Measured(ratios(taken["ours"], taken["json.loads"]), notes)


def _profiled_results(bench: Bench) -> None:
    body = _large_answer()
    with configured(bench.api, "http"):
        for _ in range(5):
            _to_results(body)


def _versions() -> list[str]:
    chance = random.Random(1)  # noqa: S311 - the same tags each time
    names: dict[str, None] = {}
    while len(names) < _TAGS:
        parts = (chance.randrange(40), chance.randrange(60), chance.randrange(900))
        names[".".join(map(str, parts))] = None
    return list(names)


def _choice(bench: Bench) -> Measured:
    names = _versions()
    tags = [Tag(name, 1_600_000_000 + number) for number, name in enumerate(names)]
    semver = Policy.from_arguments({"policy": "semver"})
    ranged = Policy.from_arguments({"policy": "semver", "semver_range": ">=1.2 <30 || ^35"})

    def choosing(policy: Policy) -> float:
        return cpu_s(lambda: select(policy, tags, image_name="r.io/app", now=2e9))

    taken = in_rounds(
        bench.rounds(15, 5),
        {
            "ours": lambda: choosing(semver),
            "ours, in the range >=1.2 <30 || ^35": lambda: choosing(ranged),
            "ours, the newest": lambda: choosing(Policy()),
            "sorted": lambda: cpu_s(
                lambda: sorted(names, key=lambda t: tuple(map(int, t.split("."))))
            ),
        },
    )
    base = taken["sorted"]
    notes = (
        f"sorted: {Measured(tuple(base)).median * 1000:.1f} ms",
        *(
            f"{name}: {Measured(ratios(times, base)).median:.2f} \N{MULTIPLICATION SIGN}"
            for name, times in taken.items()
            if "," in name
        ),
    )
    return Measured(ratios(taken["ours"], base), notes)


def _profiled_choice(_bench: Bench) -> None:
    tags = [Tag(name, 1_600_000_000) for name in _versions()]
    semver = Policy.from_arguments({"policy": "semver"})
    for _ in range(5):
        select(semver, tags, image_name="r.io/app", now=2e9)


def _memory(bench: Bench) -> Measured:
    sizes = (2_000, 10_000) if bench.is_quick else (20_000, 100_000)
    figures = {size: _memory_of(bench, size) for size in sizes}
    notes = tuple(
        f"{size:,} images: result {result / 1e6:.0f} MB, peak"
        f" {peak / result:.2f} \N{MULTIPLICATION SIGN}, {result / size:.0f} bytes an image"
        for size, (result, peak) in figures.items()
    )
    result, peak = figures[sizes[-1]]
    return Measured((peak / result,), notes)


def _memory_of(bench: Bench, images: int) -> tuple[int, int]:
    """Bytes of a result, and of the most that was held while it was made."""
    with configured(bench.api, "http"):
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "benchmarks.memory", bodies.bucket(images, 2)],
            cwd=ROOT,
            env=os.environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    result, peak = json.loads(done.stdout)
    return result, peak


RESULTS: Final = Row(
    figure="3.1 MB answer (1,000 images \N{MULTIPLICATION SIGN} 20 tags) to results",
    ours="results, every field read",
    against="json.loads",
    target=5.5,
    measure=_results,
    compared="The bytes of an answer to results with every field read, against"
    " `json.loads` of the same bytes.",
    bound="20,000 tags become dicts with a reference and a moment as text, and 80,000"
    " fields are read by attribute.",
    workload=_profiled_results,
)
CHOICE: Final = Row(
    figure="choosing among 10,000 tags (semver)",
    ours="select, with its explanation",
    against="sorted by three ints",
    target=5.0,
    measure=_choice,
    compared="A choice by the policy `semver` with its counts and explanation, against"
    ' `sorted(tags, key=lambda t: tuple(map(int, t.split("."))))`.',
    bound="Each tag is matched as a tag and as a version, and becomes a candidate.",
    workload=_profiled_choice,
)
MEMORY: Final = Row(
    figure="memory: 100,000 images listed (10,000 in the quick form)",
    ours="peak of get_docker_images",
    against="its result",
    target=3.0,
    measure=_memory,
    compared="The most memory that Python holds during `get_docker_images`, against what"
    " its result holds, by tracemalloc in a process of its own; the bytes an image in the"
    " notes tell whether it grows with the result only.",
    bound="The API's records are all held until the last page is checked.",
)
