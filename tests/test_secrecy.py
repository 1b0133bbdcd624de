"""Keys, tokens and signatures are nowhere but in the call, whatever path it takes."""

from __future__ import annotations

import base64
import http.client
import io
import logging
import os
import re
import string
import warnings
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secrecy import held_by

from pulumi_ucimage import UcimageError, clients, get_docker_image, get_docker_images
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-9d3c"
SIGNATURE = re.compile(r"\b[0-9a-f]{40}\b")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an API that knows the canary's keys."""
    data = {
        "Keys": [{"PublicKey": f"public-{CANARY}", "PrivateKey": f"private-{CANARY}"}],
        "Buckets": [
            {
                "Region": "cn-bj2",
                "BucketName": "ucs",
                "ImageSet": [{"ImageName": "a.b/app", "TagSet": [{"TagName": "1"}]}],
            }
        ],
    }
    with Emulator(data=data) as running:
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
    "cut off": Case("cut the connection off", fault="drop"),
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
    "setting": Case("UCLOUD_REGION must", environment=("UCLOUD_REGION", "a b")),
    "no region": Case("There is no region", environment=("UCLOUD_REGION", "")),
    "half a pair": Case("a pair of keys", environment=("UCLOUD_PUBLIC_KEY", "")),
    "profile": Case("No profile is named", environment=("UCLOUD_PROFILE", "x")),
    "bundle": Case("does not exist", environment=("REQUESTS_CA_BUNDLE", "/missing")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_failure_shows_a_secret(
    emulator: Emulator,
    case: Case,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No error, log at DEBUG, output or warning holds a key, token or signature."""
    variable, value = case.environment
    if value == "https":
        value = emulator.url.replace("http:", "https:")
    monkeypatch.setenv(variable, value)
    if case.fault == "stopped":
        emulator.stop()
    elif case.fault:
        emulator.fault(case.fault)
    caplog.set_level(logging.DEBUG)
    with (
        warnings.catch_warnings(record=True) as warned,
        pytest.raises(UcimageError, match=re.escape(case.says)) as caught,
    ):
        get_docker_image(**dict([("bucket_name", "ucs"), case.argument]))
    shown = "\n".join(
        [held_by(caught.value), caplog.text, *capfd.readouterr(), *map(str, warned)]
    )

    assert CANARY not in shown
    assert not SIGNATURE.search(shown)


def test_no_success_shows_a_secret(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor does any result, log at DEBUG or output of calls that succeed."""
    caplog.set_level(logging.DEBUG)
    results = [get_docker_image("ucs", tag="1"), get_docker_images("ucs")]
    shown = "\n".join([repr(results), caplog.text, *capfd.readouterr()])

    assert "app" in shown
    assert CANARY not in shown
    assert not SIGNATURE.search(shown)


KEYS = st.text(string.ascii_letters + string.digits + "/+=_-", max_size=40).map(
    "canary/{}".format  # or it might be a word of what is shown
)
FAULTS = ["", "retcode=171", "retcode=299", "http=500", "http=302", "drop"]


def forms(secret: str) -> list[str]:
    """Each form in which it could be written."""
    encoded = secret.encode()
    return [
        secret,
        quote_plus(secret),
        base64.b64encode(encoded).decode().rstrip("="),
        encoded.hex(),
    ]


@pytest.mark.usefixtures("emulator")
@given(KEYS, KEYS, st.sampled_from(FAULTS))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_key_of_any_kind_is_shown(key: str, token: str, fault: str) -> None:
    """With every library at its most talkative, in output, logs, errors and results."""
    data = {
        "Keys": [{"PublicKey": "public", "PrivateKey": key}],
        "Buckets": [{"Region": "cn-bj2", "BucketName": "ucs", "ImageSet": []}],
    }
    told, log = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    with (
        Emulator(data=data, faults=[fault] if fault else []) as api,
        mock.patch.dict(
            os.environ,
            UCLOUD_API_BASE_URL=api.url,
            UCLOUD_PUBLIC_KEY="public",
            UCLOUD_PRIVATE_KEY=key,
            UCIMAGE_SECURITY_TOKEN=token,
        ),
        mock.patch.object(http.client.HTTPConnection, "debuglevel", 1),
        mock.patch.object(root, "handlers", [handler]),
        mock.patch.object(root, "level", logging.DEBUG),
        redirect_stdout(told),
        redirect_stderr(told),
    ):
        try:
            shown = repr(get_docker_images("ucs"))
        except UcimageError as error:
            shown = held_by(error)
        clients.close_connections()
    shown = f"{shown}\n{told.getvalue()}\n{log.getvalue()}"

    assert "urllib3" in shown or "127.0.0.1" in shown
    for secret in (key, token):
        for form in forms(secret):
            assert form not in shown
    assert not SIGNATURE.search(shown)
