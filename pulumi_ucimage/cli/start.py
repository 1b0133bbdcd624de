"""The console script: it loads the command line, which takes time, with Ctrl-C handled."""

from __future__ import annotations

from typing import NoReturn

from pulumi_ucimage.cli.interrupt import leave_on_ctrl_c


def main() -> NoReturn:
    """Run the command line of this process."""
    leave_on_ctrl_c()
    from pulumi_ucimage.cli.main import main as run  # noqa: PLC0415 - see above

    run()
