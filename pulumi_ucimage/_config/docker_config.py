"""Registry credentials from Docker's configuration: `config.json` and its helpers.

The rules are those of the Docker CLI. This is not docker-py's `docker.auth`, which waits
for a helper without a limit, reads all that it prints, logs user names and raises errors
whose tracebacks hold passwords; the tests compare both.

Nothing that a file or a helper says is in a message, or in a variable of a function that
raises, except as a `Secret`.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

HELPER_LIMIT_S: Final = 30.0
"""The longest wait for a credential helper, in seconds."""

_MAX_FILE_BYTES: Final = 1024 * 1024
_MAX_OUTPUT_BYTES: Final = 64 * 1024
_HELPER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NOT_FOUND: Final = b"credentials not found"
"""What a helper prints, with a non-zero exit status, if it has no such credentials."""
_IDENTITY_TOKEN_USER: Final = "<token>"  # noqa: S105
"""The user name by which a helper marks an identity token."""


def docker_credentials(
    host: str, *, helper_limit_s: float = HELPER_LIMIT_S
) -> RegistryCredentials | None:
    """The credentials that Docker would use at a registry.

    Args:
        host: the registry, `host[:port]`.
        helper_limit_s: how long a credential helper may take, in seconds.

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
    answer = _ask_helper(program, host, helper_limit_s)
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
    return _entry(config, host, origin=f"Docker's configuration {quoted(path)}")


def _entry(config: Any, host: str, *, origin: str) -> _Entry:
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
    credentials = _credentials(login or {}, origin)
    if credentials is _MALFORMED:
        return _Entry(problem=f"has a malformed entry for {host} in auths")
    return _Entry(helper=helper, credentials=credentials)


def _host(key: str) -> str:
    """The host of a key of `auths`, which may be a URL such as `https://host/v1/`."""
    return re.sub("^https?://", "", key).partition("/")[0]


_MALFORMED: Final = RegistryCredentials("", Secret(""), origin="")


def _credentials(login: Any, origin: str) -> RegistryCredentials | None:
    """An entry of `auths`; None if it is empty, as it is beside a store."""
    fields = ("auth", "username", "password", "identitytoken")
    texts: list[Any] = (
        [login.get(field) or "" for field in fields] if isinstance(login, dict) else [0]
    )
    if not all(isinstance(text, str) for text in texts):
        return _MALFORMED
    auth, username, password, identity_token = texts
    if identity_token:
        return _identity_token(identity_token, origin)
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
    return RegistryCredentials(username, Secret(password), origin)


def _identity_token(token: str, origin: str) -> RegistryCredentials:
    return RegistryCredentials("", Secret(""), origin, Secret(token))


def _ask_helper(
    program: str, host: str, limit_s: float
) -> RegistryCredentials | str | None:
    """What a helper has for a host: credentials, nothing, or what is wrong with it."""
    executable = shutil.which(program)
    if executable is None:
        return "is not on PATH"
    status, output = _run([executable, "get"], host, limit_s)
    if isinstance(status, str):
        return status
    if status:
        return None if _NOT_FOUND in output else f"failed with exit status {status}"
    return _answer(output, origin=f"the credential helper {program}")


def _answer(output: bytes, origin: str) -> RegistryCredentials | str | None:
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return "printed something that is not an object in JSON"
    username, password = (answer.get(field) or "" for field in ("Username", "Secret"))
    if not isinstance(username, str) or not isinstance(password, str):
        return "printed a Username or a Secret that is not a string"
    if not password:  # docker-credential-pass says so if it has none
        return None
    if username == _IDENTITY_TOKEN_USER:
        return _identity_token(password, origin)
    return RegistryCredentials(username, Secret(password), origin)


def _run(command: Sequence[str], line: str, limit_s: float) -> tuple[int | str, bytes]:
    """Run a program, without a shell, with a time limit and a limited output.

    Returns:
        its exit status and output; or what is wrong with it, as the end of a sentence.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's configuration names it
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that its children can be ended with it
        )
    except OSError:
        return "cannot be started", b""
    output: list[bytes] = []

    def read() -> None:
        assert process.stdout  # noqa: S101 - it is a pipe
        with process.stdout as stdout:
            output.append(stdout.read(_MAX_OUTPUT_BYTES + 1))

    # A thread, because pipes cannot be waited for on Windows.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    in_time = False
    try:
        assert process.stdin  # noqa: S101 - it is a pipe
        with suppress(OSError), process.stdin as stdin:
            stdin.write(line.encode())
        reader.join(limit_s)
        if output and len(output[0]) <= _MAX_OUTPUT_BYTES:
            with suppress(subprocess.TimeoutExpired):
                process.wait(limit_s)
                in_time = True
    finally:
        if not in_time:
            _end(process)
            reader.join(1)
    if in_time:
        return process.returncode, output[0]
    if output and len(output[0]) > _MAX_OUTPUT_BYTES:
        return f"printed more than {_MAX_OUTPUT_BYTES // 1024} KiB", b""
    return f"did not answer within {limit_s:g} s", b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and its children, which may hold its output open."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
