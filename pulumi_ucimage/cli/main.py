"""The entry point: find the command, run it, and turn its end into an exit status."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

# A command's module is loaded when the command is used: it imports Pulumi.
_COMMANDS: Final = {
    "images": "List the images of a bucket.",
    "tags": "Show every tag of an image, and why it was chosen or rejected.",
    "choose": "Print the reference of the chosen tag.",
    "pins": "Compare the pins of a stack with what is listed now.",
    "config": "Show every setting and where it comes from.",
    "emulator": "Run a UCloud API on this machine, for tests and demos.",
}

_CTRL_C: Final = 130
_EPILOG: Final = """\
\b
Examples:
  ucimage tags ucs helloworld --policy semver
  docker pull "$(ucimage choose ucs helloworld --policy semver)"

\b
Shell completion, for ~/.bashrc, ~/.zshrc and ~/.config/fish/completions/ucimage.fish:
  eval "$(_UCIMAGE_COMPLETE=bash_source ucimage)"
  eval "$(_UCIMAGE_COMPLETE=zsh_source ucimage)"
  _UCIMAGE_COMPLETE=fish_source ucimage | source
"""


class _Commands(click.Group):
    """The commands, each in a module of its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"pulumi_ucimage.cli.{cmd_name}")
        command: click.Command = module.command
        command.short_help = _COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, epilog=_EPILOG)
@click.version_option(__version__, prog_name="ucimage", message="%(prog)s %(version)s")
@click.help_option("-h", "--help")
def ucimage() -> None:
    """Find the tags of container images in UCloud's registry.

    Answers at a terminal what a Pulumi program would be told.
    """


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process.

    Args:
        words: the arguments; None for those of this process.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, not an exception.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = ucimage.main(words, prog_name="ucimage", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        status = end.exit_code
    except (KeyboardInterrupt, click.Abort):
        status = _CTRL_C
    except BrokenPipeError:
        # Nobody reads the rest. Python must not try again to write it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except Exception as error:
        from pulumi_ucimage.errors import UcimageError  # noqa: PLC0415 - loads Pulumi

        if not isinstance(error, UcimageError):
            raise
        click.echo(str(error), err=True)
        status = 1
    if status == _CTRL_C:
        # Threads may still wait for a server; the user does not.
        os._exit(_CTRL_C)
    sys.exit(status)
