"""The functions in a plain Python process: results, errors and calls."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

import pulumi_ucimage as ucimage
from pulumi_ucimage._pulumi import program
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO = "ucsdr.ucloud.cn:5000/ucs/helloworld"
KEYS = [{"PublicKey": "demo-public-key", "PrivateKey": "demo-private-key"}]


def tag(name: str | None, create_time: int | None = 1700000000) -> dict[str, Any]:
    """A tag as the API sends it."""
    return {"TagName": name, "CreateTime": create_time}


def bucket(*images: dict[str, Any], name: str = "ucs") -> dict[str, Any]:
    """A data file with one bucket."""
    return {
        "Keys": KEYS,
        "Buckets": [{"Region": "cn-bj2", "BucketName": name, "ImageSet": list(images)}],
    }


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run an emulator with given images, and configure the environment for it."""
    running: list[Emulator] = []

    def serve_images(*images: dict[str, Any]) -> Emulator:
        emulator = Emulator(data=bucket(*images))
        emulator.start()
        running.append(emulator)
        monkeypatch.setenv("UCLOUD_API_BASE_URL", emulator.url)
        monkeypatch.setenv("UCLOUD_PUBLIC_KEY", "demo-public-key")
        monkeypatch.setenv("UCLOUD_PRIVATE_KEY", "demo-private-key")
        monkeypatch.setenv("UCLOUD_REGION", "cn-bj2")
        return emulator

    yield serve_images
    for emulator in running:
        emulator.stop()


def test_image_follows_a_push(configured: Emulator) -> None:
    """The newest tag is the one that was pushed last, each time."""
    configured.push("ucs", HELLO, "9.0.0")
    first = ucimage.get_docker_image("ucs", image_name="helloworld").image
    configured.push("ucs", HELLO, "8.0.0")
    second = ucimage.get_docker_image("ucs", image_name="helloworld").image

    assert (f"{HELLO}:9.0.0", f"{HELLO}:8.0.0") == (first, second)


