"""The official UCloud CLI's profiles: `config.json` and `credential.json`.

Both are lists of objects, one for each profile. Files are read and never written. What
stands in them is in no message, and no error leads to it: where one is raised, no variable
holds a file's content but as a `Secret`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._formatting import quoted, some
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_FILE: Final = 1024 * 1024
_TEXTS: Final = ("region", "project_id", "base_url")
_KEYS: Final = ("public_key", "private_key")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile, of both files together.

    Attributes:
        name: its name.
        config_file: path of the file of profiles.
        credentials_file: path of the file of keys.
        texts: `region`, `project_id` and `base_url`, as far as they are set.
        keys: `public_key` and `private_key`, as far as they are set.
        is_oauth: whether the CLI logs in with a browser here; the keys that may still
            stand in its file are then stale.
    """

    name: str
    config_file: str
    credentials_file: str
    texts: Mapping[str, str]
    keys: Mapping[str, Secret]
    is_oauth: bool


def read_profile(
    name: str | None, *, config_file: str, credentials_file: str
) -> Profile | None:
    """A profile by name, else the active one, else the one named `default`.

    Args:
        name: the profile that is asked for; None for whichever is active.
        config_file: path of the file of profiles; may be missing.
        credentials_file: path of the file of keys; may be missing.

    Returns:
        None where none is asked for and neither an active one nor `default` is there.

    Raises:
        ConfigError: a file is malformed, or no profile has that name.
    """
    configs = _read(config_file, _TEXTS, "sharedConfigFile")
    credentials = _read(credentials_file, _KEYS, "sharedCredentialsFile")
    names = list(dict.fromkeys([*configs, *credentials]))
    if name is None:
        active = [row.name for row in configs.values() if row.is_active]
        # The CLI writes one at the most, and reads the last.
        name = active[-1] if active else "default"
        if name not in names:
            return None
    if name not in names:
        there = f"there are {some(names)}" if names else "there is none at all"
        message = (
            f"No profile is named {quoted(name)} in {quoted(config_file)} or"
            f" {quoted(credentials_file)}, {there}: name another (argument profile,"
            f" {SETTINGS_BY_KEY['profile'].command('NAME')} or UCLOUD_PROFILE), or make"
            " it with `ucloud config`."
        )
        raise ConfigError(message)
    config = configs.get(name, _Row(name)).checked(config_file)
    secret = credentials.get(name, _Row(name)).checked(credentials_file)
    return Profile(
        name=name,
        config_file=config_file,
        credentials_file=credentials_file,
        texts={key: text.reveal() for key, text in config.texts.items()},
        keys=secret.texts,
        is_oauth=secret.is_oauth,
    )


@final
@dataclass(frozen=True, slots=True)
class _Row:
    """What is used of one object of a profile file.

    Attributes:
        name: the profile's name.
        is_active: whether the CLI uses it where none is named.
        is_oauth: whether the CLI logs in with a browser.
        texts: the fields that are set; empty ones and null are not.
        malformed: the fields that should be texts and are none.
    """

    name: str
    is_active: bool = False
    is_oauth: bool = False
    texts: Mapping[str, Secret] = field(default_factory=dict)
    malformed: tuple[str, ...] = ()

    def checked(self, path: str) -> _Row:
        """The row itself.

        Raises:
            ConfigError: a field is malformed; only the row that is used must be well.
        """
        if self.malformed:
            message = (
                f"{self.malformed[0]} of the profile {quoted(self.name)} in"
                f" {quoted(path)} is no text; mend it, or make the profile anew with"
                " `ucloud config`."
            )
            raise ConfigError(message)
        return self


def _read(path: str, keys: tuple[str, ...], setting: str) -> dict[str, _Row]:
    """The rows of a profile file by name; none where there is no file.

    Raises:
        ConfigError: the file cannot be read, or is not a list of profiles.
    """
    rows = _rows(path, keys)
    if isinstance(rows, str):
        other = SETTINGS_BY_KEY[setting]
        message = (
            f"The profile file {quoted(path)} {rows}; mend it, make it anew with `ucloud"
            f" init`, or name another ({other.command('PATH')} or {other.variable})."
        )
        raise ConfigError(message)
    # Of two rows with one name the CLI takes the last.
    return {row.name: row for row in rows}


def _rows(path: str, keys: tuple[str, ...]) -> list[_Row] | str:
    """The rows of a profile file, or what is wrong with it."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        return "cannot be read"
    if len(content) > _LARGEST_FILE:
        return "is larger than 1 MiB"
    try:
        # The CLI writes `null` where it has no profile, and reads an empty file so.
        values = json.loads(content or b"null")
    except (ValueError, RecursionError):
        values = False
    if values is None:
        return []
    rows = [_row(value, keys) for value in values] if isinstance(values, list) else [None]
    well = [row for row in rows if row]
    return well if len(well) == len(rows) else "is not a list of profiles in JSON"


def _row(value: object, keys: tuple[str, ...]) -> _Row | None:
    """A row of a profile file; None where it is none."""
    if not isinstance(value, dict):
        return None
    name, active = value.get("profile"), value.get("active")
    if not isinstance(name, str) or not isinstance(active, bool | None):
        return None
    return _Row(
        name,
        is_active=active is True,
        is_oauth=value.get("auth_mode") == "oauth",
        texts={
            key: Secret(text)
            for key in keys
            if isinstance(text := value.get(key), str) and text
        },
        malformed=tuple(key for key in keys if not isinstance(value.get(key), str | None)),
    )
