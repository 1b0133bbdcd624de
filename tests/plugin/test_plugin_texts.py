"""Texts that reach users of other languages have the words of the wire, not Python's."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from conftest import ROOT
from plugin_calls import IMAGE, IMAGES, URN, Client, in_process, struct
from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._lookup.function_spec import FUNCTIONS
from pulumi_ucimage._spec import arguments, results
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.errors import ApiError, RegistryError
from pulumi_ucimage.plugin import wire
from pulumi_ucimage.plugin.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Whole words outside quotes: values and types as Python writes them.
PYTHON = re.compile(
    r"\b(True|False|None|NoneType|bool|dict|float|int|str|tuple|self|kwargs)\b"
)
QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"")
NAMES = {
    argument.name
    for table in (arguments.GET_DOCKER_IMAGES, arguments.IMAGE_PIN)
    for argument in table
    if argument.name != argument.wire_name
}
NAMES |= {output.name for output in results.PIN_OUTPUTS if "_" in output.name}
NAMES |= {"ignore_changes", "depends_on"}


def words_of_python(text: str) -> set[str]:
    """What Python alone calls so in a text; quoted parts are a user's own."""
    own = QUOTED.sub("''", text).replace("profile's project_id", "")
    own = re.sub(r"\w+ of the profile", "", own)
    return {*PYTHON.findall(own), *(NAMES & set(re.findall(r"\w+", own)))}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("`found` is False", {"False"}),
        ("must be a string, not int.", {"int"}),
        ("check bucket_name", {"bucket_name"}),
        ("in ignore_changes: None", {"ignore_changes", "None"}),
        ("no tag 'None', and bucketName is null", set()),
    ],
)
def test_words_of_python_are_found(text: str, words: set[str]) -> None:
    """The check of this file sees what it looks for."""
    assert words == words_of_python(text)


# --- The translation ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("check bucket_name, region and project_id.", "bucketName, region and projectId."),
        ("tag_exclude_regex and tag_regex", "tagExcludeRegex and tagRegex"),
        ("With `found` False; None if", "With `found` false; null if"),
        (
            'set tag="1.2.0" or allow_downgrade=True.',
            'tag: "1.2.0" or allowDowngrade: true.',
        ),
        ("set tag_regex='a_b' first", "set tagRegex: 'a_b' first"),
        ("tag is in ignore_changes", "tag is in ignoreChanges"),
        ("no image 'image_name'", "no image 'image_name'"),
        ("no tag 'tag=True' and 'x None y'", "no tag 'tag=True' and 'x None y'"),
        ('set tag="None"', 'set tag: "None"'),
        ("matched by '^(True|None)$'", "matched by '^(True|None)$'"),
        ("a.b/my_image_name:1", "my_image_name"),
        ("the profile's project_id or", "the profile's project_id or"),
        ("The project_id of the profile", "The project_id of the profile"),
        ("Nonesuch and Falsehood", "Nonesuch and Falsehood"),
    ],
)
def test_a_text_has_the_words_of_the_wire(text: str, expected: str) -> None:
    """Names and values of Python are replaced; quoted text and file fields are kept."""
    assert expected in wire.with_wire_names(text)


def test_the_words_of_a_server_are_kept() -> None:
    """They are between quotes in each error that has them."""
    said = "Params [project_id] not available, image_name=web is None"
    api = ApiError(ret_code=230, message=said, action="A", bucket="b", region="r")
    registry = RegistryError(status=403, code="DENIED", message=said, host="h", name="n")

    for error in (api, registry):
        assert f'"{said}"' in wire.with_wire_names(str(error))


# --- The schema ---


