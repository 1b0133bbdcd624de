"""`ucimage emulator`: the same as `python -m pulumi_ucimage.emulator`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(*, args: tuple[str, ...]) -> int:
    """Run an emulator of the UCloud API; `ucimage emulator --help` shows its options."""
    # By name, because the emulator is independent of the rest: no other module knows it.
    emulator: Any = import_module("pulumi_ucimage.emulator.__main__")
    status: int = emulator.main(args)
    return status
