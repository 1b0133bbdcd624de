"""Keys, tokens and signatures are nowhere but in the call, whatever path it takes."""

from __future__ import annotations

import http.client
import io
import json
import logging
import os
import pickle
import re
import string
import sys
import warnings
from base64 import b64encode
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock
from urllib.parse import urlencode

import pytest
from buckets import bucket, image
from faults import Do, answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry_answers import (
    BASIC,
    DIGEST,
    Script,
    bearer,
    head,
    lines,
    refusal,
    serve,
)
from secrecy import held_by, written

from pulumi_ucimage import (
    GetDockerImageResult,
    UcimageError,
    get_docker_image,
    get_docker_images,
)
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from faults import Steps

CANARY = "canary-9d3c"
SIGNATURE = re.compile(r"\b[0-9a-f]{40}\b")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an API that knows the canary's keys."""
    keys = [{"PublicKey": f"public-{CANARY}", "PrivateKey": f"private-{CANARY}"}]
    data = bucket(image("a.b/app", [("1", None)]))
    with Emulator(data={**data, "Keys": keys}) as running:
        yield running


@pytest.fixture(autouse=True)
def keys(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set keys and a token that hold the canary, and try nothing twice."""
    for variable, value in {
        "UCLOUD_API_BASE_URL": emulator.url,
        "UCLOUD_PUBLIC_KEY": f"public-{CANARY}",
        "UCLOUD_PRIVATE_KEY": f"private-{CANARY}",
        "UCIMAGE_SECURITY_TOKEN": f"token-{CANARY}",
        "UCLOUD_REGION": "cn-bj2",
        "UCIMAGE_MAX_RETRIES": "0",
    }.items():
        monkeypatch.setenv(variable, value)


class Case(NamedTuple):
    """What goes wrong, and what the error says of it."""

    says: str
    fault: str = ""
    environment: tuple[str, str] = ("LANG", "C")
    argument: tuple[str, Any] = ("region", None)


CASES = {
    "wrong key": Case("RetCode 171", environment=("UCLOUD_PRIVATE_KEY", f"{CANARY}-2")),
    "unknown key": Case("RetCode 172", environment=("UCLOUD_PUBLIC_KEY", f"{CANARY}-2")),
    "unknown bucket": Case("RetCode 43023", argument=("bucket_name", "other")),
    "RetCode": Case("RetCode 299", fault="retcode=299"),
    "HTTP 500": Case("HTTP status 500", fault="http=500"),
    "redirect": Case("HTTP status 302", fault="http=302"),
    "cut off": Case("cut the connection", fault="drop"),
    "too late": Case(
        "did not answer in time",
        fault="delay=5",
        environment=("UCIMAGE_TIMEOUT_SECONDS", "0.2"),
    ),
    "refused": Case("The UCloud API at", fault="stopped"),
    "no TLS": Case("TLS", environment=("UCLOUD_API_BASE_URL", "https")),
    "unknown image": Case("has no image 'other'", argument=("image_name", "other")),
    "unknown tag": Case("has no tag '2'", argument=("tag", "2")),
    "argument": Case("region must have", argument=("region", "a b")),
    "setting": Case(
        "UCLOUD_REGION in the environment must", environment=("UCLOUD_REGION", "a b")
    ),
    "no region": Case("There is no region", environment=("UCLOUD_REGION", "")),
    "half a pair": Case("must come from one place", environment=("UCLOUD_PUBLIC_KEY", "")),
    "profile": Case("No profile is named", environment=("UCLOUD_PROFILE", "x")),
    "bundle": Case("does not exist", environment=("REQUESTS_CA_BUNDLE", "/missing")),
}


class Seen(NamedTuple):
    """The outcome of a call, and everything that it showed.

    Attributes:
        message: its error's; "" where it had none.
        places: what is seen, by where it is.
    """

    message: str
    places: dict[str, str]

    @property
    def leaks(self) -> list[str]:
        """The places that show a key, a token or a signature."""
        return [
            place
            for place, text in self.places.items()
            if SIGNATURE.search(text) or any(form in text for form in written(CANARY))
        ]


@pytest.fixture
def seen(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[Callable[[], object]], Seen]:
    """Make a call and search everything that it left, with every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)

    def search(call: Callable[[], object]) -> Seen:
        error, result = None, None
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                result = call()
            except UcimageError as raised:
                error = raised
        stdout, stderr = capfd.readouterr()
        return Seen(
            str(error or ""),
            {
                "error": held_by(error) if error else "",
                "pickle": pickle.dumps(error or repr(result)).decode("latin-1"),
                "result": repr(result),
                "log": caplog.text,
                "stdout": stdout,
                "stderr": stderr,
                "warnings": " ".join(str(warning.message) for warning in warned),
            },
        )

    return search


