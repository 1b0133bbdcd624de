"""What the plugin alone makes of a pin: secrets, detailed differences, imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pin_providers import AbortedError, EngineLog, PluginProvider
from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage.emulator import DEMO_IMAGE
from pulumi_ucimage.plugin.wire import SECRET, SIGNATURE, UNKNOWN_TEXT

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator

URN = PluginProvider.urn
WITHIN_COMPONENT = "urn:pulumi:dev::test::my:index:App$ucimage:index:ImagePin::app"
OTHER_URN = "urn:pulumi:dev::test::aws:s3:Bucket::app"
ASKED = {"bucketName": "ucs", "imageName": "helloworld"}


@pytest.fixture
def engine_log(monkeypatch: pytest.MonkeyPatch) -> EngineLog:
    """Keep what the plugin logs."""
    return EngineLog(monkeypatch)


@pytest.fixture
def plugin(configured: Emulator, engine_log: EngineLog) -> PluginProvider:
    """The plugin, in this process."""
    del engine_log
    configured.reset_requests()
    return PluginProvider()


def struct(values: Any) -> Struct:
    """A message of plain values, by the names of the wire."""
    message = Struct()
    message.update(values)
    return message


def plain(message: Struct) -> dict[str, Any]:
    """The values of a message."""
    return dict(MessageToDict(message))


def secret(value: Any) -> dict[str, Any]:
    """A value that is marked as secret."""
    return {SIGNATURE: SECRET, "value": value}


def check(
    plugin: PluginProvider, news: Any, olds: Any = None, urn: str = URN
) -> dict[str, Any]:
    """The inputs of a pin, which must be right."""
    request = provider_pb2.CheckRequest(urn=urn, olds=struct(olds or {}), news=struct(news))
    response = plugin.call("Check", request)
    assert not response.failures
    return plain(response.inputs)


def test_messages_have_the_names_of_the_wire(plugin: PluginProvider) -> None:
    """Arguments are called as in every other language."""
    olds = struct(check(plugin, {**ASKED, "tag": "1.0.0"}))
    request = provider_pb2.CheckRequest(
        urn=URN, olds=olds, news=struct({**ASKED, "minAge": "soon"})
    )

    (failure,) = plugin.call("Check", request).failures

    assert "minAge" in failure.reason
    assert "min_age" not in failure.reason


def test_check_within_a_component(plugin: PluginProvider) -> None:
    """A type may have its parents' before it."""
    assert "1.1.0" == check(plugin, ASKED, urn=WITHIN_COMPONENT)["tag"]


def test_what_is_empty_is_null(plugin: PluginProvider) -> None:
    """A preview would show a missing output as unknown; an input is left out."""
    inputs = check(plugin, ASKED)

    assert inputs["previousTag"] is None
    assert "projectId" not in inputs


def test_an_unknown_input_makes_the_choice_unknown(
    plugin: PluginProvider, configured: Emulator
) -> None:
    """What stays is known: the input itself is given back as it is."""
    olds = check(plugin, ASKED)
    configured.reset_requests()

    inputs = check(plugin, {**ASKED, "triggers": {"a": UNKNOWN_TEXT}}, olds)

    assert {UNKNOWN_TEXT} == {inputs[key] for key in ("tag", "image", "previousTag")}
    assert DEMO_IMAGE == inputs["imageName"]
    assert {"a": UNKNOWN_TEXT} == inputs["triggers"]
    assert not configured.requests


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"triggers": {"a": secret("b")}}, {"triggers"}),
        ({"tag": secret("1.0.0")}, {"wantedTag"}),
    ],
)
def test_a_secret_input_makes_the_choice_secret(
    plugin: PluginProvider, asked: dict[str, Any], keys: set[str]
) -> None:
    """What was asked under any name, and what was chosen."""
    inputs = check(plugin, {**ASKED, **asked})
    created = plugin.call(
        "Create", provider_pb2.CreateRequest(urn=URN, properties=struct(inputs))
    )

    for values in (inputs, plain(created.properties)):
        marked = {
            key
            for key, value in values.items()
            if isinstance(value, dict) and SIGNATURE in value
        }
        assert keys | {"tag", "image", "imageName", "previousTag"} <= marked
        assert not marked & {"bucketName", "wantedImage", "chosenAt"}


@pytest.mark.parametrize(
    "asked",
    [
        {"tag": secret("1.0.0")},
        {"projectId": secret("org-1")},
        {"region": secret("cn-bj2")},
        {"imageName": secret(DEMO_IMAGE)},
    ],
)
def test_a_secret_that_is_taken_away_is_not_laid_open(
    plugin: PluginProvider, asked: dict[str, Any]
) -> None:
    """The previous tag, and the place that the pin keeps, stay secret."""
    olds = check(plugin, {"bucketName": "ucs", **asked})
    inputs = check(plugin, {"bucketName": "ucs", "triggers": {"a": "b"}}, olds)

    ((key, whole),) = asked.items()
    kept = {"tag": "previousTag"}.get(key, key)
    assert whole == inputs[kept]
    clear = [value for value in inputs.values() if not isinstance(value, dict)]
    assert whole["value"] not in str(clear)


