"""Where a command's settings come from: the stack of the Pulumi project, if there is one.

The options `--cwd`, `--stack` and `--no-stack` say which stack's configuration counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_ucimage._config.stack import key_warnings, stack_values
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage.cli import stack
from pulumi_ucimage.cli.output import Log, note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage._secret import Secret


@dataclass(frozen=True)
class Session:
    """The project folder and the stack that a command uses.

    Attributes:
        folder: the Pulumi project; None outside of one, or with `--no-stack`.
        stack: the stack's name; None for the selected one.
    """

    folder: Path | None
    stack: str | None

    def context(self) -> LookupContext:
        """What a look-up takes from here; runs `pulumi` in a project.

        Raises:
            ConfigError: the stack's configuration cannot be read.
        """
        return LookupContext(stack=self._config(), log=Log())

    def _config(self) -> Mapping[str, Secret]:
        if self.folder is None:
            return {}
        values = stack.read_config(self.folder, self.stack)
        if values is None:
            note(f"No stack is selected in {self.folder}; no stack configuration is used.")
            return {}
        unencrypted = [key for key, value in values.items() if not value.is_secret]
        for warning in key_warnings(values, unencrypted=unencrypted):
            note(f"Warning: {warning}")
        return stack_values(lambda key: values[key].text if key in values else None)


def session_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a stack, and pass them on as one `session`."""

    @click.option(
        "--cwd",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=".",
        help="Folder of the Pulumi project whose stack configuration is used. Default:"
        " this one.",
    )
    @click.option(
        "--stack",
        "stack_name",
        metavar="TEXT",
        help="Stack of the project. Default: the selected one.",
    )
    @click.option("--no-stack", is_flag=True, help="Ignore the stack's configuration.")
    @wraps(command)
    def with_session(
        *, cwd: Path, stack_name: str | None, no_stack: bool, **values: Any
    ) -> Any:
        if stack_name and no_stack:
            raise click.UsageError("--stack and --no-stack exclude each other.")
        folder = None if no_stack else stack.project_folder(cwd)
        if stack_name and folder is None:
            message = "--stack needs a Pulumi project; go to its folder, or use --cwd."
            raise click.UsageError(message)
        return command(session=Session(folder, stack_name), **values)

    return with_session


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)
