"""The command line in a Pulumi project: which stack is read, how, and what is said."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from command_line import Ended, start

from pulumi_ucimage.emulator import (
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ended]


class FakePulumi:
    """A program `pulumi` that records its calls, and gives the answers that a test sets.

    Args:
        folder: an empty one, for the program.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = folder / "calls"
        program = folder / "pulumi"
        program.write_text(
            f"#!{sys.executable}\n"
            "import json, os, pathlib, sys\n"
            "here = pathlib.Path(__file__).parent\n"
            "with (here / 'calls').open('a') as calls:\n"
            "    calls.write(json.dumps(sys.argv[1:]) + '\\n')\n"
            "exec((here / 'answer.py').read_text())\n"
        )
        program.chmod(0o755)
        self.configure({})

    def answer(self, code: str) -> None:
        """Run some Python in its place."""
        (self.folder / "answer.py").write_text(code)

    def configure(self, values: dict[str, tuple[str, bool]]) -> None:
        """Answer with a stack's configuration: value, and whether it is a secret."""
        config = {k: {"value": text, "secret": s} for k, (text, s) in values.items()}
        self.answer(f"print({json.dumps(json.dumps(config))})")

    def fail(self, message: str) -> None:
        """Fail, as Pulumi does."""
        self.answer(f"sys.exit({message!r})")

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        if not self._calls.exists():
            return []
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in a folder below one with a Pulumi project."""
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
    monkeypatch.chdir(folder / "below")
    return folder


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """Put a fake `pulumi` on PATH, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return FakePulumi(folder)


def stack_for(emulator: Emulator, namespace: str = "ucimage") -> dict[str, Any]:
    """A stack's configuration that leads to an emulator."""
    values = {
        "publicKey": (DEMO_PUBLIC_KEY, False),
        "privateKey": (DEMO_PRIVATE_KEY, True),
        "region": ("cn-bj2", False),
        "baseUrl": (emulator.url, False),
    }
    return {f"{namespace}:{key}": value for key, value in values.items()}


@pytest.mark.parametrize("namespace", ["ucimage", "ucloud"])
def test_the_configuration_of_the_stack_is_enough(
    call: Run, project: Path, pulumi: FakePulumi, emulator: Emulator, namespace: str
) -> None:
    """Keys, region and endpoint come from the stack; Pulumi decrypts the secrets."""
    pulumi.configure(stack_for(emulator, namespace))

    ended = call("choose", "ucs")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n", "") == ended
    (words,) = pulumi.calls
    assert ["config", "--show-secrets", "--json"] == words[:3]
    assert str(project) == words[words.index("--cwd") + 1]
    assert "--non-interactive" in words
    assert "--stack" not in words


def test_another_stack_and_folder(
    call: Run,
    project: Path,
    pulumi: FakePulumi,
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`--stack` and `--cwd` are passed on to Pulumi."""
    monkeypatch.chdir("/")

    ended = call("choose", "ucs", "--cwd", str(project), "--stack", "org/prod")

    assert 0 == ended.status
    (words,) = pulumi.calls
    assert "org/prod" == words[words.index("--stack") + 1]
    assert str(project) == words[words.index("--cwd") + 1]


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"])
def test_what_makes_a_project(
    call: Run, project: Path, pulumi: FakePulumi, configured: Emulator, name: str
) -> None:
    """Each file that Pulumi accepts."""
    (project / "Pulumi.yaml").rename(project / name)

    call("choose", "ucs")

    assert pulumi.calls


def test_the_stack_is_ignored_if_asked(
    call: Run, project: Path, pulumi: FakePulumi, configured: Emulator
) -> None:
    """Then Pulumi is not called at all."""
    assert 0 == call("choose", "ucs", "--no-stack").status
    assert [] == pulumi.calls


def test_outside_of_a_project_pulumi_is_not_called(
    call: Run,
    pulumi: FakePulumi,
    configured: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment and the profiles count alone."""
    monkeypatch.chdir(tmp_path)

    assert 0 == call("choose", "ucs").status
    assert [] == pulumi.calls


def test_no_stack_is_selected(
    call: Run, project: Path, pulumi: FakePulumi, configured: Emulator
) -> None:
    """One line says so; the other settings count."""
    pulumi.fail("error: no stack selected; please use `pulumi stack select`")

    ended = call("choose", "ucs")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n") == ended[:2]
    assert f"No stack is selected in {project}; no stack configuration is used.\n" == (
        ended.err
    )


def test_pulumi_is_not_installed(
    call: Run, project: Path, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error: without the stack's configuration the answer could be another one."""
    monkeypatch.setenv("PATH", "")

    ended = call("choose", "ucs")

    assert (1, "") == ended[:2]
    assert "`pulumi` is not on PATH" in ended.err
    assert "or use --no-stack" in ended.err
    assert 0 == call("choose", "ucs", "--no-stack").status
    assert "with --from." in call("pins").err


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "sys.exit('warning: old\\nerror: incorrect passphrase\\n')",
            "incorrect passphrase",
        ),
        ("sys.exit('\\x1b[31merror: bad\\x1b[0m')", "\\x1b[31merror: bad"),
        ("sys.exit(3)", "it gave no reason"),
        ("print('Welcome!')", "did not print a stack's configuration"),
        ("print('[]')", "did not print a stack's configuration"),
        ("print('null')", "did not print a stack's configuration"),
        ('print(\'{"k": "x"}\')', "did not print a stack's configuration"),
        ("os._exit(1)", "it gave no reason"),
    ],
)
def test_a_failure_of_pulumi_is_an_error(  # noqa: PLR0917
    call: Run, project: Path, pulumi: FakePulumi, configured: Emulator, code: str, says: str
) -> None:
    """One sentence with its last line; nothing is looked up."""
    pulumi.answer(code)

    ended = call("choose", "ucs")

    assert (1, "") == ended[:2]
    assert says in ended.err
    assert 1 == len(ended.err.splitlines())
    assert [] == configured.requests