Search = Callable[[Callable[[], object]], Seen]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_failure_shows_a_secret(
    emulator: Emulator, case: Case, seen: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error, log at DEBUG, output or warning holds a key, token or signature."""
    variable, value = case.environment
    if value == "https":
        value = emulator.url.replace("http:", "https:")
    monkeypatch.setenv(variable, value)
    if variable == "REQUESTS_CA_BUNDLE":
        secure = emulator.url.replace("http:", "https:")
        monkeypatch.setenv("UCLOUD_API_BASE_URL", secure)
    if case.fault == "stopped":
        emulator.stop()
    elif case.fault:
        emulator.fault(case.fault)

    what = seen(lambda: get_docker_image(**dict([("bucket_name", "ucs"), case.argument])))

    assert case.says in what.message
    assert [] == what.leaks


def test_no_success_shows_a_secret(seen: Search) -> None:
    """No result, log at DEBUG or output of a successful call holds one."""
    what = seen(lambda: [get_docker_image("ucs", tag="1"), get_docker_images("ucs")])

    assert "app" in what.places["result"]
    assert [] == what.leaks


def set_password(patch: pytest.MonkeyPatch, _folder: Path, _host: str) -> None:
    """Set the registry's password in the environment."""
    patch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")
    patch.setenv("UCIMAGE_REGISTRY_PASSWORD", f"secret-{CANARY}")


def log_in(patch: pytest.MonkeyPatch, folder: Path, entry: Mapping[str, Any]) -> None:
    """Write Docker's configuration."""
    patch.setenv("DOCKER_CONFIG", str(folder))
    (folder / "config.json").write_text(json.dumps(entry))


def docker_password(patch: pytest.MonkeyPatch, folder: Path, host: str) -> None:
    """Do what `docker login` does."""
    auth = b64encode(f"ann:secret-{CANARY}".encode()).decode()
    log_in(patch, folder, {"auths": {host: {"auth": auth}}})


def identity_token(patch: pytest.MonkeyPatch, folder: Path, host: str) -> None:
    """Do what `docker login` does for a registry with identity tokens."""
    log_in(patch, folder, {"auths": {host: {"identitytoken": f"secret-{CANARY}"}}})


def helper(patch: pytest.MonkeyPatch, folder: Path, host: str) -> None:
    """Let a credential helper have the password."""
    answer = json.dumps({"Username": "ann", "Secret": f"secret-{CANARY}"})
    program = folder / "docker-credential-canary"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o700)
    patch.setenv("PATH", str(folder), prepend=os.pathsep)
    log_in(patch, folder, {"credHelpers": {host: "canary"}})


USERS = {each.__name__: each for each in (set_password, docker_password, helper)}
ALL_USERS = {**USERS, "identity_token": identity_token}
GIVES_TOKEN = answer(json.dumps({"token": f"bearer-{CANARY}"}).encode())

FIRST: Steps = (bearer(),)


def get_digest(registry: str) -> GetDockerImageResult:
    """Look up a tag, and its digest at this registry."""
    return get_docker_image("ucs", tag="1", registry=registry, resolve_digest=True)


