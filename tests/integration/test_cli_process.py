"""The command line as a process: Ctrl-C, pipes, terminals and completion."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from buckets import bucket, image
from command_line import PROGRAM, Ended, OnPty, plain, run_process, start

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("outside_of_projects")

CTRL_C = 130
ENDED = (CTRL_C, "", "")


# --- Each command ---


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (("images", "ucs"), "1.1.0"),
        (("tags", "ucs"), "chosen: newest CreateTime (policy newest)"),
        (("choose", "ucs"), f"{DEMO_IMAGE}:1.1.0"),
        (("config", "ucs"), "The call worked"),
        (("--help",), "choose"),
        (("emulator", "--help"), "--fault"),
    ],
    ids=" ".join,
)
def test_a_command_in_a_pipe_and_on_a_terminal(
    configured: Emulator, words: tuple[str, ...], shows: str
) -> None:
    """Everything that matters is there in 80 columns; only tables differ."""
    piped = run_process(*words)
    shown = OnPty(*words).ended()

    assert (0, "") == (piped.status, piped.err)
    assert 0 == shown.status
    assert shows in piped.out
    text = " ".join(plain(shown.out).replace("│", " ").split())
    assert all(word in text for word in shows.split())
    assert "\x1b" not in piped.out
    assert ("╭" in shown.out) == (words[0] in {"images", "tags", "config"})


def test_an_error_on_a_terminal(configured: Emulator) -> None:
    """One sentence, nothing else."""
    ended = OnPty("choose", "ucs", "none").ended()

    assert 1 == ended.status
    assert ended.out.startswith("Error: ")
    assert 1 == len(ended.out.splitlines())


def test_the_emulator_runs_until_ctrl_c() -> None:
    """It prints its URL first, and is the one of `python -m`."""
    with start("emulator", "--port", "0") as process:
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert 0 == process.returncode


# --- Ctrl-C ---


class SilentServer:
    """A server that takes a request, and never answers."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.env = {
            "UCLOUD_API_BASE_URL": f"http://127.0.0.1:{self._listening.getsockname()[1]}/",
            "UCIMAGE_MAX_RETRIES": "0",
        }

    def wait_for_request(self) -> None:
        """Wait until a command has called, and now waits itself."""
        self.connection, _ = self._listening.accept()
        assert self.connection.recv(65536)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()
        self._listening.close()


@pytest.fixture
def silent(configured: Emulator) -> Iterator[SilentServer]:
    """Run such a server, with keys and a region in the environment."""
    server = SilentServer()
    yield server
    server.close()


def end_by_ctrl_c(process: subprocess.Popen[str]) -> Ended:
    """How a process ends after Ctrl-C; it must not wait for anything."""
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def test_ctrl_c_ends_a_slow_call(silent: SilentServer) -> None:
    """Nothing is printed, however long the server takes."""
    with start("choose", "ucs", env=silent.env) as process:
        silent.wait_for_request()
        assert end_by_ctrl_c(process) == ENDED


def test_ctrl_c_on_a_terminal(silent: SilentServer) -> None:
    """The next prompt has a line of its own."""
    terminal = OnPty("choose", "ucs", env=silent.env)
    silent.wait_for_request()

    terminal.press(b"\x03")

    assert (CTRL_C, "^C\n") == terminal.ended()[:2]


@pytest.mark.parametrize("function", ["socket.getaddrinfo", "socket.socket.connect"])
def test_ctrl_c_ends_what_blocks_in_c(
    configured: Emulator, tmp_path: Path, function: str
) -> None:
    """No Python code sees a signal during a DNS look-up or while a connection is made."""
    reader, writer = os.pipe()
    (tmp_path / "sitecustomize.py").write_text(
        f"""
import ctypes, os, signal, socket
def block(*_):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # as if it were restarted
    os.write({writer}, b"called")
    ctypes.CDLL(None).pause()
{function} = block
"""
    )
    url = {"UCLOUD_API_BASE_URL": "http://127.0.0.1:9/"}
    with start(
        "choose",
        "ucs",
        env={**url, "PYTHONPATH": str(tmp_path)},
        pass_fds=[writer],
    ) as process:
        os.close(writer)
        assert os.read(reader, 6) == b"called"
        assert end_by_ctrl_c(process) == ENDED
    os.close(reader)


