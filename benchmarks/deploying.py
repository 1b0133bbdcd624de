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
from benchmarks.rows import Bench, Row
from benchmarks.timing import in_rounds, ratios, wall_s

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def _workspace(bench: Bench, program: str) -> Iterator[Any]:
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
            extra=bench.api.environment("http"),
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
