"""Connections are kept from one look-up to the next, for a few servers."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from calling import BUCKET, credentials
from fakes import Time
from faults import FaultServer, answer, connections_to, encoded
from urllib3 import HTTPConnectionPool

from pulumi_ucimage._config.resolve import Settings
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._lookup.clients import client_for
from pulumi_ucimage._secret import Credentials, Secret
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
        find_registry_credentials=lambda: None,
        timeout_s=60,
        max_retries=3,
        explain=False,
        check_total_count=True,
    )


def call(settings: Settings, *, offset: int = 0) -> str | None:
    """The name of the first image that a client with these settings finds."""
    page = client_for(settings, CLOCK, lambda: None).get_page(
        BUCKET, limit=1, offset=offset, deadline=Deadline.after(60, CLOCK)
    )
    return page.images[0].name


def by_offset(request: Request) -> bytes:
    """A response that shows which call it is for."""
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
    """One server has one set of connections, whatever the keys and the path."""
    settings = settings_for(server.url)
    others = replace(
        settings, credentials=Credentials(Secret("p"), Secret("k"), None, "here")
    )

    paths = settings_for(server.url.rstrip("/")), settings_for(f"{server.url}v2/")
    for some in (settings, *paths, others):
        call(some)

    assert [1, 1, 1, 1] == [request.connection for request in server.requests]
    assert ["/", "/", "/v2/", "/"] == [
        request.head.split()[1] for request in server.requests
    ]
    keys = [request.form["PublicKey"] for request in server.requests]
    assert [keys[0], keys[0], keys[0], "p"] == keys


def test_another_server_has_its_own_connections(server: FaultServer) -> None:
    """A call goes to its own server only."""
    with FaultServer(by_offset) as other:
        call(settings_for(server.url))
        call(settings_for(other.url))

        assert (1, 1) == (len(server.requests), len(other.requests))


def test_the_connections_of_eight_servers_are_kept() -> None:
    """Those of the servers that were used least recently are closed."""
    with ExitStack() as stack:
        servers = [stack.enter_context(FaultServer(by_offset)) for _ in range(9)]
        for one in servers[:8]:
            call(settings_for(one.url))
        call(settings_for(servers[0].url))
        assert 8 == sum(connections_to(one) for one in servers)

        call(settings_for(servers[8].url))

        assert [1, 0, 1, 1, 1, 1, 1, 1, 1] == [connections_to(one) for one in servers]
        call(settings_for(servers[0].url))
        call(settings_for(servers[1].url))
        assert [1, 2] == [one.connections for one in servers[:2]]


def test_a_client_that_was_closed_while_it_was_in_use_goes_on(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed between the choice of a connection and its use, it opens another."""
    call(settings_for(server.url))
    urlopen = HTTPConnectionPool.urlopen
    closed: list[HTTPConnectionPool] = []

    def close_first(pool: HTTPConnectionPool, *args: Any, **kwargs: Any) -> Any:
        if not closed:
            closed.append(pool)
            close_connections()
        return urlopen(pool, *args, **kwargs)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", close_first)

    assert "r.io/app7" == call(settings_for(server.url), offset=7)
    assert [1, 2] == [request.connection for request in server.requests]


def test_other_network_settings_have_their_own_connections(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the environment changes, old connections are not used again."""
    settings = settings_for(server.url)
    call(settings)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    call(settings)

    assert [1, 2] == [request.connection for request in server.requests]


def test_closed_connections_are_replaced(server: FaultServer) -> None:
    """After all were closed, a look-up opens its own."""
    settings = settings_for(server.url)
    call(settings)
    close_connections()
    call(settings)

    assert [1, 2] == [request.connection for request in server.requests]


@pytest.mark.parametrize("max_retries", [0, 2])
def test_a_client_uses_the_configured_retries_and_the_clock(max_retries: int) -> None:
    """It makes the configured number of retries, and waits by the look-up's clock."""
    time = Time()
    with FaultServer(answer(b"", 503)) as server:
        settings = replace(settings_for(server.url), max_retries=max_retries)
        client = client_for(settings, time.clock, lambda: None)
        with pytest.raises(ResponseError):
            client.get_page(
                BUCKET, limit=1, offset=0, deadline=Deadline.after(60, time.clock)
            )

        assert 1 + max_retries == len(server.requests)
    assert max_retries == len(time.sleeps)


def test_threads_share_a_client_and_get_their_own_answers(server: FaultServer) -> None:
    """No thread gets another's response, and few connections are kept."""
    settings = settings_for(server.url)

    with ThreadPoolExecutor(16) as threads:
        names = [*threads.map(lambda n: call(settings, offset=n), range(320))]

    assert [f"r.io/app{number}" for number in range(320)] == names
    before = server.connections
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


def test_a_forked_child_has_its_own_connections(server: FaultServer) -> None:
    """It neither uses nor closes those of its parent."""
    subprocess.run(
        [sys.executable, "-c", FORK_TEST, server.url],
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
    )

    used: dict[str, Any] = {
        request.form["Offset"]: request.connection for request in server.requests
    }
    assert {"1": 1, "2": 2, "3": 2, "4": 1} == used
