"""The command line: reads the arguments, prints the URL, waits for a signal."""

from __future__ import annotations

import argparse
import queue
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from pulumi_ucimage.emulator.emulator import Emulator
from pulumi_ucimage.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = "python -m pulumi_ucimage.emulator"
_MORE = """\
The first line on stdout is the URL. The emulator ends on SIGINT (Ctrl-C) or SIGTERM.

data file:
  {"Keys": [{"PublicKey": "...", "PrivateKey": "...", "SecurityToken": optional}],
   "Buckets": [{"Region": "cn-bj2", "BucketName": "ucs", "ProjectId": optional,
                "ImageSet": [as the API sends it]}]}
  Without one: the key pair demo-public-key / demo-private-key, the region cn-bj2, and the
  bucket ucs with the image ucsdr.ucloud.cn:5000/ucs/helloworld.

faults, KIND[=VALUE][*TIMES] (TIMES: for how many requests; default: all):
  retcode=153    answer with that RetCode
  http=503       answer with that HTTP status, and no listing
  drop           reset the connection without an answer
  delay=0.5      wait so many seconds before anything is answered
  cap=10         make no page longer, whatever Limit says
  retry_after=2  add a Retry-After header to what retcode and http answer
  The first retcode, http or drop that is not used up answers, and those after it wait;
  delay, cap and retry_after come on top of everything.

while it runs, from another process:
  curl -H 'Content-Type: application/json' URL/emulator/push -d \\
    '{"BucketName": "ucs", "ImageName": "helloworld", "TagName": "1.2.0"}'
  Likewise /emulator/delete and /emulator/faults {"faults": ["http=503*2"]}, and
  GET /emulator/requests: see `python -m pydoc pulumi_ucimage.emulator`.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}; --help tells what can be.\n")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    """The arguments that there are."""
    parser = _Parser(
        prog=_PROGRAM,
        description="A UCloud API on 127.0.0.1 that answers GetDockerImageList.",
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="port (default: 0, any that is free)",
    )
    parser.add_argument(
        "--data", metavar="FILE", help="JSON file with keys and buckets (default: a demo's)"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="SPEC",
        help="what is to go wrong; may be repeated",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an emulator until a signal ends it.

    Args:
        arguments: The command line's words; None: those of this process.

    Returns:
        The exit status: 0 after a signal, 2 where the arguments cannot be used.
    """
    options = _parser().parse_args(arguments)
    try:
        emulator = Emulator(data=options.data, faults=options.fault, port=options.port)
        with emulator:
            # Such a queue is made to be put into by a handler; an Event could lock up.
            signals: queue.SimpleQueue[int] = queue.SimpleQueue()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda caught, _: signals.put(caught))
            sys.stdout.write(f"{emulator.url}\n")
            sys.stdout.flush()
            signals.get()
    except EmulatorError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
