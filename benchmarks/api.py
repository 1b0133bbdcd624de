"""The server's process, as those see it who measure."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.server import COUNTS_PATH, HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
PUBLIC_KEY: Final = "bench-public"
PRIVATE_KEY: Final = "bench-private"
REGION: Final = "cn-bj2"


@dataclass(frozen=True)
class Api:
    """A server that runs.

    Attributes:
        ports: by scheme.
        bundle: path of the certificates to trust.
    """

    ports: dict[str, int]
    bundle: str

    def url(self, scheme: str, delay_ms: int = 0) -> str:
        """The address at which answers are so late."""
        return f"{scheme}://{HOST}:{self.ports[scheme]}/delay/{delay_ms}"

    def counts(self, kind: str) -> dict[str, int]:
        """How many `calls` or `listings` there were of each bucket."""
        url = f"http://{HOST}:{self.ports['http']}{COUNTS_PATH}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as answer:
            counts: dict[str, dict[str, int]] = json.load(answer)
        return counts[kind]

    def environment(self, scheme: str, delay_ms: int = 0) -> dict[str, str]:
        """The variables that lead a program here."""
        return {
            "UCLOUD_API_BASE_URL": self.url(scheme, delay_ms),
            "UCLOUD_PUBLIC_KEY": PUBLIC_KEY,
            "UCLOUD_PRIVATE_KEY": PRIVATE_KEY,
            "UCLOUD_REGION": REGION,
            "REQUESTS_CA_BUNDLE": self.bundle,
        }


@contextmanager
def running() -> Iterator[Api]:
    """Run the server in a process of its own, with its certificates in a passing folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "benchmarks.server", folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        assert server.stdin and server.stdout  # noqa: S101, PT018 - both are pipes
        try:
            started: dict[str, Any] = json.loads(server.stdout.readline())
            yield Api(
                {scheme: started[scheme] for scheme in ("http", "https")},
                started["bundle"],
            )
        finally:
            server.stdin.close()
            server.wait(10)