@pytest.mark.parametrize("module", ["click", "pulumi", "pulumi_ucimage.errors"])
def test_ctrl_c_while_modules_are_loaded(
    configured: Emulator, tmp_path: Path, module: str
) -> None:
    """Loading takes half a second; a module that catches everything cannot stop it."""
    (tmp_path / "sitecustomize.py").write_text(
        f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                pass
sys.meta_path.insert(0, Finder())
"""
    )

    ended = run_process("choose", "ucs", env={"PYTHONPATH": str(tmp_path)})

    assert (CTRL_C, "", "") == ended


def test_a_background_command_ignores_ctrl_c(silent: SilentServer) -> None:
    """Shells let `command &` in a script ignore it."""
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    program = [sys.executable, "-c", code, PROGRAM]
    with start("choose", "ucs", env=silent.env, program=program) as process:
        silent.wait_for_request()
        process.send_signal(signal.SIGINT)
        silent.close()
        _, err = process.communicate(timeout=30)

    assert 1 == process.returncode
    assert err.startswith("Error: The UCloud API at 127.0.0.1")


# --- Pipes ---


@pytest.mark.parametrize("words", [("tags", "ucs"), ("--help",)], ids=" ".join)
def test_a_closed_pipe_is_quiet(configured: Emulator, words: tuple[str, ...]) -> None:
    """With `| head` nothing is on stderr, and the status is not a failure."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [PROGRAM, *words], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert (0, b"") == (done.returncode, done.stderr)


def test_a_pipe_that_is_closed_later_is_quiet(configured: Emulator) -> None:
    """The command writes more than a pipe holds."""
    many = [(f"1.2.{number}", 1_700_000_000) for number in range(3000)]
    with Emulator(data=bucket(image(DEMO_IMAGE, many))) as api:
        env = {"UCLOUD_API_BASE_URL": api.url}
        with start("tags", "ucs", "--all", env=env) as process:
            assert process.stdout
            assert process.stderr
            assert process.stdout.readline().startswith("TAG")
            process.stdout.close()
            err = process.stderr.read()

    assert (0, "") == (process.returncode, err)


def test_a_full_disk_is_one_sentence(configured: Emulator) -> None:
    """The result is lost, so that the status is 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "choose", "ucs"],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )

    assert (1, "Error: No space left on device\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("closed", ["1", "0 1 2"])
def test_closed_streams(configured: Emulator, closed: str) -> None:
    """A shell can close what it does not want."""
    closing = " ".join(f"{number}>&-" for number in closed.split())
    done = subprocess.run(
        ["sh", "-c", f"{PROGRAM} choose ucs --explain {closing}"],  # noqa: S607
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert ("1" in closed) == (done.stdout == "")
    assert "Traceback" not in done.stderr


# --- Progress ---


def test_progress_on_a_terminal(configured: Emulator, tmp_path: Path) -> None:
    """A line shows it while pages are read; in the end only the table is left."""
    (tmp_path / "sitecustomize.py").write_text(
        "from pulumi_ucimage._lookup import progress\n"
        "progress.FIRST_LINE_S = progress.NEXT_LINE_S = 0.0\n"
    )
    for number in range(30):
        configured.push("ucs", f"r.example/ucs/app-{number}", "1.0")
    configured.fault("cap=10")

    ended = OnPty("images", "ucs", env={"PYTHONPATH": str(tmp_path)}).ended()

    assert 0 == ended.status
    assert " of 31 images so far." in ended.out
    before, _, table = ended.out.rpartition("\r\x1b[K")
    assert "so far" in before
    assert table.startswith("╭")


# --- Completion ---


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(shell: str) -> None:
    """Each shell has one, which asks the command for what to offer."""
    ended = run_process(env={"_UCIMAGE_COMPLETE": f"{shell}_source"})

    assert (0, "") == (ended.status, ended.err)
    assert f"_UCIMAGE_COMPLETE={shell}_complete" in ended.out


def test_bash_accepts_the_script() -> None:
    """The script runs, and completes `ucimage ch`."""
    script = f"""
eval "$(_UCIMAGE_COMPLETE=bash_source {PROGRAM})"
COMP_WORDS=(ucimage ch) COMP_CWORD=1
_ucimage_completion {PROGRAM}
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert ("choose\n", "") == (done.stdout, done.stderr)
