"""The plugin as a program: `pulumi-resource-ucimage [...] <engine's address>`."""

import sys

from pulumi_ucimage.plugin.server import serve


def main() -> None:
    """Serve the engine whose address is the last argument."""
    serve(sys.argv[-1] if len(sys.argv) > 1 else "")


if __name__ == "__main__":
    main()
