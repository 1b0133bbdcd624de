"""Results are Pulumi output types: by name in Python, by wire name everywhere else."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
from typing import TYPE_CHECKING, Any

import dill  # type: ignore[import-untyped]
import pulumi
import pytest
from pulumi import _types
from pulumi.runtime import rpc
from pulumi.runtime.stack import massage

from pulumi_ucimage._spec import results
from pulumi_ucimage._spec.results import (
    AwaitableGetDockerImageResult,
    AwaitableGetDockerImagesResult,
    DockerImage,
    DockerImageTag,
    GetDockerImageResult,
    GetDockerImagesResult,
    TagCounts,
    from_wire,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# From section 2 of the contract: Python name, wire name and type of each field.
FIELDS: dict[Any, dict[tuple[str, str], Any]] = {
    GetDockerImagesResult: {
        ("id", "id"): str,
        ("region", "region"): str,
        ("bucket_name", "bucketName"): str,
        ("total_count", "totalCount"): int,
        ("images", "images"): list[DockerImage],
    },
    DockerImage: {
        ("name", "name"): str | None,
        ("short_name", "shortName"): str | None,
        ("tags", "tags"): list[DockerImageTag],
        ("latest_tag", "latestTag"): DockerImageTag | None,
        ("update_time", "updateTime"): int | None,
        ("updated_at", "updatedAt"): str | None,
        ("resource_id", "resourceId"): str | None,
        ("org_id", "orgId"): str | None,
    },
    DockerImageTag: {
        ("name", "name"): str | None,
        ("image", "image"): str | None,
        ("create_time", "createTime"): int | None,
        ("created_at", "createdAt"): str | None,
    },
    GetDockerImageResult: {
        ("id", "id"): str,
        ("region", "region"): str,
        ("bucket_name", "bucketName"): str,
        ("image_name", "imageName"): str,
        ("short_name", "shortName"): str,
        ("tag", "tag"): str,
        ("image", "image"): str,
        ("digest", "digest"): str | None,
        ("repo_digest", "repoDigest"): str | None,
        ("create_time", "createTime"): int | None,
        ("created_at", "createdAt"): str | None,
        ("resource_id", "resourceId"): str | None,
        ("found", "found"): bool,
        ("candidates", "candidates"): list[str],
        ("counts", "counts"): TagCounts,
        ("explanation", "explanation"): str,
    },
    TagCounts: {
        ("total", "total"): int,
        ("invalid", "invalid"): int,
        ("artifact", "artifact"): int,
        ("floating", "floating"): int,
        ("not_matched", "notMatched"): int,
        ("excluded", "excluded"): int,
        ("too_young", "tooYoung"): int,
        ("undated", "undated"): int,
        ("unparsable", "unparsable"): int,
        ("out_of_range", "outOfRange"): int,
        ("candidates", "candidates"): int,
    },
}

TAG_WIRE: dict[str, Any] = {
    "name": "1.4.2",
    "image": "a.b/ucs/app:1.4.2",
    "createTime": 1234567890,
    "createdAt": "2009-02-13T23:31:30Z",
}
IMAGES_WIRE: dict[str, Any] = {
    "id": "cn-bj2/ucs",
    "region": "cn-bj2",
    "bucketName": "ucs",
    "totalCount": 2,
    "images": [
        {
            "name": "a.b/ucs/app",
            "shortName": "app",
            "tags": [TAG_WIRE],
            "latestTag": TAG_WIRE,
            "updateTime": 1234567890,
            "updatedAt": "2009-02-13T23:31:30Z",
            "resourceId": "uhub-1",
            "orgId": "55",
        },
        {"name": "a.b/ucs/new", "shortName": "new", "tags": []},
    ],
}
IMAGE_WIRE: dict[str, Any] = {
    "id": "cn-bj2/ucs/ucs/app",
    "region": "cn-bj2",
    "bucketName": "ucs",
    "imageName": "a.b/ucs/app",
    "shortName": "app",
    "tag": "1.4.2",
    "image": "a.b/ucs/app:1.4.2",
    "digest": "sha256:12",
    "repoDigest": "a.b/ucs/app@sha256:12",
    "createTime": 1234567890,
    "createdAt": "2009-02-13T23:31:30Z",
    "found": True,
    "candidates": ["1.4.2", "1.4.1"],
    "counts": {
        "total": 3,
        "invalid": 0,
        "artifact": 0,
        "floating": 1,
        "notMatched": 0,
        "excluded": 0,
        "tooYoung": 0,
        "undated": 0,
        "unparsable": 0,
        "outOfRange": 0,
        "candidates": 2,
    },
    "explanation": "Chose '1.4.2'.",
}
WHOLE = {
    GetDockerImagesResult: IMAGES_WIRE,
    AwaitableGetDockerImagesResult: IMAGES_WIRE,
    GetDockerImageResult: IMAGE_WIRE,
    AwaitableGetDockerImageResult: IMAGE_WIRE,
}
TYPES = [*WHOLE, DockerImage, DockerImageTag, TagCounts]
RESULTS = pytest.mark.parametrize("cls", WHOLE, ids=lambda cls: cls.__name__)


def result(cls: Any) -> Any:
    """Make a result with values."""
    return from_wire(cls, WHOLE[cls])


def image() -> DockerImage:
    """Make a result within a result."""
    first: DockerImage = result(GetDockerImagesResult).images[0]
    return first


# --- The table ---


@pytest.mark.parametrize("cls", FIELDS, ids=lambda cls: cls.__name__)
def test_the_fields_are_the_contract_s(cls: Any) -> None:
    """Every field of the contract is there, with its names and type; no other is."""
    assert FIELDS[cls] == {
        (field.name, field.wire_name): field.type for field in cls.fields
    }


@pytest.mark.parametrize("cls", FIELDS, ids=lambda cls: cls.__name__)
def test_each_field_is_a_property_with_a_docstring(cls: Any) -> None:
    """Help describes each field in sentences."""
    for field in cls.fields:
        doc = inspect.getdoc(getattr(cls, field.name)) or ""

        assert doc == field.description
        assert doc.endswith(".")


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
def test_each_type_is_an_output_type(cls: Any) -> None:
    """Pulumi knows each type and its wire names."""
    names = {name for _, name in FIELDS.get(cls) or FIELDS[cls.__bases__[0]]}

    assert _types.is_output_type(cls)
    assert names == set(_types.output_type_types(cls))


@pytest.mark.parametrize("cls", FIELDS, ids=lambda cls: cls.__name__)
def test_pulumi_knows_each_field_s_type(cls: Any) -> None:
    """The types that Pulumi sees are those of the table, less their `None`."""
    expected = {wire: type_ for (_, wire), type_ in FIELDS[cls].items()}
    seen = _types.output_type_types(cls)

    assert {name: _types.unwrap_optional_type(t) for name, t in expected.items()} == {
        name: _types.unwrap_optional_type(t) for name, t in seen.items()
    }


def test_every_type_is_public() -> None:
    """Each type of the module can be imported from the package, and is tested here."""
    defined = {
        value
        for name, value in vars(results).items()
        if isinstance(value, type)
        and value.__module__ == results.__name__
        and hasattr(value, "fields")
    }

    assert defined == set(TYPES)


# --- In Python ---


@RESULTS
def test_fields_are_attributes(cls: Any) -> None:
    """A result's fields are read by their Python names."""
    whole = result(cls)

    assert (whole.region, whole.bucket_name) == ("cn-bj2", "ucs")


