"""What the functions return."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from buckets import THREE, bucket, tag

import pulumi_ucimage as ucimage
from pulumi_ucimage._pulumi import program

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ServeApi

    from pulumi_ucimage.emulator import Emulator

HELLO = "ucsdr.ucloud.cn:5000/ucs/helloworld"


def test_image_follows_a_push(configured: Emulator) -> None:
    """The newest tag is the one that was pushed last, each time."""
    configured.push("ucs", HELLO, "9.0.0")
    first = ucimage.get_docker_image("ucs", image_name="helloworld").image
    configured.push("ucs", HELLO, "8.0.0")
    second = ucimage.get_docker_image("ucs", image_name="helloworld").image

    assert (f"{HELLO}:9.0.0", f"{HELLO}:8.0.0") == (first, second)


def test_image_result_has_every_field(serve_api: ServeApi) -> None:
    """Each field of section 2 comes from its own field of the answer."""
    serve_api(
        bucket(
            {
                "ImageName": HELLO,
                "ResourceId": "uhub-1",
                "OrgId": "org-1",
                "UpdateTime": 1700000009,
                "TagSet": [tag("1", 1234567880), tag("2", 1234567890), tag("latest")],
            }
        )
    )

    result = ucimage.get_docker_image("ucs")

    explanation = vars(result).pop("explanation")
    assert "'2'" in explanation
    assert {
        "id": "cn-bj2/ucs/ucs/helloworld",
        "region": "cn-bj2",
        "bucket_name": "ucs",
        "image_name": HELLO,
        "short_name": "helloworld",
        "tag": "2",
        "image": f"{HELLO}:2",
        "digest": None,
        "repo_digest": None,
        "create_time": 1234567890,
        "created_at": "2009-02-13T23:31:30Z",
        "resource_id": "uhub-1",
        "found": True,
        "candidates": ["2", "1"],
        "counts": {
            "total": 3,
            "invalid": 0,
            "artifact": 0,
            "floating": 1,
            "not_matched": 0,
            "excluded": 0,
            "too_young": 0,
            "undated": 0,
            "unparsable": 0,
            "out_of_range": 0,
            "candidates": 2,
        },
    } == {**vars(result), "counts": dict(result.counts)}


def test_images_result_has_every_field(serve_api: ServeApi) -> None:
    """Each field of the listing comes from its own field of the answer."""
    serve_api(
        bucket(
            {
                "ImageName": HELLO,
                "ResourceId": "uhub-1",
                "OrgId": "org-1",
                "UpdateTime": 1234567890,
                "TagSet": [tag("1", 1234567880), tag("2", 1234567890)],
            }
        )
    )
    first = {
        "name": "1",
        "image": f"{HELLO}:1",
        "create_time": 1234567880,
        "created_at": "2009-02-13T23:31:20Z",
    }
    second = {
        "name": "2",
        "image": f"{HELLO}:2",
        "create_time": 1234567890,
        "created_at": "2009-02-13T23:31:30Z",
    }

    result = ucimage.get_docker_images("ucs")

    assert {
        "id": "cn-bj2/ucs",
        "region": "cn-bj2",
        "bucket_name": "ucs",
        "total_count": 1,
        "images": [
            {
                "name": HELLO,
                "short_name": "helloworld",
                "tags": [second, first],
                "latest_tag": second,
                "update_time": 1234567890,
                "updated_at": "2009-02-13T23:31:30Z",
                "resource_id": "uhub-1",
                "org_id": "org-1",
            }
        ],
    } == {**vars(result), "images": [_plain(image) for image in result.images]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_everything_below_the_envelope_may_be_missing(serve_api: ServeApi) -> None:
    """Missing and null fields are None, and unknown ones do not hurt."""
    serve_api(
        bucket({}, {"BucketName": HELLO, "TagSet": None, "New": [1]}, {"TagSet": [{}]})
    )

    images = ucimage.get_docker_images("ucs").images

    assert [(None, []), (HELLO, []), (None, [None])] == [
        (image.name, [t.name for t in image.tags]) for image in images
    ]
    assert images[2].tags[0].image is None
    assert images[1].latest_tag is None


def test_empty_bucket_is_an_empty_list(serve_api: ServeApi) -> None:
    """Listing a bucket without images is not an error."""
    serve_api(bucket())

    result = ucimage.get_docker_images("ucs")

    assert (0, []) == (result.total_count, result.images)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["a/web", "b/web", "b/api"]),
        ({"limit": 2}, ["a/web", "b/web"]),
        ({"offset": 1}, ["b/web", "b/api"]),
        ({"offset": 1, "limit": 1}, ["b/web"]),
        ({"offset": 3}, []),
        ({"offset": 0, "limit": 9}, ["a/web", "b/web", "b/api"]),
        ({"name_regex": "web"}, ["a/web", "b/web"]),
        ({"name_regex": "we"}, []),
        ({"name_regex": "a.*|w.*", "offset": 1, "limit": 1}, ["b/web"]),
        ({"image_name": "api"}, ["b/api"]),
        ({"image_name": "b/web"}, ["b/web"]),
        ({"image_name": "r.example.com/a/web"}, ["a/web"]),
        ({"image_name": "ap"}, []),
        ({"image_name": "api", "name_regex": "web"}, []),
        ({"image_name": "", "name_regex": "", "order_by": ""}, ["a/web", "b/web", "b/api"]),
    ],
)
def test_filters_come_first_then_offset_then_limit(
    serve_api: ServeApi, arguments: dict[str, Any], expected: list[str]
) -> None:
    """The images that are kept, in the API's order; the count stays the server's."""
    serve_api(bucket(*THREE))

    result = ucimage.get_docker_images("ucs", **arguments)

    assert expected == [
        str(image.name).removeprefix("r.example.com/") for image in result.images
    ]
    assert result.total_count == 3


def test_window_goes_to_the_server(serve_api: ServeApi) -> None:
    """Without a filter, offset and limit are asked of the API itself."""
    emulator = serve_api(bucket(*THREE))

    ucimage.get_docker_images("ucs", offset=1, limit=1)

    assert [("1", "1")] == [
        (str(call["Limit"]), str(call["Offset"])) for call in emulator.requests
    ]


def test_whole_numbers_of_the_engine_are_accepted(serve_api: ServeApi) -> None:
    """The output of a stack reference is a float, and goes to the server as a number."""
    emulator = serve_api(bucket(*THREE))

    async def ask() -> Any:
        limit: Any = pulumi.Output.from_input(1.0)
        return await ucimage.get_docker_images_output("ucs", limit=limit, offset=2).future()

    result = asyncio.run(ask())

    assert ["r.example.com/b/api"] == [image.name for image in result.images]
    assert [("1", "2")] == [(r["Limit"], r["Offset"]) for r in emulator.requests]


def test_order_and_project_are_sent(serve_api: ServeApi) -> None:
    """Arguments that only the server understands arrive there."""
    emulator = serve_api(bucket(*THREE))

    ucimage.get_docker_images("ucs", order_by="Default", project_id="org-1")

    assert [("Default", "org-1", "cn-bj2", "ucs")] == [
        (c["OrderBy"], c["ProjectId"], c["Region"], c["BucketName"])
        for c in emulator.requests
    ]


@pytest.mark.parametrize("function", [ucimage.get_docker_image, ucimage.get_docker_images])
def test_short_name_of_several_images_is_an_error(
    serve_api: ServeApi, function: Any
) -> None:
    """A name that several images have says which full names there are."""
    serve_api(bucket(*THREE))

    with pytest.raises(ucimage.AmbiguousImageError) as caught:
        function("ucs", image_name="web")

    assert "2 images are called 'web': 'r.example.com/a/web', 'r.example.com/b/web'" in str(
        caught.value
    )


def test_default_tag_serves_where_nothing_is_left(serve_api: ServeApi) -> None:
    """The default is used, and the result says so."""
    serve_api(bucket({"ImageName": HELLO, "TagSet": [tag("latest")]}))

    result = ucimage.get_docker_image("ucs", default_tag="0.0.1")

    assert ("0.0.1", f"{HELLO}:0.0.1", False, None) == (
        result.tag,
        result.image,
        result.found,
        result.create_time,
    )


def test_default_tag_serves_before_the_first_push(serve_api: ServeApi) -> None:
    """With a full name, the image itself may be missing."""
    serve_api(bucket())

    result = ucimage.get_docker_image("ucs", image_name=HELLO, default_tag="0.0.1")

    assert ("cn-bj2/ucs/ucs/helloworld", f"{HELLO}:0.0.1", False, []) == (
        result.id,
        result.image,
        result.found,
        result.candidates,
    )


def test_explicit_tag_may_be_any_name(serve_api: ServeApi) -> None:
    """A floating tag can be named; the explanation names the policy's own choice too."""
    serve_api(bucket({"ImageName": HELLO, "TagSet": [tag("latest", 5), tag("1", 3)]}))

    result = ucimage.get_docker_image("ucs", tag="latest")

    assert ("latest", 5, ["1"], 1) == (
        result.tag,
        result.create_time,
        result.candidates,
        result.counts.floating,
    )


