"""The stack of a Pulumi project: its configuration and its state, read by `pulumi`.

Pulumi itself decrypts them, with the passphrase or the secrets provider that the
environment names. Nothing is written.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pulumi_ucimage._formatting import printable
from pulumi_ucimage.cli.interrupt import cleaning_up
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_NO_STACK: Final = "no stack selected"


def project_folder(folder: Path) -> Path | None:
    """The nearest folder with a Pulumi project, upwards from `folder`; None without one."""
    absolute = folder.absolute()
    return next(
        (
            parent
            for parent in (absolute, *absolute.parents)
            if any((parent / name).is_file() for name in _PROJECT_FILES)
        ),
        None,
    )


class ConfigValue(NamedTuple):
    """A value of the stack's configuration.

    Attributes:
        text: the value; decrypted, so that it must not be shown if `is_secret`.
        is_secret: whether it is stored encrypted.
    """

    text: str
    is_secret: bool


def read_config(folder: Path, stack: str | None) -> dict[str, ConfigValue] | None:
    """The stack's configuration by full key, such as `ucimage:region`.

    Args:
        folder: a Pulumi project.
        stack: the stack's name; None for the selected one.

    Returns:
        None if no stack is selected.

    Raises:
        ConfigError: `pulumi` is not installed or fails.
    """
    try:
        output = _pulumi(
            folder,
            stack,
            ["config", "--show-secrets", "--json"],
            instead="use --no-stack to ignore the stack",
        )
    except _NoStackError:
        return None
    try:
        values: Mapping[str, Mapping[str, Any]] = json.loads(output)
        return {
            key: ConfigValue(value["value"], bool(value.get("secret")))
            for key, value in values.items()
            if isinstance(value.get("value"), str)
        }
    except (ValueError, AttributeError):
        message = (
            "`pulumi config --json` did not print a stack's configuration; is that"
            " Pulumi's command line?"
        )
        raise ConfigError(message) from None


def export(folder: Path, stack: str | None) -> str:
    """What `pulumi stack export` prints, with secrets decrypted.

    Args:
        folder: a Pulumi project.
        stack: the stack's name; None for the selected one.

    Raises:
        ConfigError: `pulumi` is not installed or fails, or no stack is selected.
    """
    try:
        return _pulumi(
            folder,
            stack,
            ["stack", "export", "--show-secrets"],
            instead="give the output of `pulumi stack export --show-secrets` with --from",
        )
    except _NoStackError:
        message = (
            "No stack is selected; run `pulumi stack select`, or name one with --stack."
        )
        raise ConfigError(message) from None


class _NoStackError(Exception):
    """The project has no selected stack."""


def _pulumi(folder: Path, stack: str | None, args: Sequence[str], *, instead: str) -> str:
    """What a command of `pulumi` prints.

    It runs in the main thread, so that Ctrl-C ends it too.

    Args:
        folder: a Pulumi project.
        stack: the stack's name; None for the selected one.
        args: the command.
        instead: what to do without Pulumi, for messages.
    """
    program = shutil.which("pulumi")
    if program is None:
        message = (
            "`pulumi` is not on PATH, and the stack cannot be read without it; install"
            f" Pulumi's command line, or {instead}."
        )
        raise ConfigError(message)
    command = [program, *args, *(["--stack", stack] if stack else [])]
    with cleaning_up():
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            [*command, "--cwd", str(folder), "--non-interactive", "--color=never"],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    if done.returncode == 0:
        return done.stdout
    if _NO_STACK in done.stderr and not stack:
        raise _NoStackError
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    reason = lines[-1].removeprefix("error: ") if lines else "it gave no reason"
    message = (
        f"`pulumi {' '.join(args[:2])}` failed in {folder}:"
        f" {printable(reason, limit=300)}; correct that, or {instead}."
    )
    raise ConfigError(message)