def test_nested_results_are_of_their_types() -> None:
    """Images and tags have attributes too."""
    whole = result(GetDockerImagesResult)

    assert whole.images[0].tags[0].created_at == "2009-02-13T23:31:30Z"
    assert whole.images[0].latest_tag.name == "1.4.2"
    assert [type(i) for i in whole.images] == [DockerImage, DockerImage]
    assert type(whole.images[0].latest_tag) is DockerImageTag


def test_counts_have_attributes() -> None:
    """The counts of a choice are read by their Python names."""
    counts = result(GetDockerImageResult).counts

    assert (type(counts), counts.total, counts.not_matched) == (TagCounts, 3, 0)


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
def test_what_is_left_out_is_none(cls: Any) -> None:
    """A field that did not come is None, lists and counts included."""
    empty = from_wire(cls, {})

    assert {getattr(empty, field.name) for field in cls.fields} == {None}


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
def test_what_is_null_is_none(cls: Any) -> None:
    """A field that came as null is None."""
    empty = from_wire(cls, {field.wire_name: None for field in cls.fields})

    assert {getattr(empty, field.name) for field in cls.fields} == {None}


def test_a_part_of_a_nested_result_may_be_left_out() -> None:
    """Within images and tags, too, what did not come is None."""
    whole = from_wire(GetDockerImagesResult, {"images": [{"tags": [{"name": "1"}, None]}]})

    assert whole.images[0].name is None
    assert whole.images[0].latest_tag is None
    assert whole.images[0].tags[0].create_time is None
    assert whole.images[0].tags[1] is None


def test_unknown_fields_do_no_harm() -> None:
    """What no field is called is passed over."""
    whole = from_wire(DockerImageTag, {"name": "1", "digest": "sha256:0", "create_time": 1})

    assert dict(whole) == {
        "name": "1",
        "image": None,
        "create_time": None,
        "created_at": None,
    }


@RESULTS
def test_results_cannot_be_changed(cls: Any) -> None:
    """A field of a result cannot be set."""
    with pytest.raises(AttributeError):
        result(cls).region = "cn-sh2"


