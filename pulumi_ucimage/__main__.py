"""The plugin as a program: `pulumi-resource-ucimage [FLAGS] HOST:PORT`."""

import os
import re
import sys

# Read before the slow imports, because the engine may end during them.
_PARENT_ID = os.getppid()

_HELP = """\
Usage: pulumi-resource-ucimage [FLAGS] HOST:PORT

The Pulumi plugin of the package ucimage. Pulumi starts it; you never need to.

HOST:PORT is the address of the engine. The plugin prints the port on which it serves,
and ends when the engine does. The engine's own flags, such as -v=9, are ignored.

Options:
  --help     show this text
  --version  show the version

To attach it to an engine by PULUMI_DEBUG_PROVIDERS=ucimage:PORT, start it with any
address, such as 127.0.0.1:1.

To look up images at a terminal, use the command `ucimage`.
"""

_ENGINE_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})")
_HIGHEST_PORT = 65535


def main() -> None:
    """Serve the engine whose address is the last argument."""
    arguments = sys.argv[1:]
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(_HELP)
    elif "--version" in arguments:
        from pulumi_ucimage.version import __version__  # noqa: PLC0415

        sys.stdout.write(f"{__version__}\n")
    elif not _is_engine_command(arguments):
        sys.stderr.write(
            "Pulumi starts pulumi-resource-ucimage, with the engine's address, such as"
            " 127.0.0.1:40123, as the last argument; see --help.\n"
        )
        sys.exit(2)
    else:
        # Takes half a second, which --help and --version need not wait for.
        from pulumi_ucimage.plugin.server import serve  # noqa: PLC0415

        serve(arguments[-1], parent_id=_PARENT_ID)


def _is_engine_command(arguments: list[str]) -> bool:
    """Whether the arguments are flags, each with one value at most, and an address."""
    *flags, last = arguments or [""]
    address = _ENGINE_ADDRESS.fullmatch(last)
    before = ["", *flags]
    return (
        address is not None
        and int(address[2]) <= _HIGHEST_PORT
        and all(
            word.startswith("-") or before[index].startswith("-")
            for index, word in enumerate(flags)
        )
    )


if __name__ == "__main__":
    main()
