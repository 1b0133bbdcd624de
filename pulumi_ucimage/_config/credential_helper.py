"""Docker's credential helpers: programs, run with a time limit and a limited output.

Nothing that a helper says is in a message, except as a `Secret`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._secret import RegistryCredentials, Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

HELPER_TIMEOUT_S: Final = 30.0
"""The longest wait for a credential helper, in seconds."""

_MAX_OUTPUT_BYTES: Final = 64 * 1024
_NOT_FOUND: Final = b"credentials not found"
"""What a helper prints, with a non-zero exit status, if it has no such credentials."""
_IDENTITY_TOKEN_USER: Final = "<token>"  # noqa: S105
"""The user name by which a helper marks an identity token."""


def ask_helper(
    program: str, host: str, timeout_s: float
) -> RegistryCredentials | str | None:
    """The credentials that a helper has for a host.

    Args:
        program: the helper, `docker-credential-<name>`.
        host: the registry, `host[:port]`.
        timeout_s: how long the helper may take, in seconds.

    Returns:
        None if it has none; what is wrong with it, as the end of a sentence.
    """
    executable = shutil.which(program)
    if executable is None:
        return "is not on PATH"
    status, output = _run([executable, "get"], host, timeout_s)
    if isinstance(status, str):
        return status
    if status:
        return None if _NOT_FOUND in output else f"failed with exit status {status}"
    return _parse_answer(output, origin=f"the credential helper {program}")


def _parse_answer(output: bytes, origin: str) -> RegistryCredentials | str | None:
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
        return RegistryCredentials("", Secret(""), origin, Secret(password))
    return RegistryCredentials(username, Secret(password), origin)


def _run(command: Sequence[str], line: str, timeout_s: float) -> tuple[int | str, bytes]:
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
    ends_s = monotonic() + timeout_s
    in_time = False
    try:
        assert process.stdin  # noqa: S101 - it is a pipe
        with suppress(OSError), process.stdin as stdin:
            stdin.write(line.encode())
        reader.join(timeout_s)
        if output and len(output[0]) <= _MAX_OUTPUT_BYTES:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, ends_s - monotonic()))
                in_time = True
    finally:
        if not in_time:
            _end(process)
            reader.join(1)
    if in_time:
        return process.returncode, output[0]
    if output and len(output[0]) > _MAX_OUTPUT_BYTES:
        return f"printed more than {_MAX_OUTPUT_BYTES // 1024} KiB", b""
    return f"did not answer within {timeout_s:g} s", b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and its children, which may hold its output open."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