@RESULTS
def test_equal_results_are_equal(cls: Any) -> None:
    """Two results with the same values are equal, and one with others is not."""
    other = from_wire(cls, {**WHOLE[cls], "region": "cn-sh2"})

    assert result(cls) == result(cls)
    assert result(cls) != other


@RESULTS
def test_a_result_is_shown_with_its_values(cls: Any) -> None:
    """A result's repr names the type and every field."""
    shown = repr(result(cls))

    assert shown.startswith(f"{cls.__name__}(id='cn-bj2/ucs")
    assert [field.name for field in cls.fields if f"{field.name}=" not in shown] == []


SENDS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301 - our own
    "pickle 0": lambda value: pickle.loads(pickle.dumps(value, protocol=0)),  # noqa: S301
    "dill": lambda value: dill.loads(dill.dumps(value)),  # noqa: S301
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@RESULTS
@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_a_result_can_be_sent_on(cls: Any, send: Callable[[Any], Any]) -> None:
    """Pickling and copying keep a result's type and values."""
    sent = send(result(cls))

    assert (type(sent), sent) == (cls, result(cls))


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_a_nested_result_can_be_sent_on(send: Callable[[Any], Any]) -> None:
    """Pickling and copying keep a nested result's type, values and attributes."""
    sent = send(image())

    assert (type(sent), sent, sent.tags[0].name) == (DockerImage, image(), "1.4.2")


def test_a_nested_result_is_a_dict() -> None:
    """An image may be read by key, as Pulumi's own nested types may, and becomes JSON."""
    tag = image()["tags"][0]

    assert tag["create_time"] == 1234567890
    assert json.loads(json.dumps(tag)) == dict(tag)


AWAITABLES = {
    AwaitableGetDockerImagesResult: GetDockerImagesResult,
    AwaitableGetDockerImageResult: GetDockerImageResult,
}


@pytest.mark.parametrize("cls", AWAITABLES, ids=lambda cls: cls.__name__)
def test_a_result_may_be_awaited(cls: Any) -> None:
    """Awaiting gives the plain result with the same values, as often as it is done."""

    async def wait() -> list[Any]:
        whole = result(cls)
        return [await whole, await whole]

    plain = AWAITABLES[cls]

    assert [type(awaited) for awaited in asyncio.run(wait())] == [plain, plain]
    assert asyncio.run(wait()) == [result(plain), result(plain)]


# --- On the wire ---


def without_none(value: Any) -> Any:
    """Leave out what is None, as Pulumi does."""
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    return [without_none(v) for v in value] if isinstance(value, list) else value


@RESULTS
def test_an_output_type_becomes_a_dict_of_wire_names(cls: Any) -> None:
    """What Pulumi makes of a result has the wire names at the first level."""
    assert set(without_none(WHOLE[cls])) == set(_types.output_type_to_dict(result(cls)))


@pytest.mark.parametrize("cls", AWAITABLES.values(), ids=lambda cls: cls.__name__)
def test_a_stack_output_has_wire_names_throughout(cls: Any) -> None:
    """An exported result has the wire names at every level, and nothing that is None."""
    assert without_none(WHOLE[cls]) == massage(result(cls), [])


@pytest.mark.usefixtures("event_loop")
@pytest.mark.parametrize("cls", AWAITABLES, ids=lambda cls: cls.__name__)
def test_an_awaitable_stack_output_has_wire_names(cls: Any) -> None:
    """What a plain function returned can be exported as it is, with the same names."""

    async def wait() -> Any:
        return await massage(result(cls), []).future()

    assert without_none(WHOLE[cls]) == asyncio.get_event_loop().run_until_complete(wait())


@pytest.mark.usefixtures("event_loop")
def test_a_nested_result_can_be_a_resource_s_input() -> None:
    """An image or a tag goes into a resource as a dict of its Python names."""

    async def serialized() -> Any:
        return await rpc.serialize_property(image().tags, [], None)

    loop = asyncio.get_event_loop()

    assert [dict(image().tags[0])] == loop.run_until_complete(serialized())


@pytest.mark.usefixtures("event_loop")
@pytest.mark.parametrize("cls", AWAITABLES.values(), ids=lambda cls: cls.__name__)
def test_an_output_of_a_result_gives_its_fields(cls: Any) -> None:
    """A field of an Output is an Output of the field, nested ones included."""
    output = pulumi.Output.from_input(pulumi.Output.all(1).apply(lambda _: result(cls)))

    async def wait() -> Any:
        inner = (
            output.images[0].tags[0].name if "images" in vars(result(cls)) else output.tag
        )
        return await inner.future()

    assert asyncio.get_event_loop().run_until_complete(wait()) == "1.4.2"
