"""The emulator and UCloud's own tools: their SDK and their CLI list images from it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucloud.core import auth, exc
from ucloud.core.client import Client

from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    DEMO_TAGS,
    Emulator,
)
from pulumi_ucimage.emulator.signature import sign

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def client(emulator: Emulator, **changes: str) -> Any:
    """The official SDK's generic client."""
    config = {
        "region": DEMO_REGION,
        "public_key": DEMO_PUBLIC_KEY,
        "private_key": DEMO_PRIVATE_KEY,
        "base_url": emulator.url,
        **changes,
    }
    return Client(config, logger=logging.getLogger("test"))


def listing(client: Any, **arguments: object) -> Any:
    """What the SDK gets for the demo's bucket."""
    return client.invoke("GetDockerImageList", {"BucketName": DEMO_BUCKET, **arguments})


@given(st.dictionaries(TEXT.filter(lambda name: name != "Signature"), TEXT), TEXT, TEXT)
def test_the_sdk_signs_alike(
    parameters: dict[str, str], public_key: str, private_key: str
) -> None:
    """Any parameters and any key have the signature that the official SDK computes."""
    theirs = auth.Credential(public_key, private_key).verify_ac(dict(parameters))

    assert sign({**parameters, "PublicKey": public_key}, private_key) == theirs


def test_the_sdk_lists(emulator: Emulator) -> None:
    """The official SDK gets the demo's image and its tags."""
    answer = listing(client(emulator))

    (image,) = answer["ImageSet"]
    assert (answer["TotalCount"], image["ImageName"]) == (1, DEMO_IMAGE)
    assert [(tag["TagName"], tag["CreateTime"]) for tag in image["TagSet"]] == [*DEMO_TAGS]


def test_the_sdk_pages(emulator: Emulator) -> None:
    """The SDK's whole numbers for Limit and Offset cut the pages they name."""
    for number in range(24):
        emulator.push(DEMO_BUCKET, f"image-{number}", "1")

    pages = [
        listing(client(emulator), Limit=10, Offset=offset) for offset in (0, 10, 20, 30)
    ]

    assert [len(page["ImageSet"]) for page in pages] == [10, 10, 5, 0]
    assert {page["TotalCount"] for page in pages} == {25}
    assert len({image["ImageName"] for page in pages for image in page["ImageSet"]}) == 25


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"private_key": "wrong"}, 171),
        ({"public_key": "unknown"}, 172),
        ({"region": "hk"}, 43023),
    ],
)
def test_the_sdk_is_refused(emulator: Emulator, changes: dict[str, str], code: int) -> None:
    """The SDK reads a refusal's RetCode out of the envelope."""
    with pytest.raises(exc.RetCodeException) as caught:
        listing(client(emulator, **changes))

    assert caught.value.code == code


@pytest.mark.parametrize(("fault", "code"), [("retcode=153", 153), ("retcode=-1", -1)])
def test_the_sdk_sees_a_fault(emulator: Emulator, fault: str, code: int) -> None:
    """A RetCode that was asked for reaches the SDK like a real one."""
    emulator.fault(fault)

    with pytest.raises(exc.RetCodeException) as caught:
        listing(client(emulator))

    assert caught.value.code == code


def cli(
    emulator: Emulator, home: Path, *words: str, private_key: str = DEMO_PRIVATE_KEY
) -> subprocess.CompletedProcess[str]:
    """Run the official CLI's generic `api` command, configured as it configures itself."""
    program = shutil.which("ucloud")
    if program is None:
        pytest.skip("the official UCloud CLI, `ucloud`, is not on PATH")
    folder = home / ".ucloud"
    folder.mkdir(parents=True)
    profile = {
        "profile": "default",
        "active": True,
        "region": DEMO_REGION,
        "base_url": emulator.url,
        "timeout_sec": 15,
        "max_retry_times": 0,
        "agree_upload_log": False,  # else it reports its use to UCloud
    }
    keys = {"profile": "default", "public_key": DEMO_PUBLIC_KEY, "private_key": private_key}
    (folder / "config.json").write_text(json.dumps([profile]))
    (folder / "credential.json").write_text(json.dumps([keys]))
    for path in folder.iterdir():
        path.chmod(0o600)
    return subprocess.run(
        [program, "api", "--Action", "GetDockerImageList", *words],
        env={"HOME": str(home), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_cli_lists(emulator: Emulator, tmp_path: Path) -> None:
    """The official CLI prints what the API answers."""
    done = cli(emulator, tmp_path / "user", "--BucketName", DEMO_BUCKET)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ImageSet"][0]["ImageName"] == DEMO_IMAGE
    assert answer["TotalCount"] == 1


def test_the_cli_pages(emulator: Emulator, tmp_path: Path) -> None:
    """The CLI's words for Limit and Offset cut the page they name."""
    emulator.push(DEMO_BUCKET, "second", "1")

    done = cli(
        emulator,
        tmp_path / "user",
        *("--BucketName", DEMO_BUCKET, "--Limit", "1", "--Offset", "1"),
    )

    assert done.returncode == 0, done.stderr
    (image,) = json.loads(done.stdout)["ImageSet"]
    assert image["ImageName"].endswith("/second")


def test_the_cli_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    """The CLI names the RetCode of a wrong signature."""
    done = cli(
        emulator, tmp_path / "user", "--BucketName", DEMO_BUCKET, private_key="wrong"
    )

    assert done.returncode != 0
    assert "171" in done.stdout + done.stderr
