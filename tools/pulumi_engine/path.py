"""The first way: what stands on PATH, if it serves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_engine.cache import digest, locked, published
from pulumi_engine.errors import RouteError
from pulumi_engine.programs import PULUMI, complete, names, pinned, prove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_engine.programs import Program


def from_path(programs: Sequence[Program], cache: Path) -> Path:
    """The folder of the programs on PATH; one of links if they stand in several."""
    paths = find(names(programs))
    version = prove(programs, paths)
    if version < pinned():
        seen = ".".join(map(str, version))
        raise RouteError(f"{paths[PULUMI.name]} is {seen}, older than {PULUMI.version}")
    folders = {path.parent for path in paths.values()}
    if len(folders) == 1:
        return folders.pop()
    linked = cache / f"linked-{digest(sorted(paths.items()))}"
    if not complete(linked, names(programs)):
        with locked(cache), published(linked) as folder:
            for name, path in paths.items():
                (folder / name).symlink_to(path)
    return linked


def find(wanted: Sequence[str]) -> dict[str, Path]:
    """Where the files stand: beside pulumi, where the engine looks too, or on PATH."""
    pulumi = shutil.which(PULUMI.name)
    if pulumi is None:
        raise RouteError("there is no pulumi on PATH")
    places = (
        str(Path(pulumi).resolve().parent),
        str(Path(pulumi).absolute().parent),
        os.environ["PATH"],
    )
    paths: dict[str, Path] = {}
    for name in wanted:
        found = shutil.which(name, path=os.pathsep.join(places))
        if found is None:
            raise RouteError(f"{pulumi} has no {name} beside it or on PATH")
        paths[name] = Path(found).absolute()
    return paths