def test_image_result_has_every_field(serve: Any) -> None:
    """Each field of section 2 comes from its own field of the answer."""
    serve(
        {
            "ImageName": HELLO,
            "ResourceId": "uhub-1",
            "OrgId": "org-1",
            "UpdateTime": 1700000009,
            "TagSet": [tag("1", 1234567880), tag("2", 1234567890), tag("latest")],
        }
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


def test_images_result_has_every_field(serve: Any) -> None:
    """Each field of the listing comes from its own field of the answer."""
    serve(
        {
            "ImageName": HELLO,
            "ResourceId": "uhub-1",
            "OrgId": "org-1",
            "UpdateTime": 1234567890,
            "TagSet": [tag("1", 1234567880), tag("2", 1234567890)],
        }
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


def test_everything_below_the_envelope_may_be_missing(serve: Any) -> None:
    """Missing and null fields are None, and unknown ones do not hurt."""
    serve({}, {"BucketName": HELLO, "TagSet": None, "New": [1]}, {"TagSet": [{}]})

    images = ucimage.get_docker_images("ucs").images

    assert [(None, []), (HELLO, []), (None, [None])] == [
        (image.name, [t.name for t in image.tags]) for image in images
    ]
    assert images[2].tags[0].image is None
    assert images[1].latest_tag is None


def test_empty_bucket_is_an_empty_list(serve: Any) -> None:
    """A bucket without images is no error of the list."""
    serve()

    result = ucimage.get_docker_images("ucs")

    assert (0, []) == (result.total_count, result.images)


THREE = [
    {"ImageName": f"r.example.com/{path}", "TagSet": [tag("1")]}
    for path in ("a/web", "b/web", "b/api")
]


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
    serve: Any, arguments: dict[str, Any], expected: list[str]
) -> None:
    """The images that are kept, in the API's order; the count stays the server's."""
    serve(*THREE)

    result = ucimage.get_docker_images("ucs", **arguments)

    assert expected == [
        str(image.name).removeprefix("r.example.com/") for image in result.images
    ]
    assert result.total_count == 3


def test_window_goes_to_the_server(serve: Any) -> None:
    """Without a filter, offset and limit are asked of the API itself."""
    emulator = serve(*THREE)

    ucimage.get_docker_images("ucs", offset=1, limit=1)

    assert [("1", "1")] == [
        (str(call["Limit"]), str(call["Offset"])) for call in emulator.requests
    ]


def test_whole_numbers_of_the_engine_are_accepted(serve: Any) -> None:
    """The output of a stack reference is a float, and goes to the server as a number."""
    emulator = serve(*THREE)

    async def ask() -> Any:
        limit: Any = pulumi.Output.from_input(1.0)
        return await ucimage.get_docker_images_output("ucs", limit=limit, offset=2).future()

    result = asyncio.run(ask())

    assert ["r.example.com/b/api"] == [image.name for image in result.images]
    assert [("1", "2")] == [(r["Limit"], r["Offset"]) for r in emulator.requests]


def test_order_and_project_are_sent(serve: Any) -> None:
    """Arguments that only the server understands arrive there."""
    emulator = serve(*THREE)

    ucimage.get_docker_images("ucs", order_by="Default", project_id="org-1")

    assert [("Default", "org-1", "cn-bj2", "ucs")] == [
        (c["OrderBy"], c["ProjectId"], c["Region"], c["BucketName"])
        for c in emulator.requests
    ]


@pytest.mark.parametrize("function", [ucimage.get_docker_image, ucimage.get_docker_images])
def test_short_name_of_several_images_is_an_error(serve: Any, function: Any) -> None:
    """A name that several images have says which full names there are."""
    serve(*THREE)

    with pytest.raises(ucimage.AmbiguousImageError) as caught:
        function("ucs", image_name="web")

    assert "2 images are called 'web': 'r.example.com/a/web', 'r.example.com/b/web'" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("images", "arguments", "error", "words"),
    [
        (
            THREE,
            {},
            ucimage.AmbiguousImageError,
            ["3 images", "'r.example.com/b/api'", "image_name"],
        ),
        ([], {}, ucimage.NoSuchImageError, ["no images", "push"]),
        (
            THREE,
            {"image_name": "nope"},
            ucimage.NoSuchImageError,
            ["'nope'", "'r.example.com/a/web'"],
        ),
        ([{"TagSet": [tag("1")]}], {}, ucimage.NoSuchImageError, ["no name"]),
        (
            [{"ImageName": "x/y", "TagSet": [tag("1")]}],
            {},
            ucimage.ConfigError,
            ["registry", "UCIMAGE_REGISTRY"],
        ),
        (
            [{"ImageName": "h.io/y"}],
            {},
            ucimage.NoMatchingTagError,
            ["default_tag"],
        ),
        (THREE[:1], {"tag": "2"}, ucimage.NoMatchingTagError, ["'2'", "'1'"]),
        (
            THREE,
            {"image_name": "nope", "default_tag": "1"},
            ucimage.NoSuchImageError,
            ["'nope'"],
        ),
    ],
)
def test_nothing_to_choose_is_a_clear_error(
    serve: Any,
    images: list[dict[str, Any]],
    arguments: dict[str, Any],
    error: type[Exception],
    words: list[str],
) -> None:
    """The class and the words that lead out of it."""
    serve(*images)

    with pytest.raises(error) as caught:
        ucimage.get_docker_image("ucs", **arguments)

    assert not [word for word in words if word not in str(caught.value)]


def test_default_tag_serves_where_nothing_is_left(serve: Any) -> None:
    """The default is used, and the result says so."""
    serve({"ImageName": HELLO, "TagSet": [tag("latest")]})

    result = ucimage.get_docker_image("ucs", default_tag="0.0.1")

    assert ("0.0.1", f"{HELLO}:0.0.1", False, None) == (
        result.tag,
        result.image,
        result.found,
        result.create_time,
    )


def test_default_tag_serves_before_the_first_push(serve: Any) -> None:
    """With a full name, the image itself may be missing."""
    serve()

    result = ucimage.get_docker_image("ucs", image_name=HELLO, default_tag="0.0.1")

    assert ("cn-bj2/ucs/ucs/helloworld", f"{HELLO}:0.0.1", False, []) == (
        result.id,
        result.image,
        result.found,
        result.candidates,
    )


