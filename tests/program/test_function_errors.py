"""What the functions refuse, before a call and after it."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from buckets import THREE, bucket, tag

import pulumi_ucimage as ucimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ServeApi

    from pulumi_ucimage.emulator import Emulator


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
    serve_api: ServeApi,
    images: list[dict[str, Any]],
    arguments: dict[str, Any],
    error: type[Exception],
    words: list[str],
) -> None:
    """The class and the words that lead out of it."""
    serve_api(bucket(*images))

    with pytest.raises(error) as caught:
        ucimage.get_docker_image("ucs", **arguments)

    assert not [word for word in words if word not in str(caught.value)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"region": "cn bj2"}, "region must have 1 to 128 letters"),
        ({"project_id": "org/1"}, "project_id must have 1 to 128 letters"),
        ({"registry": "mirror"}, "registry must be host[:port]"),
        ({"order_by": "a\nb"}, "order_by must be"),
        ({"limit": 0}, "limit must be 1 or more"),
        ({"offset": -1}, "offset must be 0 or more"),
        ({"name_regex": "("}, "name_regex"),
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


@pytest.mark.parametrize("function", [ucimage.get_docker_image, ucimage.get_docker_images])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"bucket_name": "a/b"},
            "bucket_name must be only the bucket (write bucket_name='a', image_name='b'),"
            " not 'a/b'.",
        ),
        (
            {"image_name": "web:1.0"},
            "image_name must be an image without a tag (write image_name='web', tag='1.0'),"
            " not 'web:1.0'.",
        ),
    ],
)
def test_both_functions_refuse_a_known_mistake_in_a_name(
    configured: Emulator, function: Any, arguments: dict[str, Any], message: str
) -> None:
    """The sentence names the argument, and nothing is asked of the API."""
    with pytest.raises(ucimage.ArgumentError) as caught:
        function(**{"bucket_name": "ucs", **arguments})

    assert message == str(caught.value)
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
