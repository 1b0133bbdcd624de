"""The emulator as a program."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from conftest import ROOT
from emulator_calls import DATA, demo, post, signed, until

from pulumi_ucimage.emulator import Emulator, __main__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def run(*arguments: str) -> subprocess.Popen[str]:
    """Start the program."""
    return subprocess.Popen(
        [sys.executable, "-m", "pulumi_ucimage.emulator", *arguments],
        cwd=ROOT,
        env={name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_until_a_signal(number: signal.Signals) -> None:
    """The URL is all of stdout; stderr says how to stop it, and has a line per request."""
    with run() as program:
        assert program.stdout is not None
        url = program.stdout.readline()
        answer = post(url.strip(), demo()).json()
        program.send_signal(number)
        rest, errors = program.communicate(timeout=30)

    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]*/\n", url)
    assert (answer["RetCode"], answer["TotalCount"]) == (0, 1)
    assert (program.returncode, rest) == (0, "")
    assert errors.splitlines() == [
        "Press Ctrl-C to stop the emulator. It logs one line for each request.",
        "POST GetDockerImageList Region=cn-bj2 BucketName=ucs -> 200 1 of 1 images",
    ]


def test_the_program_takes_port_data_and_faults(tmp_path: Path) -> None:
    """Each option does what it says, and --fault may be repeated."""
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--data", str(tmp_path / "data.json")]
    with run(*options, "--fault", "http=503*1", "--fault", "cap=3") as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        answers = [post(url, signed()) for _ in range(2)]
        program.terminate()
        program.communicate(timeout=30)

    assert url == f"http://127.0.0.1:{port}/"
    assert [answer.status_code for answer in answers] == [503, 200]
    assert len(answers[1].json()["ImageSet"]) == 3


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Put back the handlers of signals."""
    before = [
        (number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)
    ]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.usefixtures("kept_signals")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--port", "x"],
            "Argument --port: invalid int value: 'x'; see --help.",
        ),
        (["--port", "65536"], "The port 65536 is invalid: use one up to 65535"),
        (["--data", "nowhere.json"], "The data file 'nowhere.json' cannot be read"),
        (["--data"], "Argument --data: expected one argument; see --help"),
        (["--fault", "http=abc"], "The fault 'http=abc' needs an HTTP status"),
        (["--fault", "flood"], "The fault 'flood' has an unknown kind"),
        (["--registry-login", "none"], "Argument --registry-login: invalid choice"),
        (["--fault="], "The fault '' has an unknown kind"),
        (["--verbose"], "Unrecognized arguments: --verbose; see --help"),
        (["--por", "1"], "Unrecognized arguments: --por 1; see --help"),
        (["data.json"], "Unrecognized arguments: data.json; see --help"),
    ],
)
def test_a_bad_argument_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, one line on stderr that says what to do, nothing on stdout."""
    try:
        status: object = __main__.main(arguments)
    except SystemExit as caught:
        status = caught.code

    output, errors = capsys.readouterr()
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(said)


@pytest.mark.usefixtures("kept_signals")
def test_the_program_says_that_a_port_is_in_use(
    many: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that another program uses is named in one sentence."""
    port = str(urlsplit(many.url).port)

    assert __main__.main(["--port", port]) == 2
    assert capsys.readouterr().err.startswith(f"The port {port} of 127.0.0.1 is not")


@pytest.mark.usefixtures("kept_signals")
def test_the_program_runs_in_this_process_too(capsys: pytest.CaptureFixture[str]) -> None:
    """`ucimage emulator` runs it so: it exits with 0 after a signal, in any thread."""
    before = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        until(lambda: signal.getsignal(signal.SIGTERM) is not before)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    with ThreadPoolExecutor() as pool:
        ending = pool.submit(end)
        status = __main__.main([])
        ending.result()

    assert (status, capsys.readouterr().out.count("\n")) == (0, 1)


def test_help_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """The help names each option, each kind of fault, the data's shape and the push."""
    with pytest.raises(SystemExit) as caught:
        __main__.main(["--help"])

    shown = capsys.readouterr().out
    assert caught.value.code == 0
    for word in (
        *("--port", "--data", "--fault", "SIGTERM", "demo-private-key", "/emulator/push"),
        *("retcode=", "http=", "drop", "delay=", "cap=", "retry_after=", "ImageSet"),
        *("--registry-login", "demo-registry-password", "no blobs"),
    ):
        assert word in shown