def test_default_tag_is_not_used_where_a_tag_is_left(serve: Any) -> None:
    """A default is for nothing else."""
    serve({"ImageName": HELLO, "TagSet": [tag("1")]})

    result = ucimage.get_docker_image("ucs", default_tag="0.0.1")

    assert ("1", True) == (result.tag, result.found)


@pytest.mark.parametrize(
    ("name", "registry", "expected"),
    [
        ("h.io:5000/a/b", None, "h.io:5000/a/b:1"),
        ("h.io:5000/a/b", "mirror:80", "mirror:80/a/b:1"),
        ("a/b", "mirror.io", "mirror.io/a/b:1"),
        ("localhost/a", None, "localhost/a:1"),
        ("a/b", None, None),
        ("b.c", None, None),
    ],
)
def test_references_have_a_registry_or_are_none(
    serve: Any, name: str, registry: str | None, expected: str | None
) -> None:
    """`registry` replaces or adds the host; a reference without a host is None."""
    serve({"ImageName": name, "TagSet": [tag("1")]})

    listed = ucimage.get_docker_images("ucs", registry=registry).images[0]

    assert expected == listed.tags[0].image


def test_explicit_tag_may_be_any_name(serve: Any) -> None:
    """A floating tag can be named; the explanation names the policy's own choice too."""
    serve({"ImageName": HELLO, "TagSet": [tag("latest", 5), tag("1", 3)]})

    result = ucimage.get_docker_image("ucs", tag="latest")

    assert ("latest", 5, ["1"], 1) == (
        result.tag,
        result.create_time,
        result.candidates,
        result.counts.floating,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bucket_name": "a/b"}, "bucket_name must be only the bucket"),
        ({"bucket_name": "x" * 64}, "bucket_name must have 1 to 63"),
        ({"bucket_name": ""}, "bucket_name is missing"),
        ({"bucket_name": None}, "bucket_name is missing"),
        ({"region": "cn bj2"}, "region must have letters"),
        ({"project_id": "org/1"}, "project_id must have letters"),
        ({"registry": "mirror"}, "registry must be host[:port]"),
        ({"registry": "https://mirror.io"}, "registry must be host[:port]"),
        ({"order_by": "a\nb"}, "order_by must be"),
        ({"limit": 0}, "limit must be 1 or more"),
        ({"limit": -1}, "limit must be 1 or more"),
        ({"offset": -1}, "offset must be 0 or more"),
        ({"name_regex": "("}, "name_regex"),
        ({"limit": True}, "limit must be a whole number"),
        ({"limit": "5"}, "limit must be a whole number"),
        ({"limit": 1.5}, "limit must be a whole number"),
        ({"region": 5}, "region must be a string"),
    ],
)
def test_bad_arguments_are_reported_before_any_call(
    configured: Emulator, arguments: dict[str, Any], words: str
) -> None:
    """One sentence that names the argument, and nothing is asked of the API."""
    with pytest.raises(ucimage.ArgumentError) as caught:
        ucimage.get_docker_images(**{"bucket_name": "ucs", **arguments})

    assert words in str(caught.value)
    assert not configured.requests


@pytest.mark.parametrize(
    ("function", "values", "error"),
    [
        (ucimage.get_docker_images_output, {"limit": 0}, ucimage.ArgumentError),
        (ucimage.get_docker_images_output, {"name_regex": "("}, ucimage.ArgumentError),
        (ucimage.get_docker_image_output, {"region": "cn bj2"}, ucimage.ArgumentError),
        (ucimage.get_docker_image_output, {"policy": "nope"}, ucimage.InvalidPolicyError),
        (
            ucimage.get_docker_image_output,
            {"semver_range": "^1"},
            ucimage.InvalidPolicyError,
        ),
    ],
)
@pytest.mark.parametrize("bucket_name", ["ucs", pulumi.Output])
@pytest.mark.usefixtures("event_loop")
def test_the_output_form_raises_what_is_wrong_already(
    bucket_name: Any,
    function: Callable[..., Any],
    values: dict[str, Any],
    error: type[Exception],
) -> None:
    """A mistake in a plain argument is an error of the call, whatever else is unknown."""
    is_known = bucket_name == "ucs"
    bucket = bucket_name if is_known else pulumi.Output.from_input("ucs")

    with pytest.raises(error):
        function(bucket, **values)


