"""The plugin as a process: its arguments, its output, its end and its size."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from conftest import environment_for
from emulator_calls import until
from google.protobuf.empty_pb2 import Empty
from plugin_calls import FAILED, IMAGE, IMAGES, ProcessClient, plain, refused, started

from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator

COMMAND = Path(sys.executable).parent / "pulumi-resource-ucimage"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the plugin's command until it ends by itself."""
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False
    )


# --- Its arguments ---


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "Usage: pulumi-resource-ucimage"),
        (["-h"], "Usage: pulumi-resource-ucimage"),
        (["--version"], f"{__version__}\n"),
        (["--help", "127.0.0.1:1"], "Usage: pulumi-resource-ucimage"),
    ],
)
def test_help_and_version_print_and_exit(arguments: list[str], shown: str) -> None:
    """They print to stdout and start no server."""
    done = run(*arguments)

    assert done.stdout.startswith(shown)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["nonsense"],
        ["127.0.0.1"],
        ["127.0.0.1:"],
        [":40123"],
        ["127.0.0.1:99999"],
        ["127.0.0.1:40123", "more"],
        ["serve", "127.0.0.1:40123"],
        ["-v=9"],
        ["http://127.0.0.1:40123/"],
    ],
    ids=repr,
)
def test_other_arguments_are_a_usage_error(arguments: list[str]) -> None:
    """One sentence on stderr, and status 2."""
    done = run(*arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.count("\n") == 1
    assert "with the engine's address, such as 127.0.0.1:40123" in done.stderr


@pytest.mark.parametrize(
    "command", [["pulumi_ucimage"], ["pulumi.run.plugin", "pulumi-ucimage"]]
)
def test_flags_of_the_engine_are_ignored(emulator: Emulator, command: list[str]) -> None:
    """The port is the first line, whatever flags come before the engine's address."""
    flags = ["--logtostderr", "-v=9", "--tracing", "http://127.0.0.1:1", "--new", "x"]
    with started("-m", *command, *flags, **environment_for(emulator)) as provider:
        info = provider.stub.GetPluginInfo(Empty())

    assert __version__ == info.version


# --- Its output ---


def test_it_prints_nothing_but_its_port(emulator: Emulator) -> None:
    """Neither a call nor its failure prints anything."""
    with started("-m", "pulumi_ucimage", **environment_for(emulator)) as provider:
        provider.invoke(IMAGE, bucketName="ucs")
        with refused(FAILED, "RetCode 43023"):
            provider.invoke(IMAGE, bucketName="nope")
        provider.process.terminate()
        texts = provider.process.communicate(timeout=10)

    assert ("", "") == texts
    assert 0 == provider.process.returncode


# --- Its end ---


def test_it_ends_at_once_with_calls_under_way(emulator: Emulator) -> None:
    """The end does not wait for the API, and the calls are answered."""
    emulator.fault("delay=600")
    done = Event()
    with started("-m", "pulumi_ucimage", **environment_for(emulator)) as provider:
        call = provider.start_invoke(IMAGE, bucketName="ucs")
        call.add_done_callback(lambda _: done.set())
        until(lambda: emulator.requests)
        provider.process.terminate()

        assert 0 == provider.process.wait(timeout=5)
        assert done.wait(timeout=5)


# Starts a plugin, prints its process id, and waits to be killed.
PARENT = """
import subprocess, sys
plugin = subprocess.Popen([sys.executable, "-m", "pulumi_ucimage", sys.argv[1]],
                          stdout=subprocess.PIPE, text=True)
plugin.stdout.readline()
print(plugin.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_when_its_parent_is_killed() -> None:
    """It ends within 10 seconds, as after the kill of an engine."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, "127.0.0.1:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    plugin_id = int(parent.stdout.readline())
    assert is_running(plugin_id)

    parent.kill()
    parent.communicate()

    assert_ends(plugin_id)


def test_it_ends_when_its_engine_is_gone() -> None:
    """A language host that started it from source may live longer."""
    with started("-m", "pulumi_ucimage") as provider:
        provider.configure(privateKey="not-encrypted")
        assert provider.engine.lines

        provider.engine.stop()

        assert 0 == provider.process.wait(timeout=10)


def is_running(process_id: int) -> bool:
    """Whether there is such a process, ended ones that nobody waited for left out."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def assert_ends(process_id: int) -> None:
    """Wait until a process has ended, at most 10 seconds."""
    end_s = time.monotonic() + 10
    while is_running(process_id):
        assert time.monotonic() < end_s
        os.sched_yield()


# --- Its size ---


def test_a_thousand_calls_of_eight_callers_get_their_own_answers(
    emulator: Emulator,
) -> None:
    """The process stays small meanwhile."""
    tags = ["1.0.0", "1.1.0", "6", "1.2.0-rc.1", "latest"]
    with started("-m", "pulumi_ucimage", **environment_for(emulator)) as provider:

        def call(number: int) -> tuple[str, str]:
            tag = tags[number % len(tags)]
            registry = f"r{number}.example.com"
            result = provider.invoke(IMAGE, bucketName="ucs", tag=tag, registry=registry)
            return result["image"], f"{registry}/ucs/helloworld:{tag}"

        with ThreadPoolExecutor(8) as callers:
            first = list(callers.map(call, range(200)))
            early_kib = memory_kib(provider)
            rest = list(callers.map(call, range(200, 1000)))
        growth_kib = memory_kib(provider) - early_kib

    assert all(answer == expected for answer, expected in first + rest)
    assert growth_kib < 10 * 1024


def memory_kib(provider: ProcessClient) -> int:
    """The process's resident memory."""
    status = Path(f"/proc/{provider.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


# A plugin in little address space.
LIMITED = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_AS, (600 * 1024 * 1024,) * 2)
runpy.run_module("pulumi_ucimage", run_name="__main__")
"""


def test_two_hundred_calls_are_answered_in_little_address_space(
    emulator: Emulator,
) -> None:
    """A container may be limited so that a thread for each call would not fit."""
    emulator.fault("delay=0.1")
    with started("-c", LIMITED, **environment_for(emulator)) as provider:
        for _ in range(2):
            calls = [
                provider.start_invoke(IMAGES, bucketName="ucs", offset=offset)
                for offset in range(1, 201)
            ]
            totals = {
                plain(getattr(call.result(timeout=60), "return"))["totalCount"]
                for call in calls
            }

            assert {1} == totals
