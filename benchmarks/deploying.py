"""Rows on programs that a real Pulumi engine runs."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import bodies
from benchmarks.api import ROOT
from benchmarks.judgement import Measured
from benchmarks.looking import Silent, configured
from benchmarks.rows import Bench, Row
from benchmarks.timing import in_rounds, ratios, wall_s
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._lookup.queries import ImageQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

_DELAY_MS: Final = 30
_FIFTY: Final = """
import pulumi
import pulumi_ucimage as ucimage

tags = []
for number in range(25):
    tags.append(ucimage.get_docker_image("{bucket}", image_name=f"app-{{number:06d}}").tag)
    found = ucimage.get_docker_image_output("{bucket}", image_name=f"app-{{number:06d}}")
    tags.append(found.tag)
pulumi.export("tags", pulumi.Output.all(*tags))
"""
_NONE: Final = """
import pulumi

pulumi.export("tags", pulumi.Output.all(*range(50)))
"""
_MANY: Final = """
import asyncio
import time

import pulumi
import pulumi_ucimage as ucimage
from pulumi_ucimage._http.client import close_connections

ucimage.get_docker_images("{first}", limit=1)  # loads what the first look-up loads
close_connections()  # every bucket opens its own


async def seconds(outputs):
    await asyncio.gather(*(output.future() for output in outputs))
    return time.perf_counter() - start


def look_up(number):
    bucket = "{first}-" + str(number % {buckets})
    name = f"app-{{number:06d}}"
    return ucimage.get_docker_image_output(bucket, image_name=name)


start = time.perf_counter()
outputs = [look_up(number) for number in range({count})]
pulumi.export("seconds", pulumi.Output.from_input(seconds(outputs)))
"""


@contextmanager
def _workspace(bench: Bench, program: str, delay_ms: int = 0) -> Iterator[Any]:
    """A program's project and stack, in a folder that passes."""
    sys.path.insert(0, str(ROOT / "examples"))
    from workspace import Workspace  # noqa: PLC0415 - the examples are no package

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        (source / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (source / "__main__.py").write_text(program)
        yield Workspace.make(
            Path(folder),
            source,
            tools=bench.tools,
            extra=bench.api.environment("http", delay_ms),
        )


def _fifty(bench: Bench) -> Measured:
    bucket = bodies.bucket(1000, 5, "fifty")
    with _workspace(bench, _FIFTY.format(bucket=bucket)) as workspace:
        before = bench.api.counts("listings").get(bucket, 0)
        workspace.pulumi("preview")
        listings = bench.api.counts("listings")[bucket] - before
    return Measured((float(listings),))


def _preview(bench: Bench) -> Measured:
    program = _FIFTY.format(bucket=bodies.bucket(1000, 5, "preview"))
    with (
        _workspace(bench, program) as fifty,
        _workspace(bench, _NONE) as none,
    ):
        fifty.pulumi("preview")
        none.pulumi("preview")
        taken = in_rounds(
            bench.rounds(7, 3),
            {
                "fifty look-ups": lambda: wall_s(lambda: fifty.pulumi("preview")),
                "none": lambda: wall_s(lambda: none.pulumi("preview")),
            },
        )
    notes = tuple(
        f"{name}: {Measured(tuple(times)).median:.2f} s" for name, times in taken.items()
    )
    return Measured(ratios(taken["fifty look-ups"], taken["none"]), notes)


def _profiled_many(bench: Bench) -> None:
    """The same look-ups in turn, without the engine and its Outputs."""
    with configured(bench.api, "http"):
        context = LookupContext(
            stack={}, log=Silent(), shared=ListingCache(keeps=True), not_before=0.0
        )
        for number in range(200):
            bucket = bodies.bucket(1000, 5, str(number % 5))
            query = {"bucket_name": bucket, "image_name": f"app-{number:06d}"}
            ImageQuery.of(query).ask(context)
        close_connections()


def _many(bench: Bench) -> Measured:
    first = bodies.bucket(1000, 5)
    kinds = {"two hundred": (200, 5), "five, one a bucket": (5, 5), "one": (1, 1)}
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(bench.rounds(5, 2)):
        for name, (count, buckets) in kinds.items():
            program = _MANY.format(first=first, count=count, buckets=buckets)
            with _workspace(bench, program, _DELAY_MS) as workspace:
                workspace.pulumi("up", "--yes", "--skip-preview")
                taken[name].append(workspace.outputs()["seconds"])
    notes = tuple(
        f"{name}: {Measured(tuple(times)).median * 1000:.0f} ms,"
        f" {Measured(ratios(times, taken['one'])).median:.2f} \N{MULTIPLICATION SIGN}"
        for name, times in taken.items()
    )
    return Measured(ratios(taken["two hundred"], taken["one"]), notes)


FIFTY: Final = Row(
    figure="50 look-ups of one bucket in one program on the real engine",
    ours="listings in one preview",
    against="1 listing",
    target=1.0,
    measure=_fifty,
    compared="How often the bucket is listed by 25 plain and 25 `_output` look-ups of"
    " different images, in one `pulumi preview`.",
    bound="Look-ups that waited for nothing share one listing.",
)
MANY: Final = Row(
    figure="200 `_output` look-ups over 5 buckets, 30 ms",
    ours="until all Outputs are known",
    against="one look-up of one bucket",
    target=1.3,
    measure=_many,
    compared="In a program on the real engine, from the first call until 200 Outputs over"
    " five buckets of 1,000 images are known, against one look-up in one of them.",
    bound="CPU time of one process, which threads do not share: 55 pages, which a raw"
    " socket does not read in much less, and for each look-up a query, an Output of"
    " Pulumi's with its tasks, and a choice. The five alone show what the pages take.",
    workload=_profiled_many,
)
PREVIEW: Final = Row(
    figure="pulumi preview with 50 look-ups, 1,000 images, no delay",
    ours="preview of 50 look-ups",
    against="preview of none",
    target=1.25,
    measure=_preview,
    compared="`pulumi preview` of a program with 50 look-ups of one bucket, against a"
    " program with none that exports as much.",
    bound="Loading pulumi_ucimage and its client, and one listing of 11 pages.",
)
