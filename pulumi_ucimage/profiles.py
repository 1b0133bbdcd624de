"""The official UCloud CLI's profiles: `config.json` and `credential.json`.

Both are lists of objects, one for each profile. Files are read and never written, and no
message shows what stands in them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage.credentials import Secret
from pulumi_ucimage.errors import ConfigError
from pulumi_ucimage.text import quoted, some

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_FILE: Final = 1024 * 1024
_TEXTS: Final = ("region", "project_id", "base_url")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile, of both files together.

    Attributes:
        name: its name.
        texts: `region`, `project_id` and `base_url`, as far as they are set.
        keys: `public_key` and `private_key`, as far as they are set.
        is_oauth: whether the CLI logs in with a browser here; the keys that may still
            stand in its file are then stale.
        files: both files' paths, for messages.
    """

    name: str
    texts: Mapping[str, str]
    keys: Mapping[str, Secret]
    is_oauth: bool
    files: str


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
    configs = _read(config_file)
    credentials = _read(credentials_file)
    names = list(dict.fromkeys(str(row["profile"]) for row in configs + credentials))
    if name is None:
        active = (row["profile"] for row in configs if row.get("active") is True)
        name = next(active, "default" if "default" in names else None)
        if name is None:
            return None
    if name not in names:
        there = f"there are {some(names)}" if names else "there is none"
        message = (
            f"No profile is named {quoted(name)} in {quoted(config_file)} or"
            f" {quoted(credentials_file)}: {there}; name one of them (argument profile,"
            " `pulumi config set ucimage:profile NAME` or UCLOUD_PROFILE), or make it"
            " with `ucloud init`."
        )
        raise ConfigError(message)
    config = _named(configs, name)
    secret = _named(credentials, name)
    return Profile(
        name=name,
        texts=_texts(config, _TEXTS, config_file),
        keys={
            key: Secret(_texts(secret, (key,), credentials_file)[key])
            for key in ("public_key", "private_key")
            if secret.get(key)
        },
        is_oauth=str(secret.get("auth_mode", "")).lower() == "oauth",
        files=f"{quoted(config_file)} and {quoted(credentials_file)}",
    )


def _read(path: str) -> list[_Row]:
    """The rows of a profile file; none where there is no file.

    Raises:
        ConfigError: the file cannot be read, or is not a list of profiles.
    """
    problem = "cannot be read"
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            problem = "is too large for one"
        else:
            # No Python object of the exception may keep the content: it holds keys.
            rows = _rows(content)
            if rows is not None:
                return rows
            problem = "is not a list of profiles in JSON"
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        pass
    message = (
        f"The profile file {quoted(path)} {problem}; mend it, make it anew with"
        " `ucloud init`, or set UCLOUD_SHARED_CONFIG_FILE and"
        " UCLOUD_SHARED_CREDENTIAL_FILE to others."
    )
    raise ConfigError(message)


class _Row(dict[str, Any]):
    """An object of a profile file, which no repr shows."""

    def __repr__(self) -> str:
        return "<profile>"


def _rows(content: bytes) -> list[_Row] | None:
    try:
        rows = json.loads(content, object_hook=_Row)
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list) or not all(isinstance(row, _Row) for row in rows):
        return None
    named = all(isinstance(row.get("profile"), str) for row in rows)
    return rows if named else None


def _named(rows: list[_Row], name: str) -> _Row:
    return next((row for row in rows if row["profile"] == name), _Row())


def _texts(row: _Row, keys: tuple[str, ...], path: str) -> dict[str, str]:
    """The values of some keys; empty ones and null are as good as none.

    Raises:
        ConfigError: a value is no text.
    """
    texts = {}
    for key in keys:
        if value := row.get(key):
            if not isinstance(value, str):
                message = (
                    f"{key} of profile {quoted(row['profile'])} in {quoted(path)} is no"
                    " text; mend it, or make the profile anew with `ucloud init`."
                )
                raise ConfigError(message)
            texts[key] = value
    return texts
