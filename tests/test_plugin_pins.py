"""The plugin's requests about a pin, as the engine sends them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from plugin_calls import (
    INVALID,
    URN,
    Client,
    in_process,
    plain,
    refused,
    secret,
    struct,
)
from pulumi.runtime.proto import engine_pb2, provider_pb2

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.plugin.wire import SIGNATURE, UNKNOWN_TEXT

WITHIN_COMPONENT = "urn:pulumi:dev::test::my:index:App$ucimage:index:ImagePin::app"
OTHER_URN = "urn:pulumi:dev::test::aws:s3:Bucket::app"


@pytest.fixture
def provider(configured: Emulator) -> Client:
    """A plugin whose environment leads to the emulator."""
    return in_process()


ASKED = {"bucketName": "ucs", "imageName": "helloworld"}


def test_check_chooses_and_keeps_what_was_asked(provider: Client) -> None:
    """The choice has the names of the outputs, the arguments have their own."""
    inputs = provider.check({**ASKED, "tag": "1.0.0", "triggers": {"a": "b"}})

    assert {
        "bucketName": "ucs",
        "region": "cn-bj2",
        "wantedImage": "helloworld",
        "wantedTag": "1.0.0",
        "triggers": {"a": "b"},
        "tag": "1.0.0",
        "image": f"{DEMO_IMAGE}:1.0.0",
        "imageName": DEMO_IMAGE,
        "createTime": 1704067200,
        "createdAt": "2024-01-01T00:00:00Z",
        "found": True,
        "previousTag": None,
        "available": True,
        "retagged": False,
    } == inputs


def test_check_keeps_what_was_chosen(provider: Client, configured: Emulator) -> None:
    """The same inputs make no call; other inputs choose again."""
    olds = provider.check(ASKED)
    configured.push("ucs", "helloworld", "2.0.0")
    configured.reset_requests()

    same = provider.check({**ASKED, "policy": "newest"}, olds)
    calls = len(configured.requests)
    moved = provider.check({**ASKED, "triggers": {"a": "b"}}, olds)

    assert (olds, 0) == (same, calls)
    assert ("2.0.0", "1.1.0") == (moved["tag"], moved["previousTag"])


def test_an_explicit_tag_that_is_pinned_already_goes_to_a_new_registry(
    provider: Client,
) -> None:
    """The reference follows the argument, and the tag stays."""
    olds = provider.check(ASKED)

    asked = {**ASKED, "tag": "1.1.0", "registry": "mirror.example.com"}
    inputs = provider.check(asked, olds)
    back = provider.check({**ASKED, "tag": "1.1.0"}, provider.check(asked))

    assert "mirror.example.com/ucs/helloworld:1.1.0" == inputs["image"]
    assert f"{DEMO_IMAGE}:1.1.0" == back["image"]


def test_check_within_a_component(provider: Client) -> None:
    """The type in a URN may have its parents' types before it."""
    assert "1.1.0" == provider.check(ASKED, urn=WITHIN_COMPONENT)["tag"]


def test_check_accepts_inputs_that_it_made(provider: Client) -> None:
    """As an import returns them."""
    olds = provider.check({**ASKED, "tag": "1.0.0"})

    assert olds == provider.check(olds, olds)


@pytest.mark.parametrize(
    ("news", "words"),
    [
        ({}, "bucketName is missing"),
        ({"bucketName": 7}, "bucketName must be a string"),
        ({"bucketName": "ucs", "tags": "x"}, "no argument 'tags'"),
        ({"bucketName": "ucs", "triggers": ["a"]}, "triggers must be a map of strings"),
        ({"bucketName": "ucs", "triggers": {"a": 1}}, "triggers must be a map of strings"),
        ({"bucketName": "ucs", "minAge": "soon"}, "minAge"),
        ({"bucketName": "nope"}, "RetCode 43023"),
    ],
)
def test_a_mistake_is_a_check_failure(
    provider: Client, news: dict[str, Any], words: str
) -> None:
    """Without a property, so that Pulumi prints no value."""
    ((of, reason),) = provider.failures(news)

    assert "" == of
    assert words in reason


def test_a_state_that_check_did_not_make_is_a_check_failure(provider: Client) -> None:
    """It has no choice that could be kept: the sentence names the pin and the field."""
    ((_, reason),) = provider.failures({**ASKED, "triggers": {"a": "b"}}, ASKED)

    assert "The state of the pin 'app' has no region: " in reason