def descriptions(value: Any) -> Iterator[str]:
    """Every description in a part of the schema, without code in other languages."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "description" and isinstance(inner, str):
                yield re.sub(r"```.*?```", "", inner, flags=re.DOTALL)
            yield from descriptions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from descriptions(inner)


def test_the_schema_has_no_word_of_python() -> None:
    """Every description of a function, an argument, a field or a setting."""
    texts = list(descriptions(json.loads(schema())))

    assert len(texts) > 100
    assert {} == {text: words for text in texts if (words := words_of_python(text))}


# --- Errors, explanations and log lines ---

WRONG_VALUES: list[Any] = [
    True,
    False,
    7,
    1.5,
    -1,
    1e300,
    "x y",
    "(",
    "a/b:c",
    "\n",
    [],
    ["a"],
    [7],
    {},
    {"a": "b"},
    {"a": None},
]

# Arguments that are valid by themselves and fail together, or find nothing.
FAILING: list[dict[str, Any]] = [
    {},
    {"policy": "best"},
    {"semverRange": "^1"},
    {"policy": "semver", "semverRange": "^9"},
    {"policy": "semver", "semverRange": "1.2.x"},
    {"policy": "semver", "semverRange": "nonsense"},
    {"policy": "numerical", "tagRegex": "[a-z]+"},
    {"policy": "numerical", "semverLoose": True},
    {"policy": "semver", "tagRegex": "6"},
    {"tagExtract": "$1"},
    {"policy": "numerical", "tagExtract": "$1"},
    {"policy": "numerical", "tagRegex": "([0-9])[0-9.]*", "tagExtract": "$1"},
    {"policy": "numerical", "tagRegex": "([0-9]+)", "tagExtract": "$2"},
    {"tagRegex": ".*9"},
    {"tagRegex": "1"},
    {"tagExcludeRegex": ".*"},
    {"minAge": "365000d"},
    {"minAge": "1w"},
    {"asOf": "2000-01-01T00:00:00Z"},
    {"asOf": "yesterday"},
    {"floatingTags": ["latest", "1.0.0", "1.1.0", "6", "1.2.0-rc.1"]},
    {"tag": "9.9.9"},
    {"tag": "v1.1.0"},
    {"tag": "web:1.0"},
    {"tag": "1.0.0", "defaultTag": "x"},
    {"wait": "5s"},
    {"tag": "1.0.0", "wait": "soon"},
    {"defaultTag": "not a tag"},
    {"imageName": "nope"},
    {"imageName": "web:1.0"},
    {"bucketName": "nope"},
    {"bucketName": "ucs/helloworld"},
    {"bucketName": None},
    {"profile": "nope"},
    {"region": "cn-sh2"},
    {"registry": "https://example.com"},
    {"unknownArgument": 1},
    {"limit": 0},
    {"offset": -1},
    {"nameRegex": "("},
]


@pytest.fixture
def provider(configured: Emulator) -> Client:
    """A plugin that explains each choice, and a bucket with two images of one name."""
    configured.push("ucs", "other/helloworld", "1")
    client = in_process()
    client.configure(explain="true")
    return client


def invoke_text(provider: Client, token: str, args: dict[str, Any]) -> str:
    """What a call says: its error or the explanation of its result."""
    try:
        return str(provider.invoke(token, **args).get("explanation", ""))
    except grpc.RpcError as error:
        details: Any = error
        return str(details.details())


def read_text(provider: Client, request: provider_pb2.ReadRequest) -> str:
    """The error of a read, if it fails."""
    try:
        provider.stub.Read(request)
    except grpc.RpcError as error:
        details: Any = error
        return str(details.details())
    return ""


def assert_clean(texts: Iterable[str]) -> None:
    """No text has a word of Python or a traceback."""
    found = {text: words for text in texts if (words := words_of_python(text))}
    assert {} == found
    assert not [text for text in texts if "Traceback" in text or " bug in " in text]


@pytest.mark.parametrize("token", [IMAGE, IMAGES])
def test_wrong_values_are_refused_in_words_of_the_wire(
    provider: Client, token: str
) -> None:
    """Every argument with every type of the wire, right or wrong."""
    texts = [
        invoke_text(provider, token, {"bucketName": "ucs", argument.wire_name: value})
        for argument in FUNCTIONS[token].arguments
        for value in WRONG_VALUES
    ]

    assert len({text for text in texts if " must be " in text}) > 30
    assert_clean(texts)


@pytest.mark.parametrize("token", [IMAGE, IMAGES])
def test_failed_calls_are_explained_in_words_of_the_wire(
    provider: Client, token: str
) -> None:
    """Invalid combinations, missing tags and images, and the API's own refusals."""
    texts = [
        invoke_text(provider, token, {"bucketName": "ucs", "imageName": DEMO_IMAGE, **args})
        for args in FAILING
    ]

    assert len(set(texts)) > (30 if token == IMAGE else 5)
    assert_clean(texts)


