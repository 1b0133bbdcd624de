"""The documents of --json are the results of the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from command_line import Ended, document

from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")


@pytest.mark.parametrize(
    ("words", "result"),
    [(("images", "ucs"), GetDockerImagesResult), (("choose", "ucs"), GetDockerImageResult)],
)
def test_json_is_the_result_of_the_function(
    call: Run, configured: Emulator, words: tuple[str, ...], result: Any
) -> None:
    """With the wire names and types of the result's table, nested ones too."""
    found = document(call(*words, "--json"))

    assert_fits(found, result)


def assert_fits(found: Any, result: Any) -> None:
    """Whether a document has the fields of a result, and each its type."""
    assert {field.wire_name for field in result.fields} == found.keys()
    for field in result.fields:
        value, hint = found[field.wire_name], str(field.type)
        if value is None:
            assert "None" in hint
        elif isinstance(value, dict):
            assert_fits(value, nested(field.type))
        elif isinstance(value, list) and isinstance(value[0], dict):
            for item in value:
                assert_fits(item, nested(field.type))
        else:
            assert type(value).__name__ in hint, field


def nested(hint: Any) -> Any:
    """The result type in an annotation."""
    inner = getattr(hint, "__args__", ())
    return hint if hasattr(hint, "fields") else next(filter(None, map(nested, inner)), None)


TEXT, NUMBER, NULL = "str", "int", "NoneType"

TAG = {
    "name": {TEXT, NULL},
    "createTime": {NUMBER, NULL},
    "createdAt": {TEXT, NULL},
    "digest": {TEXT, NULL},
    "verdict": {TEXT},
    "reason": {TEXT, NULL},
}

SETTING = {
    "key": {TEXT},
    "value": {TEXT, NULL},
    "origin": {TEXT},
    "problem": {TEXT, NULL},
}


def assert_types(found: dict[str, Any], schema: dict[str, set[str]]) -> None:
    """Whether a document has exactly these keys, with values of these types."""
    assert schema.keys() == found.keys()
    for key, types in schema.items():
        assert type(found[key]).__name__ in types, key


def test_the_json_of_tags(call: Run, configured: Emulator) -> None:
    """Every tag with its verdict, and the counts; nothing is cut."""
    found = document(call("tags", "ucs", "--policy", "semver", "--json"))

    assert {"imageName", "tags", "counts"} == found.keys()
    assert DEMO_IMAGE == found["imageName"]
    assert found["counts"]["total"] == len(found["tags"]) == 5
    for tag in found["tags"]:
        assert_types(tag, TAG)
    assert {"1.1.0", "chosen"} <= {*found["tags"][0].values()}


def test_the_json_of_config(call: Run, configured: Emulator) -> None:
    """Every setting, and what the call found."""
    found = document(call("config", "ucs", "--json"))

    assert {"settings", "bucketName", "totalCount", "error"} == found.keys()
    assert ("ucs", 1, None) == (found["bucketName"], found["totalCount"], found["error"])
    for setting in found["settings"]:
        assert_types(setting, SETTING)
    assert None is document(call("config", "--json"))["totalCount"]
