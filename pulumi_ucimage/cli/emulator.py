"""`ucimage emulator`: the same as `python -m pulumi_ucimage.emulator`."""

from __future__ import annotations

import runpy
import sys

import click


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(*, words: tuple[str, ...]) -> None:
    """Run a UCloud API on 127.0.0.1; `ucimage emulator --help` shows its options."""
    # Not an import: the emulator must stay independent of the rest of the package.
    sys.argv[1:] = words
    runpy.run_module("pulumi_ucimage.emulator", run_name="__main__", alter_sys=True)
