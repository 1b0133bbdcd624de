"""Docker's configuration: files, credential helpers, and what is wrong with them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import docker.auth
import pytest
from secrecy import held_by

from pulumi_ucimage._config import credential_helper
from pulumi_ucimage._config.docker_config import docker_credentials
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_ucimage._secret import RegistryCredentials

HOST = "uhub.example.com:5000"
CANARY = "canary-41d7"


def basic(user: str, password: str) -> str:
    """What `docker login` writes into `auths`."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


class Docker:
    """A folder with a configuration, and another with credential helpers."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.json"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)

    def write(self, config: object) -> None:
        """Write the configuration, bytes as they are and other values as JSON."""
        content = config if isinstance(config, bytes) else json.dumps(config).encode()
        self.file.write_bytes(content)

    def helper(self, name: str, script: str) -> None:
        """Make a credential helper of a shell script."""
        path = self.bin / f"docker-credential-{name}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Lead to a configuration of the test's own."""
    made = Docker(tmp_path / "docker")
    monkeypatch.setenv("DOCKER_CONFIG", str(made.file.parent))
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    return made


class Login(NamedTuple):
    """What is sent to a registry."""

    user: str = ""
    password: str = ""
    token: str = ""


def login(found: RegistryCredentials | None) -> Login | None:
    """The login that credentials hold, to be compared."""
    if found is None:
        return None
    token = found.identity_token
    return Login(found.username, found.password.reveal(), token.reveal() if token else "")


def docker_py(path: Path) -> Login | None:
    """What docker-py reads from the same file."""
    found = docker.auth.load_config(str(path)).resolve_authconfig(HOST)
    fields = {key.lower(): value for key, value in (found or {}).items()}
    user, password = fields.get("username"), fields.get("password")
    token = fields.get("identitytoken")
    return Login(user or "", password or "", token or "") if user or token else None


def found_by(script: str, **config: Any) -> tuple[dict[str, Any], str]:
    """A configuration that leads to the helper `test`, and that helper's script."""
    return {"credHelpers": {HOST: "test"}, **config}, script


ANN = basic("ann", "se:cret")
KNOWS_BEN = """cat > /dev/null; echo '{"Username": "ben", "Secret": "helped"}'"""
KNOWS_NOBODY = "cat > /dev/null; echo credentials not found in native keychain; exit 1"
PER_HOST = (
    f'read -r host; [ "$host" = {HOST} ] && [ "$1" = get ] &&'
    """ echo '{"Username": "ben", "Secret": "helped"}'"""
)

# A configuration with the helper's script, and the login that Docker has for HOST.
LOGINS: dict[str, tuple[dict[str, Any], str, Login | None]] = {
    "nothing": ({}, "", None),
    "another host": ({"auths": {"uhub.example.com": {"auth": ANN}}}, "", None),
    "a password with a colon": (
        {"auths": {HOST: {"auth": ANN}}},
        "",
        Login("ann", "se:cret"),
    ),
    "a password beyond ASCII": (
        {"auths": {HOST: {"auth": basic("ann", "密码")}}},
        "",
        Login("ann", "密码"),
    ),
    "the host as a URL": (
        {"auths": {f"https://{HOST}/v1/": {"auth": ANN}}},
        "",
        Login("ann", "se:cret"),
    ),
    "a longer host": ({"auths": {f"{HOST}0": {"auth": ANN}}}, "", None),
    "an identity token": (
        {"auths": {HOST: {"auth": basic("0", ""), "identitytoken": "long"}}},
        "",
        Login(token="long"),
    ),
    "a helper": (*found_by(PER_HOST), Login("ben", "helped")),
    "a helper's identity token": (
        *found_by("""cat >/dev/null; echo '{"Username": "<token>", "Secret": "long"}'"""),
        Login(token="long"),
    ),
    "a helper before auths": (
        *found_by(KNOWS_BEN, auths={HOST: {"auth": ANN}}),
        Login("ben", "helped"),
    ),
    "a helper without this host, then auths": (
        *found_by(KNOWS_NOBODY, auths={HOST: {"auth": ANN}}),
        Login("ann", "se:cret"),
    ),
    "a helper without this host": (*found_by(KNOWS_NOBODY), None),
    "a helper with empty credentials": (
        *found_by("""cat > /dev/null; echo '{"Username": "", "Secret": ""}'"""),
        None,
    ),
    "a store": (
        {"credsStore": "test", "auths": {HOST: {}}},
        KNOWS_BEN,
        Login("ben", "helped"),
    ),
    "a helper before the store": (
        *found_by(KNOWS_BEN, credsStore="missing"),
        Login("ben", "helped"),
    ),
    "a helper for another host": (
        {"credHelpers": {"gcr.io": "missing"}, "auths": {HOST: {"auth": ANN}}},
        "",
        Login("ann", "se:cret"),
    ),
}