def test_an_unknown_input_makes_the_choice_unknown(
    provider: Client, configured: Emulator
) -> None:
    """What stays is known, and the input itself is returned unchanged."""
    olds = provider.check(ASKED)
    configured.reset_requests()

    inputs = provider.check({**ASKED, "triggers": {"a": UNKNOWN_TEXT}}, olds)

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
    inputs = provider.check({**ASKED, **asked})
    created = provider.stub.Create(
        provider_pb2.CreateRequest(urn=URN, properties=struct(inputs))
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
def test_a_removed_secret_stays_secret(provider: Client, asked: dict[str, Any]) -> None:
    """In the previous tag, and in the region, project and image that the pin keeps."""
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
    inputs = struct(provider.check(ASKED))
    created = provider.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs))

    response = provider.stub.Diff(
        provider_pb2.DiffRequest(urn=URN, olds=created.properties, news=inputs)
    )

    assert provider_pb2.DiffResponse.DIFF_NONE == response.changes


def test_values_that_ignore_changes_returns_are_no_difference(provider: Client) -> None:
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


def test_create_and_update_store_what_was_checked(provider: Client) -> None:
    """With the time; in a preview neither that nor the id is known."""
    inputs = struct(provider.check(ASKED))

    created, previewed = (
        provider.stub.Create(
            provider_pb2.CreateRequest(urn=URN, properties=inputs, preview=preview)
        )
        for preview in (False, True)
    )
    updated = provider.stub.Update(
        provider_pb2.UpdateRequest(urn=URN, id="x", olds=inputs, news=inputs)
    )

    assert ("cn-bj2/ucs/ucs/helloworld", "") == (created.id, previewed.id)
    assert plain(inputs).items() <= plain(created.properties).items()
    assert UNKNOWN_TEXT == plain(previewed.properties)["chosenAt"]
    assert plain(updated.properties)["chosenAt"].endswith("Z")


def test_read_looks_and_keeps_the_tag(provider: Client, configured: Emulator) -> None:
    """A newer tag is an info line under the pin's name."""
    inputs = struct(provider.check(ASKED))
    outputs = struct({**plain(inputs), "chosenAt": "2026-03-01T12:00:00Z"})
    configured.push("ucs", "helloworld", "2.0.0")
    request = provider_pb2.ReadRequest(
        urn=URN, id="the-id", inputs=inputs, properties=outputs
    )

    response = provider.stub.Read(request)

    ((severity, text, urn),) = provider.engine.lines
    assert (engine_pb2.INFO, URN) == (severity, urn)
    assert "The tag '2.0.0' was pushed at " in text
    assert "the pin 'app' stays at '1.1.0'" in text
    assert (inputs, outputs) == (response.inputs, response.properties)
    assert "the-id" == response.id


def test_read_that_fails_is_a_warning(provider: Client, configured: Emulator) -> None:
    """The pin stays as it is."""
    inputs = struct(provider.check(ASKED))
    configured.fault("retcode=299")
    request = provider_pb2.ReadRequest(urn=URN, id="x", inputs=inputs, properties=inputs)

    response = provider.stub.Read(request)

    (warning,) = provider.engine.texts(engine_pb2.WARNING)
    assert "The pin 'app' was not looked at: " in warning
    assert (inputs, inputs) == (response.inputs, response.properties)


def test_read_of_outputs_alone_is_a_look_too(provider: Client) -> None:
    """A pin that a program reads by its id has no inputs."""
    outputs = struct({**provider.check(ASKED), "chosenAt": "2026-03-01T12:00:00Z"})
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
    "identity",
    [
        "",
        ":",
        "1.0.0",
        "cn-bj2/ucs/helloworld",
        "cn-bj2/ucs/helloworld:",
        f"cn-bj2/ucs/{DEMO_IMAGE}",
        "cn-bj2/helloworld:1.0.0",
        "/ucs/helloworld:1.0.0",
    ],
)
def test_an_invalid_import_id_is_refused(provider: Client, identity: str) -> None:
    """The sentence says which form an id has."""
    with refused(INVALID, "<region>/<bucket>/<image>:<tag>"):
        provider.stub.Read(provider_pb2.ReadRequest(urn=URN, id=identity))


def test_delete_needs_no_keys() -> None:
    """Nor does it call anything."""
    request = provider_pb2.DeleteRequest(urn=URN, id="x", properties=struct({}))

    assert Empty() == in_process().stub.Delete(request)


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


@pytest.mark.parametrize("method", ["Create", "Update"])
def test_inputs_that_check_did_not_make_are_refused(provider: Client, method: str) -> None:
    """They contain no choice."""
    requests = {
        "Create": provider_pb2.CreateRequest(urn=URN, properties=struct(ASKED)),
        "Update": provider_pb2.UpdateRequest(urn=URN, news=struct({"tag": 7})),
    }

    with refused(INVALID, "The state of the pin 'app' has no"):
        getattr(provider.stub, method)(requests[method])
