"""`ucimage pins`: which pins an export has, their secrets and their providers."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from command_line import Ended, run
from exported_pins import FAILED, JANUARY, NEWER, PLUGIN, UP_TO_DATE, exported, pin

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._spec.pin_state import resource_name
from pulumi_ucimage.cli import pin_report
from pulumi_ucimage.cli.exported import exported_pins
from pulumi_ucimage.cli.output import Log
from pulumi_ucimage.emulator import DEMO_PRIVATE_KEY, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")
FIXTURES = Path(__file__).parents[1] / "pins"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


@pytest.mark.parametrize("name", ["first_version_dynamic", "first_version_plugin"])
def test_the_states_of_the_first_version(
    capsys: pytest.CaptureFixture[str], configured: Emulator, name: str
) -> None:
    """They are read like those of this version."""
    ended = run("pins", "--from", str(FIXTURES / f"{name}.json"), capsys=capsys)

    verdicts = {row[-22:].strip() for row in ended.out.splitlines()[1:]}
    assert len(verdicts) > 0
    assert FAILED not in ended.out
    assert 0 == ended.status


def test_an_export_from_stdin(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    configured: Emulator,
) -> None:
    """The output of `pulumi stack export` can come through a pipe."""
    stdin = io.TextIOWrapper(io.BytesIO(exported(pin("日本")).encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)

    ended = run("pins", "--from", "-", capsys=capsys)

    assert 0 == ended.status
    assert "日本" in ended.out


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 3}',
        '{"deployment": []}',
        '{"deployment": {"resources": {}}}',
        '{"deployment": {"resources": [1]}}',
        '{"deployment": {"resources": [{}]}}',
        '{"deployment": {"resources": [{"urn": 1, "type": "ucimage:index:ImagePin"}]}}',
        '{"deployment": {"resources": [{"urn": "app", "type": "ucimage:index:ImagePin"}]}}',
        '{"deployment": {"resources": [{"urn": "u", "type": []}]}}',
        b"\xff\xfe\x00",
        "[" * 100_000,
    ],
    ids=lambda text: repr(text[:60]),
)
def test_what_is_not_an_export(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str | bytes
) -> None:
    """One sentence, and no traceback."""
    file = tmp_path / "stack.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())

    ended = run("pins", "--from", str(file), capsys=capsys)

    assert (1, "") == ended[:2]
    assert ended.err.startswith("Error: The input is not the output of `pulumi stack ex")
    assert 1 == len(ended.err.splitlines())


@pytest.mark.parametrize(
    "inputs", [None, {}, {"tag": "1.1.0"}, {"tag": 1, "image_name": []}], ids=str
)
def test_a_damaged_pin(check_pins: Run, configured: Emulator, inputs: Any) -> None:
    """The message names it and says what to do; the other pins are checked."""
    ended = check_pins({**pin("damaged"), "inputs": inputs}, pin())

    assert 1 == ended.status
    assert UP_TO_DATE in ended.out
    assert "The pin 'damaged' could not be checked" in ended.err
    assert "pulumi up --replace" in ended.err


def test_a_pin_that_is_being_deleted_is_left_out(
    check_json: Callable[..., list[dict[str, Any]]], configured: Emulator
) -> None:
    """It has the URN of the one that replaces it, which is shown."""
    old = {**pin(tag="1.0.0"), "delete": True}

    assert ["1.1.0"] == [found["tag"] for found in check_json(pin(), old)]
    assert ["1.1.0"] == [found["tag"] for found in check_json(old, pin())]


def secret(value: Any) -> dict[str, Any]:
    """A secret as `pulumi stack export --show-secrets` has it."""
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def encrypted() -> dict[str, Any]:
    """A secret as `pulumi stack export` has it."""
    return {SIGNATURE: SECRET, "ciphertext": "v1:abc"}


def test_the_tag_of_a_pin_with_secret_inputs_is_not_shown(
    check_pins: Run, configured: Emulator
) -> None:
    """The best tag and the message are hidden too; the verdict is shown."""
    hidden = pin("hidden", tag=secret("1.0.0"), create_time=secret(JANUARY))
    lost = pin("lost", bucket_name=secret("classified"), tag=secret("1.0.0"))

    ended = check_pins(hidden, lost)

    assert "[secret]" in ended.out
    assert NEWER in ended.out
    for text in ("1.0.0", "1.1.0", "classified"):
        assert text not in ended.out + ended.err
    assert "The pin 'hidden' has secret inputs" in ended.err


def test_an_input_that_is_secret_is_used(
    check_json: Callable[..., list[dict[str, Any]]], configured: Emulator
) -> None:
    """Secrets within lists and maps are used too."""
    names = ["latest", "1.1.0", "1.2.0-rc.1"]

    found = check_json(
        pin(floating_tags=secret(names), tag="1.0.0", create_time=JANUARY),
        pin(floating_tags=[*map(secret, names)], tag="1.0.0", create_time=JANUARY),
    )

    assert ["1.0.0", "1.0.0"] == [item["bestTag"] for item in found]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (encrypted(), "run `pulumi stack export --show-secrets`"),
        ({SIGNATURE: SECRET, "plaintext": "{"}, "damaged"),
        ({SIGNATURE: SECRET, "plaintext": 1}, "damaged"),
    ],
)
def test_an_export_without_its_secrets(
    check_pins: Run, configured: Emulator, value: dict[str, Any], says: str
) -> None:
    """The message says how to export them; pins without secrets are checked."""
    ended = check_pins(pin("hidden", tag=value), pin())

    assert 1 == ended.status
    assert UP_TO_DATE in ended.out
    assert ended.err.startswith("The pin 'hidden' could not be checked: ")
    assert says in ended.err


def provider(name: str, **inputs: Any) -> dict[str, Any]:
    """A provider of the plugin that a program made."""
    type_ = "pulumi:providers:ucimage"
    urn = f"urn:pulumi:dev::test::{type_}::{name}"
    return {"urn": urn, "type": type_, "inputs": inputs}


def with_provider(resource: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """A pin of a provider."""
    return {**resource, "provider": f"{made['urn']}::6f1c2d9e"}


def test_a_pin_of_a_provider_of_the_program(check_pins: Run, emulator: Emulator) -> None:
    """It is checked with the settings of its own provider, not with the stack's."""
    other = provider(
        "other",
        publicKey="demo-public-key",
        privateKey=secret(DEMO_PRIVATE_KEY),
        region="cn-bj2",
        baseUrl=emulator.url,
    )

    ended = check_pins(other, with_provider(pin(type_=PLUGIN), other))

    assert 0 == ended.status, ended.err
    assert DEMO_PRIVATE_KEY not in ended.out + ended.err


