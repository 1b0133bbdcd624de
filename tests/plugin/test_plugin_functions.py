"""What the plugin answers to Invoke."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_calls import (
    FAILED,
    IMAGE,
    IMAGES,
    INVALID,
    Client,
    refused,
    secret,
)
from pulumi.runtime.proto import engine_pb2

from pulumi_ucimage._pulumi.engine_log import EngineLog
from pulumi_ucimage._spec.pin_state import SECRET, SPECIAL_VALUE_KEY
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.plugin import wire
from pulumi_ucimage.plugin.wire import UNKNOWN_TEXT


def test_invoke_returns_one_image(provider: Client) -> None:
    """Every field under its wire name; whole numbers, and null where there is no value."""
    result = provider.invoke(IMAGE, bucketName="ucs", policy="semver", limit=None)

    counts = result.pop("counts")
    explanation = result.pop("explanation")
    assert "Chose '1.1.0'" in explanation
    assert {
        "id": "cn-bj2/ucs/ucs/helloworld",
        "region": "cn-bj2",
        "bucketName": "ucs",
        "imageName": DEMO_IMAGE,
        "shortName": "helloworld",
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "digest": None,
        "repoDigest": None,
        "createTime": 1719792000,
        "createdAt": "2024-07-01T00:00:00Z",
        "resourceId": None,
        "found": True,
        "candidates": ["1.1.0", "1.0.0"],
    } == result
    assert (5, 0, 2) == (counts["total"], counts["notMatched"], counts["candidates"])


def test_invoke_returns_all_images(provider: Client) -> None:
    """Images, and tags within them."""
    result = provider.invoke(IMAGES, bucketName="ucs", limit=1, offset=0)

    (image,) = result["images"]
    assert ("cn-bj2/ucs", 1) == (result["id"], result["totalCount"])
    assert (DEMO_IMAGE, None) == (image["name"], image["orgId"])
    assert "1.1.0" == image["latestTag"]["name"]
    assert {"name", "image", "createTime", "createdAt"} == set(image["tags"][0])


def test_every_argument_arrives(provider: Client, configured: Emulator) -> None:
    """Lists, whole numbers, booleans and null among them; Pulumi's own are ignored."""
    provider.invoke(
        IMAGES, bucketName="ucs", projectId="org-1", orderBy="Default", limit=3, offset=1
    )
    call = configured.requests[-1]
    result = provider.invoke(
        IMAGE,
        bucketName="ucs",
        floatingTags=["1.1.0", "latest"],
        semverLoose=False,
        tag=None,
        registry="mirror.example.com",
        __self__=None,
    )

    assert ("org-1", "Default", "1") == (
        call["ProjectId"],
        call["OrderBy"],
        call["Offset"],
    )
    assert "mirror.example.com/ucs/helloworld:1.2.0-rc.1" == result["image"]


@pytest.mark.parametrize(
    ("token", "args", "words"),
    [
        ("ucimage:index:getNothing", {}, "no function 'ucimage:index:getNothing'"),
        ("", {}, "no function ''"),
        (IMAGE, {}, "bucketName is missing"),
        (IMAGE, {"bucketName": 7}, "bucketName must be a string, not a whole number"),
        (IMAGE, {"bucketName": "ucs", "bucketNme": "x"}, "no argument 'bucketNme'"),
        (IMAGE, {"bucketName": "ucs", "limit": 1}, "no argument 'limit'"),
        (IMAGE, {"bucketName": "ucs", "semverRange": "^1"}, "semverRange"),
        (IMAGE, {"bucketName": "ucs", "floatingTags": [1]}, "floatingTags must be a list"),
        (IMAGES, {"bucketName": "ucs", "limit": 1.5}, "limit must be a whole number"),
        (IMAGES, {"bucketName": "ucs", "offset": -1}, "offset must be 0 or more"),
        (IMAGES, {"bucketName": "ucs", "limit": float("inf")}, "limit must be a whole"),
    ],
)
def test_an_invalid_argument_is_refused(
    provider: Client, configured: Emulator, token: str, args: Any, words: str
) -> None:
    """One sentence with the wire's names comes before any call."""
    with refused(INVALID, words):
        provider.invoke(token, **args)

    assert not configured.requests


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"bucketName": "nope"}, "RetCode 43023"),
        ({"bucketName": "ucs", "tag": "9"}, "no tag '9'"),
        ({"bucketName": "ucs", "imageName": "nope"}, "check imageName, bucketName"),
    ],
)
def test_a_failed_look_up_is_one_sentence(
    provider: Client, args: dict[str, Any], words: str
) -> None:
    """With a status that the engine shows as it is."""
    with refused(FAILED, words):
        provider.invoke(IMAGE, **args)


def test_an_unknown_argument_makes_the_result_unknown(
    provider: Client, configured: Emulator
) -> None:
    """No call is made, at whatever depth the unknown is."""
    whole = provider.invoke(IMAGE, bucketName=UNKNOWN_TEXT)
    part = provider.invoke(IMAGE, bucketName="ucs", floatingTags=["a", UNKNOWN_TEXT])

    assert {UNKNOWN_TEXT} == {*whole.values(), *part.values()}
    assert "imageName" in whole
    assert not configured.requests


@pytest.mark.parametrize(
    "args", [{"tag": secret("1.0.0")}, {"floatingTags": [secret("latest")]}]
)
def test_a_secret_argument_makes_every_field_secret(
    provider: Client, args: dict[str, Any]
) -> None:
    """Each field is marked, and holds its value."""
    result = provider.invoke(IMAGE, bucketName="ucs", **args)

    assert {SECRET} == {field[SPECIAL_VALUE_KEY] for field in result.values()}
    assert DEMO_IMAGE == result["imageName"]["value"]


def test_a_choice_is_explained_in_the_engine_s_log(provider: Client) -> None:
    """With `explain`, in one info line."""
    provider.configure(explain=True)
    provider.invoke(IMAGE, bucketName="ucs")

    (line,) = provider.engine.texts(engine_pb2.INFO)
    assert "Chose '1.1.0'" in line


@pytest.mark.parametrize("ephemeral", [False, True])
def test_a_line_may_be_replaced_by_the_next(provider: Client, *, ephemeral: bool) -> None:
    """A listing's progress is ephemeral; a line shows under its resource."""
    log = EngineLog(provider.engine.address, "the-urn", reword=wire.with_wire_names)
    log.info("set tag_regex", ephemeral=ephemeral)

    lines = [(engine_pb2.INFO, "set tagRegex", "the-urn")]
    assert ([] if ephemeral else lines) == provider.engine.lines
    assert (["set tagRegex"] if ephemeral else []) == provider.engine.ephemeral