def test_failed_pins_are_explained_in_words_of_the_wire(provider: Client) -> None:
    """Check failures of a new pin and of one that is pinned, and import ids."""
    asked = {"bucketName": "ucs", "imageName": DEMO_IMAGE}
    pinned = provider.check({**asked, "tag": "1.1.0"})
    wrong = [{a.wire_name: v} for a in arguments.IMAGE_PIN for v in WRONG_VALUES]
    texts = [
        reason
        for olds, changes in (
            ({}, [*FAILING, *wrong]),
            (pinned, [*FAILING, {"policy": "semver", "semverRange": "1.0.x"}]),
            ({"tag": "1"}, [{}]),
            ({**pinned, "found": "yes"}, [{}]),
        )
        for change in changes
        for _, reason in provider.failures({**asked, **change}, olds)
    ]
    texts += [
        read_text(provider, provider_pb2.ReadRequest(urn=URN, id=identity))
        for identity in ("", "ucs/helloworld", "cn-bj2/ucs/nope:1", "cn-bj2/ucs/a:1:2")
    ]

    assert any("downgrade" in text and "allowDowngrade: true" in text for text in texts)
    assert len(set(texts)) > 60
    assert_clean(texts)


def test_log_lines_have_words_of_the_wire(provider: Client, configured: Emulator) -> None:
    """Of choices, of a refresh that finds something, and of one that fails."""
    pinned = struct(provider.check({"bucketName": "ucs", "imageName": DEMO_IMAGE}))
    for tag in ("2.0.0", "1.1.0", "latest"):
        configured.push("ucs", DEMO_IMAGE, tag)
        request = provider_pb2.ReadRequest(
            urn=URN, id="x", inputs=pinned, properties=pinned
        )
        provider.stub.Read(request)
    configured.delete("ucs", DEMO_IMAGE, "1.1.0")
    provider.stub.Read(request)
    configured.fault("retcode=43023")
    provider.stub.Read(request)
    for args in ({"policy": "semver"}, {"defaultTag": "x", "tagRegex": "nothing"}):
        invoke_text(provider, IMAGE, {"bucketName": "ucs", "imageName": DEMO_IMAGE, **args})

    lines = [text for _, text, _ in provider.engine.lines]
    assert len(lines) > 5
    assert_clean(lines)


# --- The sources ---

UNDER_THE_PLUGIN = [
    path
    for folder in ("_config", "_http", "_lookup", "_registry", "_spec", "_tags", "_ucloud")
    for path in sorted((ROOT / "pulumi_ucimage" / folder).rglob("*.py"))
] + [ROOT / "pulumi_ucimage" / "errors.py"]


def sentences(path: Path) -> Iterator[str]:
    """The texts of a module that a message can be made of; docstrings are left out."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            text = node.value
            is_type = isinstance(text, str) and " | " in text
            if isinstance(text, str) and " " in text.strip() and not is_type:
                yield text


def test_no_source_text_keeps_a_word_of_python() -> None:
    """Every text of the modules below the plugin, as the plugin would send it.

    `None` begins no English sentence: it would become `null`.
    """
    texts = [
        wire.with_wire_names(text) for path in UNDER_THE_PLUGIN for text in sentences(path)
    ]

    assert_clean(texts)
    assert not [text for text in texts if re.search(r"\bnull (of|is|are)\b", text)]


def test_no_message_has_the_name_of_a_class() -> None:
    """A text with `type(value).__name__` would say `int` or `NoneType`."""
    names = [
        (path.name, node.lineno)
        for path in UNDER_THE_PLUGIN
        if path.name != "results.py"  # its repr is for Python alone
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.FormattedValue)
        for node in ast.walk(text)
        if isinstance(node, ast.Attribute) and node.attr == "__name__"
    ]

    assert [] == names
