"""The tools: three ways to a real engine, each open and closed, without waiting."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(__file__).resolve().parents[1] / "tools"
INSTALL = TOOLS / "install.py"
SCRIPTS = {
    "pulumi": [],
    "pulumi-language-python": [
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ],
    "pulumi-language-yaml": [],
    "pulumi-language-nodejs": ["pulumi-resource-pulumi-nodejs"],
    "pulumi-language-go": [],
}
PROGRAMS = list(SCRIPTS)
FILES = [name for program in PROGRAMS for name in (program, *SCRIPTS[program])]
PINNED = re.findall(r"/pkg/v3 v(\S+)", (TOOLS / "pulumi/go.mod").read_text())[0]

GO = """#!/bin/sh
PATH=/usr/bin:/bin
[ -n "$FAKE_GO" ] || FAKE_GO=go1.26.8
case $1 in
version) echo "go version $FAKE_GO linux/amd64" ;;
list) echo "$HOME/module" ;;
build)
    while [ "$1" != -o ]; do shift; done
    program=${2##*/}
    echo "$program" >>"$HOME/built"
    echo "${PWD##*/} $GOFLAGS $GOTOOLCHAIN $GOWORK" >>"$HOME/settings"
    if [ "$FAKE_GATE" = "$program" ]; then
        echo $$ >"$HOME/reached"
        read -r _ <"$HOME/gate"
    fi
    if [ "$FAKE_FAILURE" = "$program" ]; then
        seq 100
        echo "missing go.sum entry" >&2
        exit 1
    fi
    printf '#!/bin/sh\\necho %s\\n' "$FAKE_VERSION" >"$2"
    chmod +x "$2"
    ;;
esac
"""
CURL = """#!/bin/sh
echo "$*" >>"$HOME/fetched"
while [ $# -gt 0 ]; do [ "$1" = -o ] && cp "$HOME/installer" "$2"; shift; done
"""
INSTALLER = f"""
echo "$*" >"$HOME/wish"
curl -fsSL tarball
while [ "$1" != --install-root ]; do shift; done
mkdir "$2/bin"
for name in {" ".join(FILES)}; do
    printf '#!/bin/sh\\necho v{PINNED}\\n' >"$2/bin/$name"
    chmod +x "$2/bin/$name"
done
"""


@dataclass(frozen=True)
class Machine:
    """A machine with nothing on PATH but what a test puts there."""

    home: Path

    @property
    def bin(self) -> Path:
        """The one folder on PATH."""
        return self.home / "bin"

    @property
    def cache(self) -> Path:
        """Where this machine keeps what was installed or built."""
        return self.home / "cache"

    def put(self, name: str, script: str, folder: Path | None = None) -> None:
        """Put a program on this machine, on PATH unless a folder is named."""
        path = (folder or self.bin) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def put_engine(self, version: str = PINNED, folder: Path | None = None) -> None:
        """Put a whole Pulumi on this machine, on PATH unless a folder is named."""
        for name in FILES:
            self.put(name, f"#!/bin/sh\necho v{version}\n", folder)

    def put_go(self) -> None:
        """Put a Go on PATH that writes down what it builds."""
        self.put("go", GO)
        module = self.home / "module"
        for script in (
            "python/cmd/pulumi-language-python-exec",
            "python/dist/pulumi-resource-pulumi-python",
            "nodejs/dist/pulumi-resource-pulumi-nodejs",
        ):
            path = module / script
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n")
            path.chmod(0o444)

    def put_installer(self, script: str = INSTALLER) -> None:
        """Put a curl on PATH that brings this installer."""
        self.put("curl", CURL.replace("cp ", "/bin/cp "))
        (self.home / "installer").write_text(f"PATH=$PATH:/usr/bin:/bin\n{script}")

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a call; nothing of the developer's own gets in."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "PULUMI_UCIMAGE_TOOLS": str(self.cache),
            "FAKE_VERSION": f"v{PINNED}",
            **more,
        }

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script to its end."""
        return subprocess.run(
            [sys.executable, INSTALL, *words],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def start(self, **more: str) -> subprocess.Popen[str]:
        """Start the script and go on."""
        return subprocess.Popen(
            [sys.executable, INSTALL],
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def noted(self, name: str) -> list[str]:
        """The lines that a fake program wrote down."""
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine."""
    (tmp_path / "bin").mkdir()
    return Machine(tmp_path)


@pytest.fixture
def builder(machine: Machine) -> Machine:
    """A machine with Go alone, where a build can be held at a gate."""
    machine.put_go()
    os.mkfifo(machine.home / "gate")
    os.mkfifo(machine.home / "reached")
    return machine


def folder_of(done: subprocess.CompletedProcess[str]) -> Path:
    """The folder that a call printed as its last line."""
    assert (0, False) == (done.returncode, "Traceback" in done.stderr), done.stderr
    return Path(done.stdout.splitlines()[-1])


def sentence_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a failing call ends with."""
    assert (1, "") == (done.returncode, done.stdout), done.stderr
    assert "Traceback" not in done.stderr
    sentence = done.stderr.splitlines()[-1]
    assert sentence.endswith(".")
    return sentence


# The first way: what is on PATH.


@pytest.mark.parametrize("version", [PINNED, "3.1000.0", "4.0.0"])
def test_an_engine_on_path_serves(machine: Machine, version: str) -> None:
    """A whole Pulumi on PATH, as old as the pin or younger, is used where it is."""
    machine.put_engine(version)

    assert machine.bin == folder_of(machine.call())


def test_path_comes_before_every_other_way(machine: Machine) -> None:
    """With a whole Pulumi on PATH nothing is fetched and nothing is built."""
    machine.put_engine()
    machine.put_installer()
    machine.put_go()

    machine.call()

    assert ([], []) == (machine.noted("fetched"), machine.noted("built"))


@pytest.mark.parametrize(
    ("broken", "script", "reason"),
    [
        ("pulumi", "#!/bin/sh\necho v3.258.9\n", "is 3.258.9, older than"),
        ("pulumi", "#!/bin/sh\nexit 1\n", "does not run"),
        ("pulumi", "#!/bin/sh\necho nothing known\n", "does not run"),
        ("pulumi", "not for this machine", "does not run"),
        ("pulumi-language-go", "#!/bin/sh\nexit 126\n", "does not run"),
    ],
)
def test_what_does_not_serve_on_path_is_passed_over(
    builder: Machine, broken: str, script: str, reason: str
) -> None:
    """A Pulumi that is too old or does not run is named, and another way is taken."""
    builder.put_engine()
    builder.put(broken, script)

    done = builder.call()

    assert reason in done.stderr
    assert builder.cache == folder_of(done).parent


@pytest.mark.parametrize("missing", FILES)
def test_a_part_missing_on_path_is_enough_to_pass_it_over(
    builder: Machine, missing: str
) -> None:
    """Every program and script has to be there."""
    builder.put_engine()
    (builder.bin / missing).unlink()

    assert builder.cache == folder_of(builder.call()).parent


def test_hosts_not_asked_for_may_be_missing_on_path(machine: Machine) -> None:
    """Only the programs that are named have to be there."""
    machine.put_engine()
    (machine.bin / "pulumi-language-go").unlink()

    assert machine.bin == folder_of(machine.call("pulumi-language-yaml"))


def test_hosts_are_looked_for_beside_a_linked_pulumi(machine: Machine) -> None:
    """A link to pulumi on PATH leads to the folder of the whole installation."""
    elsewhere = machine.home / "elsewhere"
    machine.put_engine(folder=elsewhere)
    (machine.bin / "pulumi").symlink_to(elsewhere / "pulumi")

    assert elsewhere == folder_of(machine.call())


def test_what_stands_in_several_folders_is_linked_into_one(machine: Machine) -> None:
    """A Pulumi in two folders of PATH becomes one folder of links."""
    other = machine.home / "other"
    machine.put_engine()
    other.mkdir()
    (machine.bin / "pulumi-language-go").rename(other / "pulumi-language-go")

    folder = folder_of(machine.call(PATH=f"{machine.bin}{os.pathsep}{other}"))

    assert sorted(FILES) == sorted(path.name for path in folder.iterdir())
    assert other / "pulumi-language-go" == (folder / "pulumi-language-go").readlink()


# The second way: Pulumi's installer.


def test_the_installer_comes_before_a_build(builder: Machine) -> None:
    """What the installer brings is used, and kept outside the checkout."""
    builder.put_installer()

    folder = folder_of(builder.call())

    assert builder.cache in folder.parents
    assert all(os.access(folder / name, os.X_OK) for name in FILES)
    assert [] == builder.noted("built")


def test_the_installer_is_told_version_and_folder(machine: Machine) -> None:
    """The installer gets the pinned version and leaves the user's PATH alone."""
    machine.put_installer()

    machine.call()

    (wish,) = machine.noted("wish")
    assert re.fullmatch(
        rf"--version {PINNED} --install-root {machine.cache}/\S+ --no-edit-path", wish
    )


def test_every_download_gives_up_in_time(machine: Machine) -> None:
    """The script's download and the installer's own are bounded in the same way."""
    machine.put_installer()

    machine.call()

    bounds = "--connect-timeout 3 --speed-limit 10000 --speed-time 20 -fsSL "
    assert [
        True,
        True,
    ] == [line.startswith(bounds) for line in machine.noted("fetched")]


@pytest.mark.parametrize(
    ("installer", "reason"),
    [
        ("echo sorry; exit 1", "sorry"),
        ("<html>Please log in</html>", "not from Pulumi's installer"),
        ("exit 0", "did not bring every program"),
        (INSTALLER.replace(" pulumi-language-yaml", ""), "did not bring every"),
        (INSTALLER.replace(PINNED, "3.1.0"), "brought another version"),
        (INSTALLER.replace("echo v", "exit 1 #"), "does not run"),
    ],
)
def test_a_bad_installation_is_dropped_for_a_build(
    builder: Machine, installer: str, reason: str
) -> None:
    """An installer that fails or brings the wrong thing leaves nothing behind."""
    builder.put_installer(installer)

    done = builder.call()

    assert reason in done.stderr
    assert folder_of(done).name.startswith("built-")
    assert [] == [*builder.cache.glob("installed-*"), *builder.cache.glob("tmp-*")]


@pytest.mark.parametrize(
    ("curl", "reason"),
    [
        (None, "there is no curl on PATH"),
        ("echo 'curl: (6) Could not resolve host'; exit 6", "Could not resolve host"),
    ],
)
def test_an_installer_out_of_reach_leads_to_a_build(
    builder: Machine, curl: str | None, reason: str
) -> None:
    """Without curl, or without the installer's host, the programs are built."""
    if curl:
        builder.put("curl", f"#!/bin/sh\n{curl}\n")

    done = builder.call()

    assert reason in done.stderr
    assert folder_of(done).name.startswith("built-")


def test_a_hanging_command_ends_at_its_limit() -> None:
    """A command past its limit ends with all it started, and its status says so."""
    code = (
        "from pulumi_engine.process import run;"
        "print(run(['/bin/sh', '-c', '/bin/sleep 600 & wait'], limit_s=0.1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TOOLS,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert done.stdout.startswith("(124, ")


# The third way: a build.


def test_a_build_makes_one_folder_of_all_programs(builder: Machine) -> None:
    """Programs and scripts stand in one folder, ready to run, no links among them."""
    folder = folder_of(builder.call())

    assert sorted(FILES) == sorted(path.name for path in folder.iterdir())
    assert all(os.access(folder / name, os.X_OK) for name in FILES)
    assert not any((folder / name).is_symlink() for name in FILES)


def test_a_build_resolves_nothing(builder: Machine) -> None:
    """Go runs beside each pinned go.mod and may neither change it nor another Go."""
    builder.call(GOFLAGS="-mod=mod", GOTOOLCHAIN="auto", GOWORK="/elsewhere")

    expected = [f"{name} -mod=readonly local off" for name in PROGRAMS]
    assert expected == builder.noted("settings")


def test_a_second_call_fetches_and_builds_nothing(builder: Machine) -> None:
    """A second call prints the same folder and asks no host again."""
    builder.put_installer("exit 1")

    first = folder_of(builder.call())
    second = folder_of(builder.call())

    assert (first, PROGRAMS) == (second, builder.noted("built"))
    assert 1 == len(builder.noted("fetched"))


def test_one_more_program_builds_that_program_only(builder: Machine) -> None:
    """Each program is kept by itself; pulumi always comes along."""
    few = folder_of(builder.call("pulumi-language-yaml"))
    built = builder.noted("built")
    builder.call()

    assert ["pulumi", "pulumi-language-yaml"] == built
    assert built == sorted(path.name for path in few.iterdir())
    assert sorted(PROGRAMS) == sorted(builder.noted("built"))


def test_another_go_builds_anew(builder: Machine) -> None:
    """What another release of Go built is not taken for this one's."""
    folders = {
        folder_of(builder.call("pulumi", FAKE_GO=release))
        for release in ("go1.26.8", "go1.27.0")
    }

    assert (2, ["pulumi"] * 2) == (len(folders), builder.noted("built"))


def test_a_damaged_folder_is_made_again(builder: Machine) -> None:
    """A folder that lost a file is not taken for done."""
    folder = folder_of(builder.call())
    for lost in builder.cache.glob("*/pulumi-language-go"):
        lost.unlink()

    again = folder_of(builder.call())

    assert folder == again
    assert [*PROGRAMS, "pulumi-language-go"] == builder.noted("built")


@pytest.fixture
def held(builder: Machine) -> Iterator[subprocess.Popen[str]]:
    """A call whose second build is held at the gate."""
    reached = os.open(builder.home / "reached", os.O_RDWR)
    with builder.start(FAKE_GATE="pulumi-language-python") as call:
        try:
            assert select.select([reached], [], [], 30)[0], "no build was started"
            go = int(os.read(reached, 100))
            yield call
            with contextlib.suppress(ProcessLookupError):
                os.kill(go, signal.SIGKILL)
        finally:
            call.kill()
    os.close(reached)


def test_two_calls_build_once(builder: Machine, held: subprocess.Popen[str]) -> None:
    """A call waits, and says so, while another one builds; then it finds all done."""
    with builder.start() as late:
        assert late.stdout
        assert late.stderr
        for line in late.stderr:
            if line.startswith("waiting for another run"):
                break
        (builder.home / "gate").write_text("go on\n")
        folders = {held.communicate()[0], late.communicate()[0]}

    assert (1, PROGRAMS) == (len(folders), builder.noted("built"))
    assert builder.cache == Path(folders.pop().strip()).parent


def test_an_interrupted_build_leaves_nothing_half_made(
    builder: Machine, held: subprocess.Popen[str]
) -> None:
    """A call after a killed one builds what was not finished, and cleans up."""
    held.kill()
    output, _ = held.communicate()

    folder_of(builder.call())

    assert "" == output
    assert [*PROGRAMS[:2], *PROGRAMS[1:]] == builder.noted("built")
    assert [] == list(builder.cache.glob("tmp-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_call_that_is_told_to_end_cleans_up(
    builder: Machine, held: subprocess.Popen[str], number: signal.Signals
) -> None:
    """The running build ends with the call, without a traceback."""
    held.send_signal(number)
    _, said = held.communicate()

    assert (128 + number, False) == (held.returncode, "Traceback" in said)
    assert [] == list(builder.cache.glob("tmp-*"))


# What is missing.


def test_a_missing_go_is_one_sentence(machine: Machine) -> None:
    """Without Go the last line says what to install."""
    expected = (
        "Go 1.26 or later is needed to build Pulumi's engine here; install it from "
        f"https://go.dev/dl or put Pulumi {PINNED} or later, with its language hosts, "
        "on PATH."
    )

    assert expected == sentence_of(machine.call())


@pytest.mark.parametrize("release", ["go1.9", "go1.25.11"])
def test_an_old_go_is_one_sentence(builder: Machine, release: str) -> None:
    """A Go that is too old is named, and nothing is built with it."""
    sentence = sentence_of(builder.call(FAKE_GO=release))

    seen = release.removesuffix(".11")
    assert f"needed to build Pulumi's engine here (PATH has {seen}); " in sentence
    assert [] == builder.noted("built")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_go_mod_wants_the_go_that_the_sentence_names(program: str) -> None:
    """The release in the sentence is the one in every go.mod."""
    assert "\ngo 1.26\n" in (TOOLS / program / "go.mod").read_text()


def test_a_failed_build_shows_its_end_and_one_sentence(builder: Machine) -> None:
    """The last twenty lines of the build come before the sentence."""
    done = builder.call(FAKE_FAILURE="pulumi-language-yaml")

    assert "Go could not build pulumi-language-yaml" in sentence_of(done)
    assert "\n82\n" in done.stderr
    assert "\nmissing go.sum entry\n" in done.stderr
    assert "\n81\n" not in done.stderr


def test_a_build_that_does_not_run_is_not_kept(builder: Machine) -> None:
    """What was built but does not run here is one sentence, and is not kept."""
    sentence = sentence_of(builder.call(FAKE_VERSION="nothing"))

    assert "does not run" in sentence
    assert ["lock"] == [path.name for path in builder.cache.iterdir()]


def test_a_cache_that_cannot_be_written_is_one_sentence(builder: Machine) -> None:
    """A place that is a file is named, with the setting that changes it."""
    place = builder.bin / "go"

    sentence = sentence_of(builder.call(PULUMI_UCIMAGE_TOOLS=str(place)))

    assert str(place) in sentence
    assert "set PULUMI_UCIMAGE_TOOLS" in sentence


def test_an_unknown_name_is_refused(machine: Machine) -> None:
    """A name that is no program is answered with those that are."""
    done = machine.call("pulumi-language-cobol")

    assert 2 == done.returncode
    assert ", ".join(PROGRAMS) in done.stderr.replace("\n", " ")


# The command line and the place.


def test_print_makes_nothing(builder: Machine) -> None:
    """With --print and nothing kept, the answer is a sentence and no build."""
    assert "without --print" in sentence_of(builder.call("--print"))
    assert [] == builder.noted("built")


def test_print_finds_what_is_kept(builder: Machine) -> None:
    """With --print the folder of an earlier call is found."""
    folder = folder_of(builder.call())

    assert folder == folder_of(builder.call("--print"))


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "cache"),
        ({"PULUMI_UCIMAGE_TOOLS": "~/mine"}, "mine"),
        (
            {"PULUMI_UCIMAGE_TOOLS": "", "XDG_CACHE_HOME": "~/xdg"},
            "xdg/pulumi-ucimage/tools",
        ),
        (
            {"PULUMI_UCIMAGE_TOOLS": "", "XDG_CACHE_HOME": ""},
            ".cache/pulumi-ucimage/tools",
        ),
    ],
)
def test_the_cache_is_where_it_was_asked_for(
    builder: Machine, settings: dict[str, str], place: str
) -> None:
    """The tools' own setting comes before the user's cache folder."""
    folder = folder_of(builder.call("pulumi", **settings))

    assert builder.home / place == folder.parent


def test_no_registry_is_named() -> None:
    """The tools name two sites to install from, and leave registries to the clients."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in TOOLS.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]

    hosts = {host for text in texts for host in re.findall(r"https?://([\w.-]+)", text)}

    assert {"get.pulumi.com", "go.dev"} == hosts
