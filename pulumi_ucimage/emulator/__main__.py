"""The command line: prints the URL, logs requests, and waits for a signal."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from pulumi_ucimage.emulator.emulator import Emulator
from pulumi_ucimage.emulator.errors import EmulatorError
from pulumi_ucimage.emulator.registry_login import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PROGRAM = "python -m pulumi_ucimage.emulator"
_EPILOG = """\
The first line on stdout is the URL. Everything else is on stderr, one line per request.
Ctrl-C (SIGINT) or SIGTERM stops the emulator.

data file:
  {"Keys": [{"PublicKey": "...", "PrivateKey": "...", "SecurityToken": optional}],
   "Buckets": [{"Region": "cn-bj2", "BucketName": "ucs", "ProjectId": optional,
                "ImageSet": [as the API sends it]}]}
  Without a data file: the key pair demo-public-key / demo-private-key, the region cn-bj2,
  and the bucket ucs with the image ucsdr.ucloud.cn:5000/ucs/helloworld.

faults, KIND[=VALUE][*TIMES] (TIMES: for how many requests; default: all):
  retcode=153    answer with this RetCode
  http=503       answer with this HTTP status, without a listing
  drop           reset the connection without an answer
  delay=0.5      wait this many seconds before the answer
  cap=10         return at most this many images per page, whatever Limit says
  retry_after=2  add a Retry-After header to the answers of retcode and http
  The first retcode, http or drop that is not used up answers, and the next ones wait;
  delay, cap and retry_after apply in addition.

registry:
  The images can also be asked for their digests: use registry="127.0.0.1:PORT". The
  emulator has manifests only; it serves no blobs, so images cannot be pulled from it.
  With --registry-login, the user is demo, the password demo-registry-password.

while it runs, from another process:
  curl -H 'Content-Type: application/json' URL/emulator/push -d \\
    '{"BucketName": "ucs", "ImageName": "helloworld", "TagName": "1.2.0"}'
  Likewise /emulator/delete and /emulator/faults {"faults": ["http=503*2"]}, and
  GET /emulator/requests: see `python -m pydoc pulumi_ucimage.emulator`.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}; see --help.\n")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = _Parser(
        prog=_PROGRAM,
        description="A UCloud API on 127.0.0.1 that answers GetDockerImageList, and the"
        " registry of its images.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="port (default: 0, any free one)",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="JSON file with keys and buckets (default: data for demos)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="SPEC",
        help="what goes wrong; may be repeated",
    )
    parser.add_argument(
        "--registry-login",
        choices=SCHEMES,
        help="how clients of the registry log in (default: they need not)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an emulator until a signal ends it.

    Args:
        arguments: the arguments of the command line; None: those of this process.

    Returns:
        the exit status: 0 after a signal, 2 if the arguments are invalid.
    """
    options = _parser().parse_args(arguments)
    try:
        emulator = Emulator(
            data=options.data,
            faults=options.fault,
            port=options.port,
            registry_login=options.registry_login,
            log=_log,
        )
        with emulator, _signals() as signals:
            # First of all lines: with the URL, another process may send requests.
            _log("Press Ctrl-C to stop the emulator. It logs one line for each request.")
            sys.stdout.write(f"{emulator.url}\n")
            sys.stdout.flush()
            signals.recv(1)
    except EmulatorError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that receives a byte for each SIGINT or SIGTERM.

    The byte is there whichever thread the system gives the signal to, and if it comes just
    before this thread begins to wait. A Python handler would miss both.
    """
    received, sender = socket.socketpair()
    with received, sender:
        sender.settimeout(0)  # as set_wakeup_fd wants it
        before = signal.set_wakeup_fd(sender.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            yield received
        finally:
            signal.set_wakeup_fd(before)


def _log(line: str) -> None:
    # The terminal may be gone: that stops no request.
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
