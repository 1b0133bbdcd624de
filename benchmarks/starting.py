"""Rows on what is loaded: the package, and the plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.judgement import Measured
from benchmarks.rows import Bench, Row
from benchmarks.timing import in_rounds, ratios, wall_s

_IMPORTS: Final = """
import json, time
start = time.process_time()
import pulumi
loaded = time.process_time()
import pulumi_ucimage
print(json.dumps([loaded - start, time.process_time() - loaded]))
"""


def _import(bench: Bench) -> Measured:
    _python(_IMPORTS)  # writes what is compiled once
    figures = [json.loads(_python(_IMPORTS)) for _ in range(bench.rounds(15, 5))]
    pulumi, ours = ([times[i] for times in figures] for i in (0, 1))
    notes = (
        f"import pulumi: {Measured(tuple(pulumi)).median * 1000:.0f} ms",
        f"import pulumi_ucimage: {Measured(tuple(ours)).median * 1000:.0f} ms",
    )
    return Measured(ratios(ours, pulumi), notes)


def _python(text: str) -> str:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", text],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


def _start(bench: Bench) -> Measured:
    _start_plugin()
    taken = in_rounds(
        bench.rounds(11, 3),
        {
            "plugin": lambda: wall_s(_start_plugin),
            "import pulumi, grpc": lambda: wall_s(lambda: _python("import pulumi, grpc")),
        },
    )
    notes = tuple(
        f"{name}: {Measured(tuple(times)).median * 1000:.0f} ms"
        for name, times in taken.items()
    )
    return Measured(ratios(taken["plugin"], taken["import pulumi, grpc"]), notes)


def _start_plugin() -> None:
    """Start the plugin as the engine does, and end it once it says its port."""
    command = Path(sys.executable).parent / "pulumi-resource-ucimage"
    with subprocess.Popen(  # noqa: S603 - our own command
        [str(command)], stdout=subprocess.PIPE
    ) as plugin:
        try:
            if not (plugin.stdout and int(plugin.stdout.readline())):
                raise ChildProcessError(command.name)
        finally:
            plugin.kill()


IMPORT: Final = Row(
    figure="import of pulumi_ucimage on top of import pulumi",
    ours="import pulumi_ucimage",
    against="import pulumi",
    target=0.3,
    measure=_import,
    compared="CPU time of `import pulumi_ucimage` after `import pulumi`, against that of"
    " `import pulumi`, in fresh processes.",
    bound="The modules that the public names stand in are loaded with it.",
)
START: Final = Row(
    figure="plugin start to its port line",
    ours="pulumi-resource-ucimage",
    against='python -c "import pulumi, grpc"',
    target=1.3,
    measure=_start,
    compared="From the start of the plugin's process to its first line, against a Python"
    " that imports pulumi and grpc and ends.",
    bound="The plugin loads pulumi and grpc itself, the protocol's messages on top, and"
    " starts a server.",
)