@pytest.mark.parametrize("name", LOGINS)
def test_credentials_are_those_of_docker(name: str, configured: Docker) -> None:
    """`credHelpers`, `credsStore` and `auths` are read as docker-py reads them."""
    config, script, expected = LOGINS[name]
    configured.write(config)
    configured.helper("test", script)

    assert expected == docker_py(configured.file)
    assert expected == login(docker_credentials(HOST))


# What docker-py does not read, and the Docker CLI does.
ONLY_THE_CLI = {
    "plain fields": (
        {"auths": {HOST: {"username": "ann", "password": "se:cret"}}},
        Login("ann", "se:cret"),
    ),
    "an empty file": (b"", None),
    "a password that ends in NUL": (
        {"auths": {HOST: {"auth": basic("ann", "se:cret\0\0")}}},
        Login("ann", "se:cret"),
    ),
    "a host whose helper is switched off": (
        {
            "credHelpers": {HOST: ""},
            "credsStore": "missing",
            "auths": {HOST: {"auth": ANN}},
        },
        Login("ann", "se:cret"),
    ),
}


@pytest.mark.parametrize("name", ONLY_THE_CLI)
def test_credentials_are_those_of_the_docker_cli(name: str, configured: Docker) -> None:
    """Forms that only the Docker CLI reads are read as it does."""
    config, expected = ONLY_THE_CLI[name]
    configured.write(config)

    assert expected == login(docker_credentials(HOST))


def test_without_a_configuration_there_are_no_credentials(configured: Docker) -> None:
    """As for Docker, the file and its folder may be missing."""
    assert docker_credentials(HOST) is None

    configured.bin.rmdir()
    configured.file.parent.rmdir()

    assert docker_credentials(HOST) is None