# What a registry does with a password, an identity token or its own token.
REFUSALS: dict[str, Callable[[], Script]] = {
    "refused": lambda: Script(head=BASIC, get=BASIC),
    "repeated": lambda: Script(
        head=BASIC, get=refusal(403, "DENIED", f"ann:secret-{CANARY} may not")
    ),
    "token refused": lambda: Script(head=bearer(), token=refusal(401)),
    "token service repeats it": lambda: Script(
        head=bearer(),
        token=refusal(401, "DENIED", f"secret-{CANARY} is wrong"),
    ),
    "token repeated": lambda: Script(
        head=[bearer(), refusal(403)],
        token=GIVES_TOKEN,
        get=refusal(403, "DENIED", f"the token bearer-{CANARY} may not"),
    ),
    "token malformed": lambda: Script(
        head=bearer(), token=answer(f'{{"token": "{CANARY} x"}}'.encode())
    ),
    "cut with a token": lambda: Script(
        head=[FIRST, (Do.RESET,)], token=GIVES_TOKEN, get=(Do.RESET,)
    ),
    "foreign realm": lambda: Script(head=bearer("https://evil.example.com/token")),
    "not a manifest": lambda: Script(head=[BASIC, head(None)], get=answer(CANARY.encode())),
}


@pytest.mark.parametrize("user", ALL_USERS)
@pytest.mark.parametrize("name", REFUSALS)
def test_no_failure_shows_a_secret_of_the_registry(
    name: str, user: str, seen: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A password, an identity token and a Bearer token are never shown."""
    with serve(REFUSALS[name]()) as server:
        host = f"127.0.0.1:{server.port}"
        ALL_USERS[user](monkeypatch, tmp_path, host)

        what = seen(lambda: get_digest(host))

    assert what.message
    assert lines(server)
    assert [] == what.leaks


@pytest.mark.parametrize(
    ("user", "login"),
    [*product(USERS, ("basic", "bearer")), ("identity_token", "bearer")],
)
def test_no_digest_shows_a_secret_of_the_registry(
    user: str, login: str, seen: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A look-up that logs in and succeeds shows none either."""
    challenge = BASIC if login == "basic" else bearer()
    with serve(Script(head=[challenge, head()], token=GIVES_TOKEN)) as server:
        host = f"127.0.0.1:{server.port}"
        ALL_USERS[user](monkeypatch, tmp_path, host)

        what = seen(lambda: get_digest(host))
        sent = "".join(f"{each.head}{each.body}" for each in server.requests)

    assert DIGEST in what.places["result"]
    assert any(form in sent for form in written(CANARY))
    assert [] == what.leaks


def _with_fact() -> None:
    error = UcimageError("x")
    vars(error)["fact"] = [{"key": CANARY}]
    raise error


def _because() -> None:
    raise UcimageError("x") from ValueError(CANARY)


def _while() -> None:
    try:
        raise ValueError(CANARY)  # noqa: TRY301 - it is the context that is planted
    except ValueError:
        raise UcimageError("x")  # noqa: B904


# As code of the package: the search passes over the variables of the tests.
_ELSEWHERE: dict[str, Any] = {"UcimageError": UcimageError}
exec(  # noqa: S102
    compile("def fail(key):\n raise UcimageError(str(len(key)))", "package.py", "exec"),
    _ELSEWHERE,
)


def _variable_of_the_context() -> None:
    try:
        _ELSEWHERE["fail"](CANARY)
    except UcimageError:
        raise UcimageError("x")  # noqa: B904


def _fail() -> None:
    raise UcimageError(CANARY)


PLANTED: dict[str, tuple[Callable[[], object], set[str]]] = {
    "error": (_fail, {"error", "pickle"}),
    "fact of the error": (_with_fact, {"error", "pickle"}),
    "cause": (_because, {"error"}),
    "context": (_while, {"error"}),
    "variable": (lambda: _ELSEWHERE["fail"](CANARY), {"error"}),
    "variable of the context": (_variable_of_the_context, {"error"}),
    "result": (lambda: f"key: {CANARY}", {"result", "pickle"}),
    "signature": (lambda: 10 * "0a1b", {"result", "pickle"}),
    "log of urllib3": (lambda: logging.getLogger("urllib3").debug(CANARY), {"log"}),
    "stdout": (lambda: sys.stdout.write(CANARY), {"stdout"}),
    "stderr": (lambda: sys.stderr.write(CANARY), {"stderr"}),
    "warning": (lambda: warnings.warn(CANARY, stacklevel=1), {"warnings"}),
}


@pytest.mark.parametrize(("plant", "places"), PLANTED.values(), ids=PLANTED)
def test_a_planted_leak_is_found(
    plant: Callable[[], object], places: set[str], seen: Search
) -> None:
    """The search finds a secret in each of the places it looks at."""
    assert places == {*seen(plant).leaks}


def test_every_place_has_a_planted_leak(seen: Search) -> None:
    """No place is searched in vain."""
    found = set().union(*(places for _, places in PLANTED.values()))

    assert {*seen(lambda: None).places} == found


KEYS = st.text(string.ascii_letters + string.digits + "/+=_-", max_size=40).map(
    "canary/{}".format  # or it might be a word of what is shown
)
FAULTS = ["", "retcode=171", "retcode=299", "http=500", "http=302", "drop"]


@contextmanager
def talkative() -> Iterator[Callable[[], str]]:
    """Let every library print and log all it can; gives what it wrote so far."""
    captured, log = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    with (
        mock.patch.object(http.client.HTTPConnection, "debuglevel", 1),
        mock.patch.object(root, "handlers", [logging.StreamHandler(log)]),
        mock.patch.object(root, "level", logging.DEBUG),
        redirect_stdout(captured),
        redirect_stderr(captured),
    ):
        yield lambda: f"{captured.getvalue()}\n{log.getvalue()}"


def found_in(shown: str, *secrets: str) -> bool:
    """Whether a text has one of these in any form, or a signature."""
    sought = [form for secret in secrets for form in written(secret)]
    return any(form in shown for form in sought) or bool(SIGNATURE.search(shown))


@pytest.mark.usefixtures("emulator")
@given(KEYS, KEYS, st.sampled_from(FAULTS))
@settings(suppress_health_check=[*HealthCheck])
def test_no_key_of_any_kind_is_shown(key: str, token: str, fault: str) -> None:
    """With every library at its most talkative, in output, logs, errors and results."""
    data = {**bucket(), "Keys": [{"PublicKey": "public", "PrivateKey": key}]}
    with (
        Emulator(data=data, faults=[fault] if fault else []) as api,
        mock.patch.dict(
            os.environ,
            UCLOUD_API_BASE_URL=api.url,
            UCLOUD_PUBLIC_KEY="public",
            UCLOUD_PRIVATE_KEY=key,
            UCIMAGE_SECURITY_TOKEN=token,
        ),
        talkative() as captured,
    ):
        try:
            shown = repr(get_docker_images("ucs"))
        except UcimageError as error:
            shown = held_by(error)
        close_connections()
        shown = f"{shown}\n{captured()}"

    assert "urllib3" in shown or "127.0.0.1" in shown
    assert not found_in(shown, key, token)


@given(KEYS)
@settings(suppress_health_check=[*HealthCheck])
def test_a_planted_key_of_any_kind_is_found(emulator: Emulator, key: str) -> None:
    """A call by plain http.client shows its key; so would one in a log or in any form."""
    with talkative() as captured:
        connection = http.client.HTTPConnection(emulator.url.split("/")[2])
        connection.request("POST", "/", urlencode({"SecurityToken": key}))
        connection.getresponse().read()
        connection.close()
        sent = captured()
        logging.getLogger("urllib3").debug(key)
        logged = captured().removeprefix(sent)

    assert found_in(sent, key)
    assert found_in(logged, key)
    assert all(found_in(f"shown: {form}.", key) for form in written(key))
    for before in range(3):
        blob = b64encode(b"." * before + key.encode() + b".").decode()
        assert found_in(blob, key)
    assert found_in("a" * 40)
    assert not found_in("a" * 39, key)
