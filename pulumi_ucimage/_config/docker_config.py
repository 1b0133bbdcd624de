"""Registry credentials from Docker's configuration, `config.json`.

The rules are those of the Docker CLI, with one of docker-py: if a helper has no
credentials, `auths` is used. This is not docker-py's `docker.auth`, which waits for a
helper without a limit, reads all that it prints, logs user names and raises errors whose
tracebacks hold passwords; the tests compare both.

Nothing that a file or a helper says is in a message, or in a variable of a function that
raises, except as a `Secret`.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from pulumi_ucimage._config.credential_helper import HELPER_TIMEOUT_S, ask_helper
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import ConfigError

_MAX_FILE_BYTES: Final = 1024 * 1024
_HELPER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MALFORMED: Final = "has a malformed entry"


def docker_credentials(
    host: str, *, helper_timeout_s: float = HELPER_TIMEOUT_S
) -> RegistryCredentials | None:
    """The credentials that Docker would use at a registry.

    Args:
        host: the registry, `host[:port]`.
        helper_timeout_s: how long a credential helper may take, in seconds.

    Returns:
        None if Docker has none for this host.

    Raises:
        ConfigError: the file or the helper that it names cannot be used.
    """
    path = config_file()
    entry = _read(path, host)
    if entry.problem:
        message = (
            f"Docker's configuration {quoted(path)} {entry.problem}; correct it, write it"
            f" again with `docker login {host}`, or set DOCKER_CONFIG to another folder."
        )
        raise ConfigError(message)
    if not entry.helper:
        return entry.credentials
    program = f"docker-credential-{entry.helper}"
    answer = ask_helper(program, host, helper_timeout_s)
    if isinstance(answer, str):
        message = (
            f"The credential helper {program}, which {quoted(path)} names for {host},"
            f" {answer}; see what `echo {host} | {program} get` does, or remove the helper"
            " from that file."
        )
        raise ConfigError(message)
    return answer or entry.credentials


def config_file() -> str:
    """The path of Docker's configuration, which may not exist."""
    folder = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")  # noqa: PTH111 - Path raises without a home
    return os.path.join(folder, "config.json")  # noqa: PTH118


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What Docker's configuration says about one host.

    Attributes:
        helper: the credential helper to ask first, by its name after
            `docker-credential-`; empty if there is none.
        credentials: what the file itself holds.
        problem: what is wrong with the file, as the end of a sentence.
    """

    helper: str = ""
    credentials: RegistryCredentials | None = None
    problem: str = ""


def _read(path: str, host: str) -> _Entry:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return _Entry()
    except (OSError, ValueError):
        return _Entry(problem="cannot be read")
    if len(content) > _MAX_FILE_BYTES:
        return _Entry(problem="is larger than 1 MiB")
    try:
        # Docker takes an empty file for one without settings.
        config = json.loads(content.strip() or b"{}")
    except (ValueError, RecursionError):
        return _Entry(problem="is not JSON")
    return _parse_entry(config, host, origin=f"Docker's configuration {quoted(path)}")


def _parse_entry(config: Any, host: str, *, origin: str) -> _Entry:
    if not isinstance(config, dict):
        return _Entry(problem="is not an object in JSON")
    helpers, auths = (config.get(key) or {} for key in ("credHelpers", "auths"))
    if not isinstance(helpers, dict) or not isinstance(auths, dict):
        return _Entry(problem="must have objects in credHelpers and auths")
    # An entry for this host wins over the store; an empty one means `auths`.
    helper = helpers.get(host, config.get("credsStore")) or ""
    if not isinstance(helper, str) or (helper and not _HELPER_NAME.fullmatch(helper)):
        return _Entry(problem="names a credential helper that cannot be a program's name")
    login = auths.get(host) or next(
        (login for key, login in auths.items() if _host(key) == host), None
    )
    credentials = _parse_login(login or {}, origin)
    if isinstance(credentials, str):
        return _Entry(problem=f"{credentials} for {host} in auths")
    return _Entry(helper=helper, credentials=credentials)


def _host(key: str) -> str:
    """The host of a key of `auths`, which may be a URL such as `https://host/v1/`."""
    return re.sub("^https?://", "", key).partition("/")[0]


def _parse_login(login: Any, origin: str) -> RegistryCredentials | str | None:
    """An entry of `auths`, or what is wrong with it.

    Returns:
        None if it is empty: Docker leaves it so if a store has the credentials.
    """
    fields = ("auth", "username", "password", "identitytoken")
    if not isinstance(login, dict) or not all(
        isinstance(login.get(field) or "", str) for field in fields
    ):
        return _MALFORMED
    auth, username, password, identity_token = (login.get(field) for field in fields)
    if identity_token:
        return RegistryCredentials("", Secret(""), origin, Secret(identity_token))
    if auth:
        try:
            decoded = base64.b64decode(auth, validate=True).decode()
        except (binascii.Error, ValueError):
            return _MALFORMED
        username, colon, password = decoded.partition(":")
        if not (username and colon):
            return _MALFORMED
        password = password.strip("\0")
    if not username:
        return None
    return RegistryCredentials(username, Secret(password or ""), origin)
