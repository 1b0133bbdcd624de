"""The package schema: what users of other languages are told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pulumi_ucimage._lookup.function_spec import FUNCTIONS
from pulumi_ucimage._spec import arguments, results
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._spec.pin_state import PLUGIN_TYPE
from pulumi_ucimage._spec.settings import SETTINGS
from pulumi_ucimage.plugin.schema import schema
from pulumi_ucimage.version import __version__

SCHEMA: dict[str, Any] = json.loads(schema())
PIN = SCHEMA["resources"][PLUGIN_TYPE]
DESCRIBED = {**SCHEMA["functions"], **SCHEMA["resources"]}


def test_the_package_has_its_names() -> None:
    """Name, namespace and version, and no package name per language."""
    assert ("ucimage", "ucloud-community", __version__) == (
        SCHEMA["name"],
        SCHEMA["namespace"],
        SCHEMA["version"],
    )
    assert {
        "ucimage:index:getDockerImages",
        "ucimage:index:getDockerImage",
        "ucimage:index:ImagePin",
    } == set(DESCRIBED)
    assert "packageName" not in json.dumps(SCHEMA["language"])


def test_every_setting_can_be_configured() -> None:
    """The stack and a provider have them all; keys are secret, nothing is required."""
    variables = SCHEMA["config"]["variables"]

    assert {setting.key: setting.secret for setting in SETTINGS} == {
        key: variable.get("secret", False) for key, variable in variables.items()
    }
    assert {"string"} == {variable["type"] for variable in variables.values()}
    assert variables == SCHEMA["provider"]["inputProperties"]
    assert "defaults" not in SCHEMA["config"]
    assert "requiredInputs" not in SCHEMA["provider"]
    for setting in SETTINGS:
        assert setting.variable in variables[setting.key]["description"]


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_has_every_argument_and_field(function: Any) -> None:
    """They have their wire names; only the bucket is required."""
    described = SCHEMA["functions"][function.token]

    assert [a.wire_name for a in function.arguments] == list(
        described["inputs"]["properties"]
    )
    assert ["bucketName"] == described["inputs"]["required"]
    assert [f.wire_name for f in function.result.fields] == list(
        described["outputs"]["properties"]
    )


def test_the_pin_has_every_argument_and_output() -> None:
    """They have their wire names; only the bucket is required."""
    assert [a.wire_name for a in arguments.IMAGE_PIN] == list(PIN["inputProperties"])
    assert ["bucketName"] == PIN["requiredInputs"]
    assert [f.wire_name for f in results.PIN_OUTPUTS] == list(PIN["properties"])
    assert {
        *("createTime", "createdAt", "previousTag"),
        *("digest", "repoDigest", "previousDigest"),
    } == set(PIN["properties"]) - set(PIN["required"])


def test_types_are_those_of_the_tables() -> None:
    """A few of each kind."""
    image = SCHEMA["functions"]["ucimage:index:getDockerImage"]
    types = SCHEMA["types"]
    types_of = {
        name: {k: v for k, v in of.items() if k != "description"}
        for of_one in (
            PIN["inputProperties"],
            image["outputs"]["properties"],
            types["ucimage:index:DockerImage"]["properties"],
        )
        for name, of in of_one.items()
    }

    assert {
        "triggers": {"type": "object", "additionalProperties": {"type": "string"}},
        "floatingTags": {"type": "array", "items": {"type": "string"}},
        "semverLoose": {"type": "boolean"},
        "createTime": {"type": "integer"},
        "candidates": {"type": "array", "items": {"type": "string"}},
        "counts": {"$ref": "#/types/ucimage:index:TagCounts"},
        "tags": {
            "type": "array",
            "items": {"$ref": "#/types/ucimage:index:DockerImageTag"},
        },
        "latestTag": {"$ref": "#/types/ucimage:index:DockerImageTag"},
    }.items() <= types_of.items()


def test_everything_is_described_in_wire_names() -> None:
    """No property without words, and no name of Python's in them."""
    snake = {a.name for a in arguments.IMAGE_PIN if a.name != wire_name(a.name)}
    for properties in _properties(SCHEMA):
        for described in properties.values():
            words = set(re.findall(r"\w+", described["description"]))
            assert words
            assert not words & snake


def _properties(value: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"properties", "inputProperties", "variables"}:
                found.append(inner)
            else:
                found += _properties(inner)
    return found


@pytest.mark.parametrize("token", DESCRIBED)
@pytest.mark.parametrize("language", ["python", "typescript", "go", "yaml"])
def test_examples_are_in_every_language(token: str, language: str) -> None:
    """Between the marks by which Pulumi keeps those of one language."""
    description = DESCRIBED[token]["description"]
    example = description.partition("{{% example %}}")[2].partition("{{% /example %}}")[0]

    assert f"```{language}\n" in example
    assert description.count("```") % 2 == 0


def test_examples_in_python_are_python() -> None:
    """They compile, and call what a generated SDK has."""
    for token, described in DESCRIBED.items():
        code = described["description"].partition("```python\n")[2].partition("```")[0]
        name = token.rpartition(":")[2]

        compile(code, token, "exec")
        assert name.lower() in code.replace("_", "").lower()
        assert "import ucloud_community_ucimage as ucimage" in code