@pytest.mark.usefixtures("event_loop")
def test_the_output_form_does_not_check_what_it_does_not_know() -> None:
    """A range is valid if the policy that comes later is semver."""
    policy: Any = pulumi.Output.from_input("semver")

    output = ucimage.get_docker_image_output("ucs", policy=policy, semver_range="^1")

    assert isinstance(output, pulumi.Output)


@pytest.mark.parametrize(
    "argument", ["bucket_name", "region", "limit", "tag", "floating_tags"]
)
@pytest.mark.usefixtures("event_loop")
def test_outputs_are_refused_by_the_plain_form(argument: str) -> None:
    """The error is an ArgumentError and a TypeError, and names the other form."""
    output = pulumi.Output.from_input("x")
    value = [output] if argument == "floating_tags" else output
    function: Any = (
        ucimage.get_docker_images if argument == "limit" else ucimage.get_docker_image
    )
    arguments = {"bucket_name": "ucs", argument: value}

    with pytest.raises(ucimage.ArgumentError) as caught:
        function(**arguments)

    assert isinstance(caught.value, TypeError)
    assert f"{function.__name__}_output" in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [
        ucimage.get_docker_image,
        ucimage.get_docker_images,
        ucimage.get_docker_image_output,
        ucimage.get_docker_images_output,
    ],
)
def test_provider_is_refused(function: Any) -> None:
    """These functions have no provider, and say so."""
    opts = pulumi.InvokeOptions()
    opts.provider = object()  # type: ignore[assignment]

    with pytest.raises(ucimage.ArgumentError, match=r"opts\.provider"):
        function("ucs", opts=opts)


@pytest.mark.parametrize("function", [ucimage.get_docker_image, ucimage.get_docker_images])
@pytest.mark.usefixtures("event_loop")
def test_depends_on_is_refused_by_the_plain_form(
    configured: Emulator, function: Any
) -> None:
    """It cannot wait, and would answer with what was there before."""
    resource: pulumi.Output[Any] = pulumi.Output.from_input([])
    opts = pulumi.InvokeOutputOptions(depends_on=resource)

    with pytest.raises(
        ucimage.ArgumentError, match=rf"{function.__name__}_output"
    ) as caught:
        function("ucs", opts=opts)

    assert isinstance(caught.value, TypeError)
    assert not configured.requests


def test_a_wrong_name_regex_reads_as_a_wrong_tag_regex() -> None:
    """One sentence, whose grammar holds for an expression too."""
    with pytest.raises(ucimage.ArgumentError, match=r"^name_regex '\(' is invalid: RE2"):
        ucimage.get_docker_images("ucs", name_regex="(")


@pytest.mark.parametrize("ret_code", [171, 172, 174, 292, 299, 43023, 43025, 12345])
def test_refusals_of_the_api_say_what_to_do(configured: Emulator, ret_code: int) -> None:
    """An ApiError names action, RetCode and bucket; the call is made once."""
    configured.fault(f"retcode={ret_code}")

    with pytest.raises(ucimage.ApiError) as caught:
        ucimage.get_docker_image("ucs")

    assert ret_code == caught.value.ret_code
    assert all(
        word in str(caught.value) for word in ("GetDockerImageList", "'ucs'", str(ret_code))
    )
    assert len(configured.requests) == 1


def test_unknown_bucket_is_an_api_error(configured: Emulator) -> None:
    """The API's own code and words, with what to check."""
    with pytest.raises(ucimage.ApiError, match=r"43023.*check bucket_name, region"):
        ucimage.get_docker_images("nope")