def test_a_provider_whose_keys_are_encrypted(check_pins: Run, configured: Emulator) -> None:
    """Other keys are not used: they may belong to another account."""
    other = provider("other", publicKey="x", privateKey=encrypted())

    ended = check_pins(other, with_provider(pin(type_=PLUGIN), other))

    assert 1 == ended.status
    assert "--show-secrets" in ended.err
    assert [] == configured.requests


@pytest.mark.parametrize("name", ["default", "default_0_1_0"])
def test_a_pin_of_the_default_provider(
    check_pins: Run, configured: Emulator, name: str
) -> None:
    """It is checked with the stack's configuration, which may be newer."""
    default = provider(name, publicKey="old", privateKey=encrypted())

    assert 0 == check_pins(default, with_provider(pin(type_=PLUGIN), default)).status


def test_a_provider_without_settings_has_none_of_the_stack(configured: Emulator) -> None:
    """The engine gives the stack's settings to the default provider only."""
    own, default = provider("own"), provider("default")
    resources = [
        own,
        default,
        with_provider(pin("app", type_=PLUGIN), own),
        with_provider(pin("web", type_=PLUGIN), default),
    ]
    text = json.dumps({"deployment": {"resources": resources}})
    context = LookupContext(
        stack={"ucimage:baseUrl": "http://127.0.0.1:9/", "ucimage:maxRetries": "0"},
        log=Log(),
    )

    app, web = pin_report.report_pins(exported_pins(text), context)

    assert pin_report.FAILED != app.verdict
    assert pin_report.FAILED == web.verdict
    assert configured.requests


@pytest.mark.parametrize("type_", [pin_state.PYTHON_TYPE, PLUGIN])
def test_a_pin_that_a_program_reads_by_its_id(
    check_json: Callable[..., list[dict[str, Any]]], configured: Emulator, type_: str
) -> None:
    """The engine stores its outputs, and no inputs, until it is refreshed."""
    read = {**pin(type_=type_), "inputs": {}, "external": True}

    (found,) = check_json(read)

    assert ("1.1.0", "up to date", "2026-01-02T03:04:05Z") == (
        found["tag"],
        found["verdict"],
        found["chosenAt"],
    )


def test_a_provider_whose_settings_are_numbers() -> None:
    """Languages without types for them store numbers and booleans."""
    own = provider("own", maxRetries=0, timeoutSeconds=30, checkTotalCount=False)
    resources = [own, with_provider(pin(type_=PLUGIN), own)]
    (found,) = exported_pins(json.dumps({"deployment": {"resources": resources}}))

    settings = {key: value.reveal() for key, value in (found.settings() or {}).items()}
    assert settings.items() >= {
        ("ucimage:maxRetries", "0"),
        ("ucimage:timeoutSeconds", "30"),
        ("ucimage:checkTotalCount", "false"),
    }


def test_a_pin_s_name_may_have_colons() -> None:
    """It is all that follows the type in the URN."""
    assert "a::b" == resource_name("urn:pulumi:dev::test::ucimage:index:ImagePin::a::b")
    assert "" == resource_name("")