def test_the_default_folder_is_in_the_home(
    configured: Docker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without DOCKER_CONFIG, `~/.docker/config.json` is read."""
    configured.write({"auths": {HOST: {"auth": ANN}}})
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    configured.file.parent.rename(tmp_path / ".docker")

    assert login(docker_credentials(HOST)) == Login("ann", "se:cret")


HANGS = f"echo {CANARY}; sleep 60"
HANGS_IN_A_CHILD = f"echo {CANARY}; sleep 60 & exit 0"
PRINTS_MEGABYTES = f"yes {CANARY}"
IS_NOT_JSON = f"echo {CANARY}"

# A configuration with the helper's script, and what the error says about it.
FAULTS: dict[str, tuple[object, str, str]] = {
    "not JSON": (b'{"auths": {"' + CANARY.encode(), "", "is not JSON"),
    "not UTF-8": (b"\xff\xfe\xfd" + CANARY.encode(), "", "is not JSON"),
    "nested without end": (b"[" * 100_000, "", "is not JSON"),
    "a list": ([CANARY], "", "is not an object in JSON"),
    "too large": (b" " * 1024 * 1024 + b"{}", "", "is larger than 1 MiB"),
    "auths is a list": (
        {"auths": [CANARY]},
        "",
        "must have objects in credHelpers and auths",
    ),
    "credHelpers is a text": ({"credHelpers": CANARY}, "", "must have objects in"),
    "an entry is a text": (
        {"auths": {HOST: CANARY}},
        "",
        "has a malformed entry for uhub.",
    ),
    "auth is a number": (
        {"auths": {HOST: {"auth": 5}}},
        "",
        "has a malformed entry for uhub.",
    ),
    "auth is not base64": (
        {"auths": {HOST: {"auth": CANARY}}},
        "",
        "has a malformed entry",
    ),
    "auth has no colon": (
        {"auths": {HOST: {"auth": base64.b64encode(CANARY.encode()).decode()}}},
        "",
        "has a malformed entry for uhub.",
    ),
    "a helper with a path": (
        {"credsStore": f"../{CANARY}"},
        "",
        "names a credential helper that cannot be a program's name",
    ),
    "a helper that is a number": ({"credsStore": 5}, "", "that cannot be a program's name"),
    "a missing helper": ({"credsStore": "missing"}, "", "is not on PATH"),
    "a helper that fails": (
        *found_by(f"echo {CANARY}; exit 3"),
        "failed with exit status 3",
    ),
    "a helper that hangs": (*found_by(HANGS), "did not answer within 0.5 s"),
    "a helper whose child hangs": (
        *found_by(HANGS_IN_A_CHILD),
        "did not answer within 0.5 s",
    ),
    "a helper that prints megabytes": (
        *found_by(PRINTS_MEGABYTES),
        "printed more than 64 KiB",
    ),
    "a helper that prints no JSON": (*found_by(IS_NOT_JSON), "is not an object in JSON"),
    "a helper that prints a list": (
        *found_by(f"echo '[\"{CANARY}\"]'"),
        "is not an object",
    ),
    "a helper that prints a number": (
        *found_by(f"""echo '{{"Username": "{CANARY}", "Secret": 5}}'"""),
        "a Secret that is not a string",
    ),
    "a helper that cannot be started": (*found_by(""), "cannot be started"),
}


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_an_error_that_shows_nothing_it_read(
    name: str, configured: Docker
) -> None:
    """What is wrong with Docker's configuration is a ConfigError that names it."""
    config, script, says = FAULTS[name]
    configured.write(config)
    configured.helper("test", script)
    if name == "a helper that cannot be started":
        (configured.bin / "docker-credential-test").write_text("#!/missing/shell\n")

    with pytest.raises(ConfigError) as caught:
        docker_credentials(HOST, helper_timeout_s=0.5)

    assert says in str(caught.value)
    assert str(configured.file) in str(caught.value)
    assert CANARY not in held_by(caught.value)


def test_a_folder_in_place_of_the_file_is_an_error(configured: Docker) -> None:
    """A config.json that cannot be read is not the same as none."""
    configured.file.mkdir()

    with pytest.raises(ConfigError, match="cannot be read"):
        docker_credentials(HOST)


def test_a_helper_has_one_time_limit(
    configured: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its answer took is not there any more for its end."""
    times = iter([0.0, 21.0])
    waits: list[float | None] = []
    wait = subprocess.Popen.wait

    def note(process: Any, timeout: float | None = None) -> int:
        waits.append(timeout)
        return wait(process, timeout)

    configured.write({"credsStore": "test"})
    configured.helper("test", 'echo "{}"')
    monkeypatch.setattr(credential_helper, "monotonic", lambda: next(times))
    monkeypatch.setattr(subprocess.Popen, "wait", note)

    assert docker_credentials(HOST, helper_timeout_s=30) is None
    assert 9.0 == waits[0]


def test_a_helper_that_hangs_is_ended(configured: Docker, tmp_path: Path) -> None:
    """Neither a helper nor its child is left running after its time limit."""
    pid_file = tmp_path / "pid"
    configured.write({"credsStore": "test"})
    configured.helper("test", f"sleep 60 & echo $! > {pid_file}; wait")

    with pytest.raises(ConfigError, match="did not answer"):
        docker_credentials(HOST, helper_timeout_s=0.5)

    assert _ends(int(pid_file.read_text()))


def _ends(pid: int) -> bool:
    """Whether a process that was killed is gone; its new parent may take a while."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or ") Z " in state.read_text():
            return True
    return False


def test_a_helper_runs_without_a_shell(configured: Docker, tmp_path: Path) -> None:
    """The host is the helper's input, never part of a command."""
    seen = tmp_path / "seen"
    configured.write({"credsStore": "test"})
    configured.helper("test", f'echo "$@" > {seen}; cat >> {seen}; echo "{{}}"')

    docker_credentials("$(touch x);host")

    assert seen.read_text() == "get\n$(touch x);host"


def test_credentials_cannot_be_seen(configured: Docker) -> None:
    """A login shows neither password nor token, wherever it is printed."""
    configured.write({"auths": {HOST: {"auth": basic("ann", CANARY)}}})

    found = docker_credentials(HOST)

    assert found
    assert CANARY not in repr(found)
