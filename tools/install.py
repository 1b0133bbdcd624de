#!/usr/bin/env python3
"""Put `pulumi` and its language hosts into one folder and print that folder.

The folder is the last line of stdout; what happens meanwhile goes to stderr. With that
folder on PATH the engine finds its hosts. The programs are those on PATH if they serve,
else what Pulumi's installer brings, else pinned Go modules built here. What is
installed or built is kept in PULUMI_UCIMAGE_TOOLS, or pulumi-ucimage/tools in the
user's cache folder, which may be removed at any time.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pulumi_engine.build import built_in, from_go, go_on_path
from pulumi_engine.cache import locked
from pulumi_engine.errors import InstallError, RouteError
from pulumi_engine.installer import from_installer, installed_in
from pulumi_engine.path import from_path
from pulumi_engine.process import say
from pulumi_engine.programs import PROGRAMS, PULUMI, complete, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_engine.programs import Program


def provide(programs: Sequence[Program], cache: Path, *, install: bool) -> Path:
    """The folder with the programs, by the first way that is open."""
    try:
        return from_path(programs, cache)
    except RouteError as error:
        say(f"not from PATH: {error}")
    go = go_on_path()
    if folder := kept(programs, cache, go):
        return folder
    if not install:
        raise InstallError("Nothing is kept yet; run this without --print.")
    with locked(cache):
        if folder := kept(programs, cache, go):  # another run was faster
            return folder
        try:
            return from_installer(programs, cache)
        except RouteError as error:
            say(f"not from Pulumi's installer: {error}")
        return from_go(programs, cache, go)


def kept(programs: Sequence[Program], cache: Path, go: str) -> Path | None:
    """The folder that an earlier run filled, if there is one."""
    folders = (installed_in(cache), built_in(cache, programs, go))
    return next((path for path in folders if complete(path, names(programs))), None)


def cache_folder() -> Path:
    """Where to keep what is installed or built."""
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    default = f"{user_cache}/pulumi-ucimage/tools"
    chosen = os.environ.get("PULUMI_UCIMAGE_TOOLS") or default
    return Path(chosen).expanduser().absolute()


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    summary, _, details = str(__doc__).partition("\n")
    known = [program.name for program in PROGRAMS]
    parser = argparse.ArgumentParser(description=summary, epilog=details)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"one of {', '.join(known)}; all by default, and always {PULUMI.name}",
    )
    parser.add_argument(
        "--print",
        action="store_true",
        help="print the folder if there is one; install and build nothing",
    )
    asked = parser.parse_args()
    for name in asked.names:
        if name not in known:
            parser.error(f"{name} is none of {', '.join(known)}")
    return asked


def end(number: int, _frame: object) -> NoReturn:
    """End as after an exception, so that no child and nothing half-made remains."""
    sys.exit(128 + number)


def main() -> None:
    """Provide the folder and print it."""
    asked = arguments()
    wanted = {PULUMI.name, *asked.names}
    chosen = [p for p in PROGRAMS if not asked.names or p.name in wanted]
    cache = cache_folder()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        folder = provide(chosen, cache, install=not asked.print)
    except InstallError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"Pulumi's programs could not be kept in {cache} ({error}); mend that or "
            "set PULUMI_UCIMAGE_TOOLS to another folder."
        )
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
