"""Runs a case: servers commit its fault on a real look-up by a public function."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from authority import EXPIRED, Authority
from faults import HOST, FaultServer, answer, connections_to
from typing_extensions import Self

from pulumi_ucimage import UcimageError, get_docker_images
from pulumi_ucimage._http.client import MAX_CLIENTS, close_connections
from pulumi_ucimage._http.clock import Clock
from pulumi_ucimage._pulumi import program
from reliability.cases import Exhausted, Way

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from reliability.cases import Case, Script

MOST_MB = 150
"""Memory that a look-up may take: an answer of 32 MiB, some times over."""
LATE_S = 1.5
"""What a busy machine may add to a deadline and one read."""
_TESTS = Path(__file__).parent.parent
_API = "https://api.example.com/"


class LookedUp(NamedTuple):
    """The outcome of one look-up.

    Attributes:
        error: the class of its error; "" if it returned.
        images: the names in its answer.
        time_s: how long it took.
        memory_mb: by how much it made the process's memory larger, at its peak.
        sleeps: how often it waited before a retry.
    """

    error: str
    images: Sequence[str]
    time_s: float
    memory_mb: int
    sleeps: int


class Outcome(NamedTuple):
    """The outcome of a case: the maximum over its servers.

    Attributes:
        expected: as `Case.expected_text`, of what was seen.
        calls: how many calls there were.
        time_s: the longest look-up's time.
        memory_mb: the most memory that a look-up took.
    """

    expected: str
    calls: int
    time_s: float
    memory_mb: int


def look_up(
    environment: Mapping[str, str],
    *,
    exhausted: Exhausted | None = None,
    keep: bool = False,
    **window: int,
) -> LookedUp:
    """One look-up with this environment; waits take no time, but count."""
    slept: list[float] = []
    to_exhaust = [exhausted] if exhausted else []

    def monotonic() -> float:  # called first when the settings are read
        if to_exhaust:
            _exhaust(to_exhaust.pop())
        return time.monotonic() + sum(slept)

    clock = Clock(
        monotonic=monotonic,
        sleep=slept.append,
        random=lambda: 0.0,
    )
    lookup_context = program.lookup_context

    def with_clock(*, not_before: float) -> object:
        return dataclasses.replace(lookup_context(not_before=not_before), clock=clock)

    error, images = "", []
    before_mb = _forget_peak()
    begun = time.monotonic()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(program, "lookup_context", with_clock),
    ):
        try:
            found = get_docker_images("ucs", **window)  # type: ignore[arg-type]
            images = [str(image.name) for image in found.images]
        except UcimageError as e:
            error = type(e).__name__
        finally:
            took_s = time.monotonic() - begun
            if exhausted is Exhausted.FILES:  # the peak is read from a file
                _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            if not keep:
                close_connections()
    memory_mb = max(0, _peak_mb() - before_mb)
    return LookedUp(error, images, took_s, memory_mb, len(slept))


def _exhaust(what: Exhausted) -> None:
    """Let this process open no further file, or start no further thread."""
    if what is Exhausted.FILES:
        free = os.dup(0)
        os.close(free)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, most))
    else:
        threading.stack_size(2**30)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        max_bytes = pages * resource.getpagesize() + 2**29
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _forget_peak() -> int:
    """The memory in use, in MB; where Linux allows it, the peak is from now on."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak_mb()


