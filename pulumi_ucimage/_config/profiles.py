"""The official UCloud CLI's profiles: `config.json` and `credential.json`.

Both are lists of rows, one for each profile. Files are read and never written. No message
shows what is in them, and no traceback holds it: a frame that raises holds no variable with
a file's content, except as a `Secret`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._formatting import join_names, quoted
from pulumi_ucimage._http.machine import explain_machine_problem
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._config.profile_file import ProfileRow
    from pulumi_ucimage._spec.settings import Setting

_MAX_BYTES: Final = 1024 * 1024
_CONFIG_FIELDS: Final = ("region", "project_id", "base_url")
_KEY_FIELDS: Final = ("public_key", "private_key")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFile:
    """One of the two files.

    Attributes:
        path: where it is.
        setting: the setting that names it.
        named_by: the setting's name in the place that names the file; None for the
            default path, where the file may be missing.
    """

    path: str
    setting: Setting
    named_by: str | None

    def rows(self) -> dict[str, ProfileRow]:
        """The rows by the profile's name; none if there is no file at a default path.

        Raises:
            ConfigError: the file cannot be read, or is not a list of profiles.
        """
        rows = _read_rows(self)
        if isinstance(rows, str):
            raise ConfigError(rows)
        # Of two rows with one name the CLI takes the last.
        return {row.profile: row for row in rows}

    def message(self, problem: str) -> str:
        """The message about a problem of this file, with every way to use another one."""
        named = f", named by {self.named_by}," if self.named_by else ""
        return (
            f"The profile file {quoted(self.path)}{named} {problem}: correct it, or name"
            f" another file ({self.setting.command('PATH')} or {self.setting.variable})."
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile, of both files together.

    Attributes:
        name: its name.
        config_file: path of the file of profiles.
        credentials_file: path of the file of keys.
        values: its fields that are set, by their names in the files.
        is_oauth: whether the CLI logs in with a browser here; keys in its file are then
            stale.
    """

    name: str
    config_file: str
    credentials_file: str
    values: Mapping[str, Secret]
    is_oauth: bool

    def path_of(self, field: str | None) -> str:
        """The path of the file that has a field."""
        return self.credentials_file if field in _KEY_FIELDS else self.config_file


def read_profile(
    name: str | None, *, config_file: ProfileFile, credentials_file: ProfileFile
) -> Profile | None:
    """A profile by name, else the active one, else the one named `default`.

    Args:
        name: the profile that is asked for; None for the active one.
        config_file: the file of profiles.
        credentials_file: the file of keys.

    Returns:
        None if no name is given and there is neither an active profile nor `default`.

    Raises:
        ConfigError: a file is malformed or a named one is missing, or no profile has
            that name.
    """
    configs = config_file.rows()
    credentials = credentials_file.rows()
    names = list(dict.fromkeys([*configs, *credentials]))
    if name is None:
        active = [row.profile for row in configs.values() if row.active]
        # The CLI writes at most one, and reads the last.
        name = active[-1] if active else "default"
        if name not in names:
            return None
    if name not in names:
        there = f"which have {join_names(names)}" if names else "which have no profiles"
        message = (
            f"No profile is named {quoted(name)} in {quoted(config_file.path)} or"
            f" {quoted(credentials_file.path)}, {there}: name another profile (the argument"
            f" profile, {SETTINGS_BY_KEY['profile'].command('NAME')} or UCLOUD_PROFILE),"
            " or create it with `ucloud config`."
        )
        raise ConfigError(message)
    config, keys = configs.get(name), credentials.get(name)
    return Profile(
        name=name,
        config_file=config_file.path,
        credentials_file=credentials_file.path,
        values={
            **_values(config, _CONFIG_FIELDS, config_file),
            **_values(keys, _KEY_FIELDS, credentials_file),
        },
        is_oauth=bool(keys and keys.is_oauth),
    )


def _values(
    row: ProfileRow | None, fields: tuple[str, ...], file: ProfileFile
) -> dict[str, Secret]:
    """The fields of the used row that are set.

    Raises:
        ConfigError: a field is malformed.
    """
    values: dict[str, Secret] = {}
    if row is None:
        return values
    for field in fields:
        value = getattr(row, field)
        if isinstance(value, Secret):
            values[field] = value
        elif value is not None:
            message = (
                f"The field {field} of the profile {quoted(row.profile)} in"
                f" {quoted(file.path)} is not a string: correct it, or create the profile"
                " again with `ucloud config`."
            )
            raise ConfigError(message)
    return values


def _read_rows(file: ProfileFile) -> list[ProfileRow] | str:
    """The rows of a profile file, or the message about what is wrong with it."""
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return file.message("does not exist") if file.named_by else []
    except OSError as error:
        if problem := explain_machine_problem(error):
            return f"The profile file {quoted(file.path)} was not read, because {problem}."
        return file.message(f"cannot be read ({error.strerror})")
    except ValueError:
        return file.message("has an invalid path")
    if len(content) > _MAX_BYTES:
        return file.message("is larger than 1 MiB")
    # Loads pydantic, which is needed only if there is a profile file.
    from pulumi_ucimage._config.profile_file import parse_rows  # noqa: PLC0415

    rows = parse_rows(content)
    return file.message(rows) if isinstance(rows, str) else rows
