"""Connections are kept from one look-up to the next, and are nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from calling import BUCKET, Time, credentials
from faults import FaultServer, answer, encoded

from pulumi_ucimage._config.resolve import Settings
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._lookup.clients import client_for
from pulumi_ucimage._secret import Credentials, Secret
from pulumi_ucimage.errors import ConfigError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults import Request

CLOCK = Clock()


def settings_for(url: str) -> Settings:
    """Settings that lead to a server, with the canary's keys."""
    return Settings(
        credentials=credentials(),
        region="cn-bj2",
        project_id=None,
        endpoint=Endpoint.parse(url),
        registry=None,
        timeout_s=60,
        max_retries=3,
        explain=False,
        check_total_count=True,
    )


def call(settings: Settings, *, offset: int = 0) -> str | None:
    """The name of the first image that a client for these settings finds."""
    page = client_for(settings, CLOCK).get_page(
        BUCKET, limit=1, offset=offset, deadline=Deadline.after(60, CLOCK)
    )
    return page.images[0].name


def by_offset(request: Request) -> bytes:
    """An answer that shows which call it is for."""
    name = f"r.io/app{request.form['Offset']}"
    return answer(
        encoded({"RetCode": 0, "TotalCount": 99, "ImageSet": [{"ImageName": name}]})
    )


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Run a server that answers every call with its own image."""
    with FaultServer(by_offset) as running:
        yield running


def test_look_ups_share_connections(server: FaultServer) -> None:
    """Equal endpoints by equal routes are one set of connections, whatever the keys."""
    settings = settings_for(server.url)
    others = replace(
        settings, credentials=Credentials(Secret("p"), Secret("k"), None, "here")
    )

    for some in (settings, settings_for(server.url.rstrip("/")), others):
        call(some)

    assert [1, 1, 1] == [request.connection for request in server.requests]
    keys = [request.form["PublicKey"] for request in server.requests]
    assert [keys[0], keys[0], "p"] == keys


def test_another_endpoint_has_its_own_connections(server: FaultServer) -> None:
    """A call goes nowhere but to its own endpoint."""
    with FaultServer(by_offset) as other:
        call(settings_for(server.url))
        call(settings_for(other.url))
        call(settings_for(f"{server.url}v2/"))

        assert (2, 1) == (len(server.requests), len(other.requests))
    assert [1, 2] == [request.connection for request in server.requests]


def test_another_route_has_its_own_connections(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment changes, a connection by the old route is not used again."""
    settings = settings_for(server.url)
    call(settings)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    call(settings)

    assert [1, 2] == [request.connection for request in server.requests]


def test_a_bundle_that_is_gone_is_said(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept connections do not hide it."""
    settings = settings_for(server.url)
    call(settings)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE"):
        call(settings)


def test_closed_connections_are_opened_anew(server: FaultServer) -> None:
    """After all were closed, a look-up goes on as before."""
    settings = settings_for(server.url)
    call(settings)
    close_connections()
    call(settings)

    assert [1, 2] == [request.connection for request in server.requests]


@pytest.mark.parametrize("max_retries", [0, 2])
def test_a_client_takes_retries_and_clock(max_retries: int) -> None:
    """What is configured, and the look-up's own clock."""
    time = Time()
    with FaultServer(answer(b"", 503)) as server:
        settings = replace(settings_for(server.url), max_retries=max_retries)
        client = client_for(settings, time.clock)
        with pytest.raises(ResponseError):
            client.get_page(
                BUCKET, limit=1, offset=0, deadline=Deadline.after(60, time.clock)
            )

        assert 1 + max_retries == len(server.requests)
    assert max_retries == len(time.sleeps)


def test_threads_share_a_client_and_get_their_own_answers(server: FaultServer) -> None:
    """Many at a time: no answer goes astray, and few connections stay."""
    settings = settings_for(server.url)

    with ThreadPoolExecutor(16) as threads:
        names = [*threads.map(lambda n: call(settings, offset=n), range(320))]

    assert [f"r.io/app{number}" for number in range(320)] == names
    before = server.connections
    assert before <= 320
    for _ in range(4):
        call(settings)
    assert before == server.connections


FORK_TEST = """
import os, sys
from test_clients import call, settings_for

settings = settings_for(sys.argv[1])
call(settings, offset=1)
child = os.fork()
if child == 0:
    call(settings, offset=2)
    call(settings, offset=3)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
call(settings, offset=4)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_its_own_connections(server: FaultServer) -> None:
    """It neither uses nor ends those of its parent."""
    subprocess.run(
        [sys.executable, "-c", FORK_TEST, server.url],
        check=True,
        cwd=Path(__file__).parent,
        timeout=60,
    )

    used: dict[str, Any] = {
        request.form["Offset"]: request.connection for request in server.requests
    }
    assert {"1": 1, "2": 2, "3": 2, "4": 1} == used
