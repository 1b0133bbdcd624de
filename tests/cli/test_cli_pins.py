"""`ucimage pins`: what is shown of each pin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from command_line import Ended, plain, run_on_terminal
from exported_pins import (
    DEFAULT,
    FAILED,
    FIXED,
    JANUARY,
    JULY,
    NEWER,
    PLUGIN,
    PYTHON,
    UP_TO_DATE,
    exported,
    pin,
)

from pulumi_ucimage import get_docker_image
from pulumi_ucimage.cli import pin_report
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")


@pytest.mark.parametrize("type_", [PYTHON, PLUGIN])
@pytest.mark.parametrize(
    ("changes", "best", "verdict", "says"),
    [
        ({}, "1.1.0", UP_TO_DATE, None),
        ({"tag": "1.0.0", "create_time": JANUARY}, "1.1.0", NEWER, "change a trigger"),
        (
            {"tag": "1.0.0", "create_time": JANUARY, "policy": "semver"},
            "1.1.0",
            NEWER,
            "change a trigger",
        ),
        (
            {"tag": "1.0.0", "create_time": JANUARY, "policy": "semver", "order": "lowest"},
            "1.0.0",
            UP_TO_DATE,
            None,
        ),
        (
            {
                "tag": "1.0.0",
                "create_time": JANUARY,
                "policy": "semver",
                "semver_range": "~1.0",
            },
            "1.0.0",
            UP_TO_DATE,
            None,
        ),
        (
            {"tag": "1.0.0", "create_time": JANUARY, "wanted_tag": "1.0.0"},
            "1.1.0",
            FIXED,
            None,
        ),
        ({"tag": "0.9", "create_time": 1}, "1.1.0", pin_report.NOT_LISTED, "push it again"),
        ({"create_time": JANUARY}, "1.1.0", pin_report.PUSHED_AGAIN, "pushed again"),
        (
            {"tag": "none", "create_time": "", "found": False, "available": False},
            "1.1.0",
            NEWER,
            "change a trigger",
        ),
        (
            {
                "tag": "none",
                "create_time": "",
                "found": False,
                "available": False,
                "tag_regex": "x",
            },
            None,
            DEFAULT,
            None,
        ),
        ({"policy": "of a newer release"}, None, pin_report.UNKNOWN_POLICY, None),
    ],
)
def test_the_verdict_on_a_pin(  # noqa: PLR0917
    check_json: Callable[..., list[dict[str, Any]]],
    configured: Emulator,
    type_: str,
    changes: dict[str, Any],
    best: str | None,
    verdict: str,
    says: str | None,
) -> None:
    """The verdict follows the rules of refresh and the stored inputs."""
    (found,) = check_json(pin(type_=type_, **changes))

    assert (changes.get("tag", "1.1.0"), best, verdict) == (
        found["tag"],
        found["bestTag"],
        found["verdict"],
    )
    assert (says is None) == (found["message"] is None)
    assert says is None or (says in found["message"] and "'app'" in found["message"])


def test_a_pin_with_a_digest(
    check_json: Callable[..., list[dict[str, Any]]], configured: Emulator
) -> None:
    """Its digest is compared: another CreateTime alone changes nothing."""
    host = configured.url.split("/")[2]
    known = get_docker_image("ucs", resolve_digest=True, registry=host).digest

    def pinned(digest: str | None) -> dict[str, Any]:
        repo_digest = f"{host}/ucs/helloworld@{digest}"
        return pin(digest=digest, repo_digest=repo_digest, create_time=JANUARY)

    same, gone = check_json(pinned(known), pinned(f"sha256:{'0' * 64}"))
    configured.push("ucs", DEMO_IMAGE, "1.1.0", create_time=JULY)
    (again,) = check_json(pinned(known))

    assert (known, UP_TO_DATE) == (same["digest"], same["verdict"])
    assert pin_report.DIGEST_GONE == gone["verdict"]
    assert "is listed, but its digest" in gone["message"]
    assert pin_report.PUSHED_AGAIN == again["verdict"]


def test_a_pin_that_cannot_be_checked(check_pins: Run, configured: Emulator) -> None:
    """Is one sentence that names it; the others are shown, and the status is 1."""
    ended = check_pins(pin("lost", bucket_name="gone"), pin("app"))

    assert 1 == ended.status
    assert FAILED in ended.out
    assert UP_TO_DATE in ended.out
    assert ended.err.startswith("The pin 'lost' could not be checked: GetDockerImageList")


def test_the_table_shows_each_pin(check_pins: Run, configured: Emulator) -> None:
    """Name, pinned tag, pinned when, best tag now and its age, verdict; remarks below."""
    ended = check_pins(pin(tag="1.0.0", create_time=JANUARY))

    head, row = ended.out.splitlines()
    assert ["PIN", "TAG", "PINNED", "BEST", "NOW", "AGE", "VERDICT"] == head.split()
    assert ["app", "1.0.0", "2026-01-02T03:04:05Z", "1.1.0"] == row.split()[:4]
    assert row.endswith("newer tag")
    assert "The tag '1.1.0' was pushed at 2024-07-01T00:00:00Z" in ended.err
    assert 0 == ended.status


def test_the_table_fits_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: Emulator
) -> None:
    """Of 80 columns, and a name cannot control it."""
    name = "a-pin-with-a-name-of-some-length\x1b[31m\u202e"
    file = tmp_path / "stack.json"
    file.write_text(exported(pin(name, tag="v" * 128), pin("日本")))

    ended = run_on_terminal("pins", "--from", str(file), monkeypatch=monkeypatch)

    text = plain(ended.out) + plain(ended.err)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert {80} == {len(line) for line in plain(ended.out).splitlines() if "日" not in line}
    assert "not listed" in " ".join(text.replace("│", " ").split())


SCHEMA = {
    "urn": {"str"},
    "name": {"str"},
    "tag": {"str", "NoneType"},
    "digest": {"str", "NoneType"},
    "chosenAt": {"str", "NoneType"},
    "bestTag": {"str", "NoneType"},
    "bestCreateTime": {"int", "NoneType"},
    "bestCreatedAt": {"str", "NoneType"},
    "verdict": {"str"},
    "message": {"str", "NoneType"},
}


def test_the_document_has_every_pin(
    check_json: Callable[..., list[dict[str, Any]]], configured: Emulator
) -> None:
    """Each pin with the same keys, whatever was found."""
    pins = check_json(pin(), pin("gone", bucket_name="gone"), pin("damaged", tag=7))

    assert ["app", "damaged", "gone"] == [found["name"] for found in pins]
    for found in pins:
        assert SCHEMA.keys() == found.keys()
        for key, types in SCHEMA.items():
            assert type(found[key]).__name__ in types, (key, found)


def test_a_stack_without_pins(check_pins: Run) -> None:
    """A note on stderr says so; no keys are needed, and the JSON is still one document."""
    assert (0, "", "The stack has no pins.\n") == check_pins()
    assert {"pins": []} == json.loads(check_pins(words=("--json",)).out)


@pytest.mark.parametrize(
    ("pins", "status"),
    [
        ([], 0),
        ([pin()], 0),
        ([pin(wanted_tag="1.1.0")], 0),
        ([pin(), pin(tag="1.0.0", create_time=JANUARY)], 3),
        ([pin(create_time=JANUARY)], 3),
        ([pin(tag="0.9")], 3),
        ([pin(tag="0.9"), pin(bucket_name="gone")], 1),
    ],
)
def test_the_exit_code(
    check_pins: Run, configured: Emulator, pins: list[dict[str, Any]], status: int
) -> None:
    """It says nothing to do, something to look at, or a check that failed."""
    assert status == check_pins(*pins, words=("--exit-code",)).status


def test_all_pins_of_a_bucket_share_one_listing(
    check_pins: Run, configured: Emulator
) -> None:
    """Fifty pins cost one call."""
    check_pins(*(pin(f"app-{number}") for number in range(50)))

    assert 1 == len(configured.requests)
