"""What this machine has run out of, in words."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

_MACHINE_PROBLEMS: Final = {
    errno.EMFILE: "this process has too many open files; close some or raise the limit"
    " (ulimit -n)",
    errno.ENFILE: "this machine has too many open files; close some or raise the limit"
    " (fs.file-max)",
    errno.ENOMEM: "this machine has no memory left; free some or raise the limit",
    errno.ENOSPC: "this machine has no disk space left; free some",
}


def explain_machine_problem(error: BaseException) -> str | None:
    """What this machine has run out of, as a clause with advice.

    Returns:
        None if the error has another reason, such as a server or a setting.
    """
    # The numbers of these two are not errno values.
    if not isinstance(error, OSError) or isinstance(error, (ssl.SSLError, socket.gaierror)):
        return None
    return _MACHINE_PROBLEMS.get(error.errno or 0)