def _peak_mb() -> int:
    # getrusage only if needed: after a fork it includes the parent's peak.
    with suppress(OSError):
        status = Path("/proc/self/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            return int(found[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Runner:
    """What all cases share: certificates, an empty home, and all modules loaded."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folders = Path(self._folder.name, "known"), Path(self._folder.name, "unknown")
        for folder in folders:
            folder.mkdir()
        known, unknown = map(Authority, folders)
        self._bundle = str(known.file)
        self._tls: dict[Way, ssl.SSLContext] = {
            Way.TLS: known.server(HOST),
            Way.UNKNOWN_AUTHORITY: unknown.server(HOST),
            Way.OTHER_HOST: known.server("api.ucloud.cn"),
            Way.EXPIRED: known.server(HOST, not_after=EXPIRED),
        }

    def __enter__(self) -> Self:
        with FaultServer(answer()) as server:
            look_up(self.environment(server.url, 60))
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def environment(self, url: str, timeout_s: float) -> dict[str, str]:
        """The environment variables for a server."""
        return {
            "HOME": self._folder.name,
            "UCLOUD_API_BASE_URL": url,
            "UCLOUD_PUBLIC_KEY": "public",
            "UCLOUD_PRIVATE_KEY": "private",
            "UCLOUD_REGION": "cn-bj2",
            "UCIMAGE_TIMEOUT_SECONDS": f"{timeout_s:g}",
            "REQUESTS_CA_BUNDLE": self._bundle,
        }

    def run(self, case: Case) -> Outcome:
        """The outcome of a case; its servers run one after another."""
        if case.together:
            return self._run_together(case)
        outcomes = [self._run_one(case, script) for script in case.scripts()]
        expected = {outcome.expected for outcome in outcomes}
        calls = {outcome.calls for outcome in outcomes}
        return Outcome(
            " or ".join(sorted(expected)),
            # The first that is not as expected, if there is one.
            max(calls - {case.calls}, default=case.calls),
            max(outcome.time_s for outcome in outcomes),
            max(outcome.memory_mb for outcome in outcomes),
        )

    def _run_one(self, case: Case, script: Script) -> Outcome:
        tls = self._tls.get(script.way)
        with FaultServer(*script.responses, greeting=script.greeting, tls=tls) as server:
            environment = {
                **self.environment(server.url, case.timeout_s),
                **case.settings,
            }
            if script.way is Way.NO_TLS:
                secure = server.url.replace("http:", "https:")
                environment["UCLOUD_API_BASE_URL"] = secure
            elif script.way is Way.PROXY:
                environment["UCLOUD_API_BASE_URL"] = _API
                environment["HTTPS_PROXY"] = server.url
            if case.alone or case.exhausted:
                done = _alone(environment, case.exhausted)
            elif script.way is not Way.REFUSED:
                with server.cut_after(case.timeout_s + LATE_S):
                    done = look_up(environment, **case.window)
        if script.way is Way.REFUSED:
            done = look_up(environment)
        calls = max(len(server.requests), server.connections) or done.sleeps + 1
        if case.page is not None:
            offsets = [request.form["Offset"] for request in server.requests]
            calls = offsets.count(str(case.page))
        expected = done.error or "whole answer"
        offset = case.window.get("offset", 0)
        images = [*script.images][offset:][: case.window.get("limit")]
        if not done.error and images != [*done.images]:
            expected = "another answer"
        return Outcome(expected, calls, done.time_s, done.memory_mb)

    def _run_together(self, case: Case) -> Outcome:
        """Look up at each server in turn; all of them run until the end."""
        with ExitStack() as stack:
            servers = [
                stack.enter_context(FaultServer(*script.responses))
                for script in case.scripts()
            ]
            done = [
                look_up(self.environment(server.url, case.timeout_s), keep=True)
                for server in servers
            ]
            kept = sum(map(connections_to, servers))
            close_connections()
        expected = {one.error or "whole answer" for one in done}
        if kept > MAX_CLIENTS:
            expected.add(f"{kept} kept connections")
        return Outcome(
            " or ".join(sorted(expected)),
            max(len(server.requests) for server in servers),
            max(one.time_s for one in done),
            max(one.memory_mb for one in done),
        )


def _alone(environment: Mapping[str, str], exhausted: Exhausted | None) -> LookedUp:
    """A look-up in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "reliability.run", exhausted.name if exhausted else ""],
        input=json.dumps(environment),
        check=True,
        capture_output=True,
        text=True,
        cwd=_TESTS,
        timeout=60,
    )
    return LookedUp(*json.loads(done.stdout))


def is_as_expected(case: Case, outcome: Outcome) -> bool:
    """Whether an outcome is as expected, in time and in memory."""
    right_calls = (
        1 <= outcome.calls <= case.calls if case.at_most else outcome.calls == case.calls
    )
    # Waits for Retry-After take no real time.
    return (
        outcome.expected == case.expected_text
        and right_calls
        and outcome.time_s <= case.timeout_s + LATE_S
        and outcome.memory_mb <= MOST_MB
    )


def main() -> None:
    """A look-up with the environment on stdin, after one that loads all modules."""
    environment = json.load(sys.stdin)
    with FaultServer(answer()) as server:
        look_up({**environment, "UCLOUD_API_BASE_URL": server.url})
    exhausted = Exhausted[sys.argv[1]] if sys.argv[1] else None
    print(json.dumps(look_up(environment, exhausted=exhausted)))  # noqa: T201


if __name__ == "__main__":
    main()
