"""Many programs at once against an API that throttles and drops calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import load
from conftest import ROOT
from faults import FaultServer
from plugin_calls import IMAGE, IMAGES, ProcessClient, started

from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._http.connection import CONNECTIONS
from pulumi_ucimage.emulator import Emulator

THREADS = range(60)
PROCESSES = (range(60, 70), range(70, 80))
IN_PLUGIN = range(80, 100)


def run_in_plugin(provider: ProcessClient, number: int) -> str:
    """One program's look-ups by the plugin; see `load.run_program`."""
    bucket = f"bucket{number}"
    try:
        listed = provider.invoke(IMAGES, bucketName=bucket)["images"]
        chosen = provider.invoke(IMAGE, bucketName=bucket, imageName="app7")
    except grpc.RpcError as error:
        failed = error.code() is grpc.StatusCode.FAILED_PRECONDITION
        clean = failed and "Traceback" not in str(error)
        return "RpcError" if clean else f"wrong: {error}"
    right = [image["name"] for image in listed] == load.names(number)
    right = right and chosen["image"] == f"r{number}.io/app7:{number}"
    return "" if right else f"wrong: {listed} {chosen}"


def in_use(provider: ProcessClient) -> tuple[int, int]:
    """How many files and threads a plugin has."""
    process = Path("/proc", str(provider.process.pid))
    return len(os.listdir(process / "fd")), len(os.listdir(process / "task"))  # noqa: PTH208


def test_a_hundred_programs_get_their_own_answers() -> None:
    """In threads, processes and one plugin, while one call in five is dropped.

    Each has the right answers or an error of ours, and nothing is left over.
    """
    with Emulator(data=load.data(100)) as emulator:
        front = load.Front(emulator)
        with FaultServer(front) as server:
            environment = {
                "UCLOUD_API_BASE_URL": server.url,
                "UCLOUD_PUBLIC_KEY": load.KEYS["PublicKey"],
                "UCLOUD_PRIVATE_KEY": load.KEYS["PrivateKey"],
                "UCLOUD_REGION": "cn-bj2",
                "UCIMAGE_MAX_RETRIES": "9",
                "UCIMAGE_TIMEOUT_SECONDS": "30",
            }
            with started("-m", "pulumi_ucimage", **environment) as provider:
                run_in_plugin(provider, 80)
                plugin_before = in_use(provider)
                processes = [
                    subprocess.Popen(
                        [sys.executable, "-m", "load", *map(str, numbers)],
                        env={**os.environ, **environment},
                        cwd=ROOT / "tests",
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                    for numbers in (THREADS, *PROCESSES)
                ]
                with ThreadPoolExecutor(len(IN_PLUGIN)) as callers:
                    outcomes = list(
                        callers.map(lambda n: run_in_plugin(provider, n), IN_PLUGIN)
                    )
                for process in processes:
                    output, _ = process.communicate(timeout=60)
                    in_process, nothing_left = json.loads(output)
                    outcomes += in_process
                    assert nothing_left
                plugin_after = _settled(provider, plugin_before)

    assert not [outcome for outcome in outcomes if outcome.startswith("wrong")]
    assert 100 == len(outcomes)
    # Ten tries are nearly always enough; what they are not enough for has an error.
    assert Counter(outcomes)[""] >= 95
    assert front.faults > 100
    # A plugin keeps some connections for later calls, and no thread.
    assert plugin_after[0] <= plugin_before[0] + CONNECTIONS
    assert plugin_after[1] <= plugin_before[1]


def _settled(provider: ProcessClient, before: tuple[int, int]) -> tuple[int, int]:
    """What a plugin has once threads that answered are over; waits 5 s at the most."""
    end = time.monotonic() + 5
    while (now := in_use(provider))[1] > before[1] and time.monotonic() < end:
        os.sched_yield()
    return now


def test_what_is_left_over_is_seen() -> None:
    """A connection that is kept open shows."""
    before = load.in_use()
    with Emulator(data=load.data(1)):
        assert before != load.in_use()

    close_connections()
    assert before == load.in_use()