def test_what_pulumi_may_print(
    call: Run, project: Path, pulumi: FakePulumi, configured: Emulator
) -> None:
    """Megabytes, objects, values of other namespaces, and any characters."""
    pulumi.answer(
        "big = {f'other:{n}': {'value': 'x' * 1000, 'secret': True} for n in range(5000)}\n"
        "big['other:o'] = {'value': '{}', 'objectValue': {}, 'secret': False}\n"
        "big['other:none'] = {'secret': True}\n"
        "sys.stderr.write('warning\\n' * 100_000)\n"
        "sys.stdout.buffer.write(json.dumps(big).encode() + b'\\n')\n"
    )

    assert (0, f"{DEMO_IMAGE}:1.1.0\n", "") == call("choose", "ucs")


def test_warnings_about_the_configuration(
    call: Run, project: Path, pulumi: FakePulumi, emulator: Emulator
) -> None:
    """An unknown key and a secret without encryption, each in one line on stderr."""
    values = stack_for(emulator)
    values["ucimage:privateKey"] = (DEMO_PRIVATE_KEY, False)
    values["ucimage:regoin"] = ("cn-sh2", False)
    pulumi.configure(values)

    ended = call("choose", "ucs")

    assert (0, f"{DEMO_IMAGE}:1.1.0\n") == ended[:2]
    unknown, unencrypted = ended.err.splitlines()
    assert unknown.startswith("Warning: ucimage:regoin")
    assert "did you mean ucimage:region?" in unknown
    assert "`pulumi config set --secret ucimage:privateKey`" in unencrypted
    assert DEMO_PRIVATE_KEY not in ended.err


def test_config_shows_the_stack(
    call: Run, project: Path, pulumi: FakePulumi, emulator: Emulator
) -> None:
    """Where each value comes from; secrets are masked in the table and in JSON."""
    pulumi.configure(stack_for(emulator, "ucloud"))

    table, document = call("config"), call("config", "--json")

    assert "stack configuration (ucloud:privateKey)" in table.out
    for text in (table.out, document.out):
        assert DEMO_PRIVATE_KEY not in text
        assert DEMO_PUBLIC_KEY not in text


def test_ctrl_c_ends_pulumi_too(
    project: Path, pulumi: FakePulumi, configured: Emulator
) -> None:
    """A backend that does not answer keeps nobody waiting, and no process stays."""
    pipe = pulumi.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    pulumi.answer(
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)  # Pulumi cleans up first\n"
        f"pipe = os.open({str(pipe)!r}, os.O_WRONLY)\n"
        "os.write(pipe, str(os.getpid()).encode())\n"
        "signal.pause()\n"
    )
    with start("choose", "ucs") as process:
        assert select.select([reader], [], [], 30)[0]
        pid = int(os.read(reader, 20))
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()

    try:
        assert (130, "", "") == (process.returncode, out, err)
        assert select.select([reader], [], [], 10)[0]
        assert b"" == os.read(reader, 1)  # the other end is closed: `pulumi` has ended
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.close(reader)
