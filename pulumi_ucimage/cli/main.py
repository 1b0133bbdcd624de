"""The entry point: find the command, run it, and turn its end into an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem

from pulumi_ucimage.cli.interrupt import leave
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

# A command's module is loaded when the command is used, because it loads Pulumi.
_COMMANDS: Final = {
    "images": "List the images of a bucket.",
    "tags": "Show every tag of an image, and why it was chosen or rejected.",
    "choose": "Print the reference of the chosen tag.",
    "pins": "Compare the pins of a stack with what is listed now.",
    "config": "Show every setting and where it comes from.",
    "emulator": "Run an emulator of the UCloud API, for tests and demos.",
}

_ERROR: Final = 1
_COMPLETE: Final = "_UCIMAGE_COMPLETE"
_EPILOG: Final = f"""\
\b
Examples:
  ucimage tags ucs helloworld --policy semver
  docker pull "$(ucimage choose ucs helloworld --policy semver)"

\b
Shell completion, in ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$({_COMPLETE}=bash_source ucimage)"
  eval "$({_COMPLETE}=zsh_source ucimage)"
  {_COMPLETE}=fish_source ucimage | source

\b
Exit status:
  0 success, 1 an error, 2 wrong usage, 130 Ctrl-C;
  pins --exit-code: 3 something to look at
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
        command: click.Command = import_module(f"pulumi_ucimage.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # click's own loads the module of every command that it offers.
        commands = [
            CompletionItem(name, help=summary)
            for name, summary in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def ucimage() -> None:
    """Find the tags of container images in UCloud's registry.

    Shows at a terminal what a Pulumi program would get.
    """


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process.

    Args:
        args: the arguments; None for those of this process.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream:
            # A terminal that cannot show a character gets its escape, not an exception.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _run(sys.argv[1:] if args is None else args)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        leave()
    except BrokenPipeError:
        # Nobody reads the rest. Python must not try to write it again at exit.
        os._exit(0)
    except OSError as error:
        file = f": {error.filename}" if error.filename else ""
        click.echo(f"Error: {error.strerror or error}{file}", err=True)
        os._exit(_ERROR)
    except Exception as error:  # noqa: BLE001 - a user gets a sentence, not a traceback
        click.echo(f"Error: {_bug(error)}", err=True)
        status = _ERROR
    sys.exit(status)


def _run(args: Sequence[str]) -> int:
    """Run the command that they name; the exit status."""
    if _COMPLETE in os.environ:
        ucimage.main([*args], prog_name="ucimage")  # answers the shell, and exits
    try:
        # click's own `main` has other exit statuses for Ctrl-C and a closed pipe.
        with ucimage.make_context("ucimage", [*args]) as context:
            return ucimage.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _bug(error: Exception) -> str:
    """A sentence about an error that nobody expected; its text may hold anything."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{Path(last.filename).name}, line {last.lineno}"
    name = type(error).__name__
    return f"ucimage {__version__} has a bug, please report it: {name} in {line}."