CHANGES = provider_pb2.PropertyDiff


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ({}, {}, {}),
        ({"previousTag": None}, {}, {}),
        ({"tag": "1"}, {"tag": "2"}, {"tag": CHANGES.UPDATE}),
        ({}, {"wantedTag": "2"}, {"wantedTag": CHANGES.ADD}),
        ({"previousTag": None}, {"previousTag": "1"}, {"previousTag": CHANGES.ADD}),
        ({"wantedTag": "2"}, {}, {"wantedTag": CHANGES.DELETE}),
        ({"region": "a"}, {"region": "b"}, {"region": CHANGES.UPDATE_REPLACE}),
        ({}, {"projectId": "b"}, {"projectId": CHANGES.ADD_REPLACE}),
        ({"imageName": "a"}, {"imageName": UNKNOWN_TEXT}, {"imageName": CHANGES.UPDATE}),
    ],
)
def test_diff_describes_each_change(
    plugin: PluginProvider, before: Any, after: Any, kinds: dict[str, int]
) -> None:
    """By inputs alone, with what replaces the pin."""
    response = plugin.call(
        "Diff",
        provider_pb2.DiffRequest(
            urn=URN, id="x", old_inputs=struct(before), news=struct(after)
        ),
    )

    changes = provider_pb2.DiffResponse.DiffChanges
    assert kinds == {key: diff.kind for key, diff in response.detailedDiff.items()}
    assert all(diff.inputDiff for diff in response.detailedDiff.values())
    assert response.hasDetailedDiff
    assert (changes.DIFF_SOME if kinds else changes.DIFF_NONE) == response.changes
    replaces = [key for key, kind in kinds.items() if kind in {1, 3, 5}]
    assert replaces == list(response.replaces)


def test_diff_against_outputs_alone_finds_no_difference(plugin: PluginProvider) -> None:
    """An older engine sends no inputs of before, and its pins stay as they are."""
    inputs = struct(check(plugin, ASKED))
    created = plugin.call("Create", provider_pb2.CreateRequest(urn=URN, properties=inputs))

    response = plugin.call(
        "Diff", provider_pb2.DiffRequest(urn=URN, olds=created.properties, news=inputs)
    )

    assert provider_pb2.DiffResponse.DIFF_NONE == response.changes


def test_a_preview_knows_neither_id_nor_time(plugin: PluginProvider) -> None:
    """But the time of a choice that stays."""
    inputs = struct(check(plugin, ASKED))
    olds = struct({**plain(inputs), "chosenAt": "then"})
    moved = struct({**plain(inputs), "tag": "2"})

    created = plugin.call(
        "Create", provider_pb2.CreateRequest(urn=URN, properties=inputs, preview=True)
    )
    times = [
        plain(
            plugin.call(
                "Update",
                provider_pb2.UpdateRequest(
                    urn=URN, id="x", olds=olds, news=news, preview=True
                ),
            ).properties
        )["chosenAt"]
        for news in (inputs, moved)
    ]

    assert "" == created.id
    assert UNKNOWN_TEXT == plain(created.properties)["chosenAt"]
    assert ["then", UNKNOWN_TEXT] == times


def test_read_of_outputs_alone_is_a_look_too(plugin: PluginProvider) -> None:
    """A program that reads a pin has no inputs of it."""
    outputs = struct({**check(plugin, ASKED), "chosenAt": "2026-03-01T12:00:00Z"})
    request = provider_pb2.ReadRequest(
        urn=URN, id="cn-bj2/ucs/ucs/helloworld", properties=outputs
    )

    assert outputs == plugin.call("Read", request).properties


@pytest.mark.parametrize("image", ["helloworld", "ucs/helloworld", DEMO_IMAGE])
def test_read_of_an_id_alone_imports(plugin: PluginProvider, image: str) -> None:
    """The id is the pin's own, and the tag an explicit one."""
    request = provider_pb2.ReadRequest(urn=URN, id=f"cn-bj2/ucs/{image}:1.0.0")

    response = plugin.call("Read", request)

    inputs = plain(response.inputs)
    assert "cn-bj2/ucs/ucs/helloworld" == response.id
    assert ("1.0.0", "1.0.0", image) == (
        inputs["tag"],
        inputs["wantedTag"],
        inputs["wantedImage"],
    )
    assert inputs.items() < plain(response.properties).items()


@pytest.mark.parametrize(
    ("import_id", "words"),
    [
        ("cn-bj2/ucs/helloworld", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld:9", "no tag '9'"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(
    plugin: PluginProvider, import_id: str, words: str
) -> None:
    """It says what an id must be, or what there is."""
    with pytest.raises(AbortedError, match=words):
        plugin.call("Read", provider_pb2.ReadRequest(urn=URN, id=import_id))


def test_delete_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a state nor keys."""
    EngineLog(monkeypatch)
    request = provider_pb2.DeleteRequest(urn=URN, id="x", properties=struct({}))

    assert Empty() == PluginProvider().call("Delete", request)


@pytest.mark.parametrize("method", ["Check", "Diff", "Create", "Read", "Update", "Delete"])
def test_another_resource_is_refused(plugin: PluginProvider, method: str) -> None:
    """There is one type only."""
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER_URN),
        "Diff": provider_pb2.DiffRequest(urn=OTHER_URN),
        "Create": provider_pb2.CreateRequest(urn=OTHER_URN),
        "Read": provider_pb2.ReadRequest(urn=OTHER_URN),
        "Update": provider_pb2.UpdateRequest(urn="nonsense"),
        "Delete": provider_pb2.DeleteRequest(urn=URN, type="aws:s3:Bucket"),
    }

    with pytest.raises(AbortedError, match="there is ucimage:index:ImagePin") as caught:
        plugin.call(method, requests[method])

    assert grpc.StatusCode.INVALID_ARGUMENT is caught.value.code