def test_wrong_private_key_is_171(
    configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's own reading of the signature disagrees with a wrong key."""
    monkeypatch.setenv("UCLOUD_PRIVATE_KEY", "wrong")

    with pytest.raises(ucimage.ApiError) as caught:
        ucimage.get_docker_images("ucs")

    assert caught.value.ret_code == 171
    assert "wrong" not in str(caught.value)


def test_missing_keys_name_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys: the stack's configuration, the environment and the profile are named."""
    monkeypatch.setenv("UCLOUD_REGION", "cn-bj2")

    with pytest.raises(ucimage.ConfigError) as caught:
        ucimage.get_docker_image("ucs")

    for way in (
        "pulumi config set --secret ucimage:privateKey",
        "UCLOUD_PRIVATE_KEY",
        "credential.json",
    ):
        assert way in str(caught.value)


@pytest.mark.parametrize("form", ["plain", "output"])
@pytest.mark.parametrize(
    ("error", "values", "environment", "fault"),
    [
        (ucimage.ArgumentError, {"region": "cn bj2"}, {}, ""),
        (ucimage.ArgumentError, {"region": 5}, {}, ""),
        (ucimage.InvalidPolicyError, {"policy": "nope"}, {}, ""),
        (ucimage.InvalidPolicyError, {"tag_regex": "("}, {}, ""),
        (ucimage.ConfigError, {}, {"UCLOUD_PRIVATE_KEY": ""}, ""),
        (ucimage.ConfigError, {}, {"UCLOUD_REGION": ""}, ""),
        (ucimage.ConfigError, {}, {"UCIMAGE_TIMEOUT_SECONDS": "x"}, ""),
        (ucimage.TransportError, {}, {"UCLOUD_API_BASE_URL": "http://127.0.0.1:1"}, ""),
        (ucimage.TransportError, {}, {}, "drop"),
        (ucimage.ResponseError, {}, {}, "http=404"),
        (ucimage.ApiError, {"bucket_name": "nope"}, {}, ""),
        (ucimage.ApiError, {}, {}, "retcode=150"),
        (ucimage.NoSuchImageError, {"image_name": "nope"}, {}, ""),
        (ucimage.NoMatchingTagError, {"tag": "nope"}, {}, ""),
    ],
)
def test_an_error_in_a_plain_process_has_no_context(
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: type[Exception],
    values: dict[str, Any],
    environment: dict[str, str],
    fault: str,
    form: str,
) -> None:
    """Its traceback shows this error alone, and none that was handled on the way."""
    for variable, value in {"UCIMAGE_MAX_RETRIES": "0", **environment}.items():
        monkeypatch.setenv(variable, value)
    if fault:
        configured.fault(fault)
    arguments: Any = {"bucket_name": "ucs", **values}

    async def output() -> Any:
        return await ucimage.get_docker_image_output(**arguments).future()

    def ask() -> Any:
        if form == "plain":
            return ucimage.get_docker_image(**arguments)
        return asyncio.run(output())

    with pytest.raises(error) as caught:
        ask()

    shown = "".join(traceback.format_exception(caught.value))
    assert 1 == shown.count("Traceback (most recent call last)")


def test_one_bad_answer_is_tried_again(
    configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 503 passes, and the look-up succeeds with one call more."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    configured.fault("http=503*1")

    assert ucimage.get_docker_images("ucs").total_count == 1
    assert len(configured.requests) == 2


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


def test_threads_leave_nothing_behind(configured: Emulator) -> None:
    """Calls from plain threads start no event loops and no threads."""
    before = threading.active_count()
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(ucimage.get_docker_image("ucs").tag))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 20
    assert len(set(results)) == 1
    # The emulator has a thread for each kept connection, and no more.
    assert threading.active_count() <= before + 20


def test_without_an_engine_calls_at_the_same_time_share(configured: Emulator) -> None:
    """Calls at the same time share a listing; calls in turn each list."""
    configured.fault("delay=0.1*50")
    barrier = threading.Barrier(16)

    def ask() -> str:
        barrier.wait(60)
        return ucimage.get_docker_image("ucs").tag

    with ThreadPoolExecutor(16) as threads:
        tags = [threads.submit(ask) for _ in range(16)]
        assert {"1.1.0"} == {tag.result(30) for tag in tags}
    together = len(configured.requests)
    configured.clear_faults()
    for number in range(3):
        configured.push("ucs", "helloworld", f"2.0.{number}")
        assert f"2.0.{number}" == ucimage.get_docker_image("ucs").tag

    assert together < 16
    assert together + 3 == len(configured.requests)


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


def test_help_lists_every_argument() -> None:
    """A docstring describes each argument, from the one table."""
    for function in (ucimage.get_docker_image, ucimage.get_docker_image_output):
        assert "semver_range: Only versions in this range" in str(function.__doc__)
