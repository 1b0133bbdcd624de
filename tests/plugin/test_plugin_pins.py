"""The plugin's requests about a pin, as the engine sends them."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_calls import (
    INVALID,
    URN,
    Client,
    plain,
    refused,
    secret,
    struct,
)
from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._spec.pin_state import SPECIAL_VALUE_KEY
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.plugin.wire import UNKNOWN_TEXT

WITHIN_COMPONENT = "urn:pulumi:dev::test::my:index:App$ucimage:index:ImagePin::app"
OTHER_URN = "urn:pulumi:dev::test::aws:s3:Bucket::app"
INPUTS = {"bucketName": "ucs", "imageName": "helloworld"}


def test_check_within_a_component(provider: Client) -> None:
    """The type in a URN may have its parents' types before it."""
    assert "1.1.0" == provider.check(INPUTS, urn=WITHIN_COMPONENT)["tag"]


def test_an_unknown_input_makes_the_choice_unknown(
    provider: Client, configured: Emulator
) -> None:
    """What stays is known, and the input itself is returned unchanged."""
    olds = provider.check(INPUTS)
    configured.reset_requests()

    inputs = provider.check({**INPUTS, "triggers": {"a": UNKNOWN_TEXT}}, olds)

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
    provider: Client, asked: dict[str, Any], keys: set[str]
) -> None:
    """The argument under each of its names, and what was chosen."""
    inputs = provider.check({**INPUTS, **asked})
    created = provider.stub.Create(
        provider_pb2.CreateRequest(urn=URN, properties=struct(inputs))
    )

    for values in (inputs, plain(created.properties)):
        marked = {
            key
            for key, value in values.items()
            if isinstance(value, dict) and SPECIAL_VALUE_KEY in value
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
def test_a_removed_secret_stays_secret(provider: Client, asked: dict[str, Any]) -> None:
    """The previous tag, and what the pin keeps, stay secret."""
    olds = provider.check({"bucketName": "ucs", **asked})
    inputs = provider.check({"bucketName": "ucs", "triggers": {"a": "b"}}, olds)

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
def test_diff_shows_each_change(
    provider: Client, before: Any, after: Any, kinds: dict[str, int]
) -> None:
    """Inputs are compared, and some changes replace the pin."""
    response = provider.stub.Diff(
        provider_pb2.DiffRequest(
            urn=URN, id="x", old_inputs=struct(before), news=struct(after)
        )
    )

    changes = provider_pb2.DiffResponse.DiffChanges
    assert kinds == {key: diff.kind for key, diff in response.detailedDiff.items()}
    assert all(diff.inputDiff for diff in response.detailedDiff.values())
    assert response.hasDetailedDiff
    assert (changes.DIFF_SOME if kinds else changes.DIFF_NONE) == response.changes
    replaces = [key for key, kind in kinds.items() if kind in {1, 3, 5}]
    assert replaces == list(response.replaces)


def test_diff_against_outputs_alone_finds_no_difference(provider: Client) -> None:
    """An older engine sends no old inputs, and its pins stay as they are."""
    inputs = struct(provider.check(INPUTS))
    created = provider.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs))

    response = provider.stub.Diff(
        provider_pb2.DiffRequest(urn=URN, olds=created.properties, news=inputs)
    )

    assert provider_pb2.DiffResponse.DIFF_NONE == response.changes


def test_values_that_ignore_changes_returns_are_not_a_difference(provider: Client) -> None:
    """The engine returns the chosen values as if the program had asked for them."""
    olds = provider.check({"bucketName": "ucs"})
    chosen = {"tag": olds["tag"], "imageName": olds["imageName"]}
    news = provider.check({"bucketName": "ucs", **chosen}, olds)

    response = provider.stub.Diff(
        provider_pb2.DiffRequest(
            urn=URN,
            old_inputs=struct(olds),
            news=struct(news),
            ignoreChanges=["imageName", "tag"],
        )
    )

    assert not response.diffs


def test_read_of_outputs_alone_is_a_refresh_too(provider: Client) -> None:
    """A pin that a program reads by its id has no inputs."""
    outputs = struct({**provider.check(INPUTS), "chosenAt": "2026-03-01T12:00:00Z"})
    request = provider_pb2.ReadRequest(
        urn=URN, id="cn-bj2/ucs/ucs/helloworld", properties=outputs
    )

    assert outputs == provider.stub.Read(request).properties


@pytest.mark.parametrize("image", ["helloworld", "ucs/helloworld", DEMO_IMAGE])
def test_read_of_an_id_alone_imports(provider: Client, image: str) -> None:
    """The result has the pin's own id."""
    request = provider_pb2.ReadRequest(urn=URN, id=f"cn-bj2/ucs/{image}:1.0.0")

    response = provider.stub.Read(request)

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
        ("1.0.0", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld:", "<region>/<bucket>/<image>:<tag>"),
        (f"cn-bj2/ucs/{DEMO_IMAGE}", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/helloworld:1.0.0", "<region>/<bucket>/<image>:<tag>"),
        ("/ucs/helloworld:1.0.0", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2//helloworld:1.0.0", "<region>/<bucket>/<image>:<tag>"),
        ("cn-bj2/ucs/helloworld:9", "no tag '9'"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    provider: Client, import_id: str, words: str
) -> None:
    """The sentence says which form an id has, or which tags there are."""
    with pytest.raises(Exception, match=words):
        provider.stub.Read(provider_pb2.ReadRequest(urn=URN, id=import_id))


def test_a_preview_knows_neither_the_id_nor_the_time(provider: Client) -> None:
    """It knows the time of a choice that stays."""
    inputs = struct(provider.check(INPUTS))
    olds = struct({**plain(inputs), "chosenAt": "then"})
    moved = struct({**plain(inputs), "tag": "2"})

    created = provider.stub.Create(
        provider_pb2.CreateRequest(urn=URN, properties=inputs, preview=True)
    )
    times = [
        plain(
            provider.stub.Update(
                provider_pb2.UpdateRequest(
                    urn=URN, id="x", olds=olds, news=news, preview=True
                )
            ).properties
        )["chosenAt"]
        for news in (inputs, moved)
    ]

    assert not created.id
    assert UNKNOWN_TEXT == plain(created.properties)["chosenAt"]
    assert ["then", UNKNOWN_TEXT] == times


def test_what_is_empty_is_null(provider: Client) -> None:
    """A preview would show a missing output as unknown; an input is left out."""
    inputs = provider.check(INPUTS)

    assert inputs["previousTag"] is None
    assert "projectId" not in inputs


@pytest.mark.parametrize("method", ["Check", "Diff", "Create", "Read", "Update", "Delete"])
def test_another_resource_is_refused(provider: Client, method: str) -> None:
    """The plugin has one resource type."""
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER_URN),
        "Diff": provider_pb2.DiffRequest(urn=OTHER_URN),
        "Create": provider_pb2.CreateRequest(urn=OTHER_URN),
        "Read": provider_pb2.ReadRequest(urn=OTHER_URN),
        "Update": provider_pb2.UpdateRequest(urn="nonsense"),
        "Delete": provider_pb2.DeleteRequest(urn=URN, type="aws:s3:Bucket"),
    }

    with refused(INVALID, "use ucimage:index:ImagePin"):
        getattr(provider.stub, method)(requests[method])