def test_result_may_be_awaited(configured: Emulator) -> None:
    """Awaiting gives the same values."""

    async def ask() -> tuple[str, str]:
        result = ucimage.get_docker_image("ucs")
        return result.tag, (await result).tag

    tag_, awaited = asyncio.run(ask())

    assert tag_ == awaited


def test_output_form_works_without_an_engine(configured: Emulator) -> None:
    """In a plain process the Output resolves to the same result."""

    async def ask() -> Any:
        return await ucimage.get_docker_image_output(
            pulumi.Output.from_input("ucs"), image_name="helloworld"
        ).future()

    assert asyncio.run(ask()).tag == ucimage.get_docker_image("ucs").tag


def test_a_call_in_a_thread_starts_neither_a_thread_nor_an_event_loop(
    configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may call from many threads of its own; nothing is left behind."""
    starters: list[threading.Thread] = []
    start, init = threading.Thread.start, asyncio.BaseEventLoop.__init__

    def note_start(thread: threading.Thread) -> None:
        starters.append(threading.current_thread())
        start(thread)

    def note_init(loop: asyncio.BaseEventLoop) -> None:
        starters.append(threading.current_thread())
        init(loop)

    monkeypatch.setattr(threading.Thread, "start", note_start)
    monkeypatch.setattr(asyncio.BaseEventLoop, "__init__", note_init)
    tags: list[str] = []
    caller = threading.Thread(
        target=lambda: tags.append(ucimage.get_docker_image("ucs").tag)
    )
    caller.start()
    caller.join()

    assert ["1.1.0"] == tags
    assert caller not in starters


def test_without_an_engine_calls_at_the_same_time_share(share: Callable[..., int]) -> None:
    """Those that cannot use the first listing, which began before them, share the next."""
    assert 2 == share(lambda: ucimage.get_docker_image("ucs").tag, 16)


def test_without_an_engine_calls_in_turn_share_nothing(configured: Emulator) -> None:
    """Each sees what was pushed before it."""
    for number in range(3):
        configured.push("ucs", "helloworld", f"2.0.{number}")

        assert f"2.0.{number}" == ucimage.get_docker_image("ucs").tag
        assert number + 1 == len(configured.requests)


def test_a_forked_child_waits_for_none_of_its_parents_threads(
    configured: Emulator,
) -> None:
    """A lock that another thread held at the fork would never be given back."""
    shared = program._concurrent  # noqa: SLF001
    with shared._lock, multiprocessing.get_context("fork").Pool(1) as pool:  # noqa: SLF001
        assert "1.1.0" == pool.apply_async(_tag_in_child).get(30)


def _tag_in_child() -> str:
    listed = ucimage.get_docker_images("ucs")
    latest = listed.images[0].latest_tag
    return str(latest and latest.name)
