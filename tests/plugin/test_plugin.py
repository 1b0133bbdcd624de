"""The plugin's requests about itself, its configuration and its functions."""

from __future__ import annotations

import os
import threading
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from plugin_calls import (
    FAILED,
    IMAGE,
    IMAGES,
    INVALID,
    URN,
    Client,
    in_process,
    own_provider,
    plain,
    refused,
    secret,
    struct,
)
from pulumi.runtime.proto import engine_pb2, plugin_pb2, provider_pb2

from pulumi_ucimage._pulumi.worker_threads import THREAD_NAME
from pulumi_ucimage._spec.pin_state import SIGNATURE
from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, Emulator
from pulumi_ucimage.plugin import pins
from pulumi_ucimage.plugin.provider import MAX_THREADS, EngineLog
from pulumi_ucimage.plugin.wire import SECRET, UNKNOWN_TEXT
from pulumi_ucimage.version import __version__


@pytest.fixture
def provider(configured: Emulator) -> Client:
    """A plugin whose environment leads to the emulator."""
    return in_process()


# --- The plugin ---


def test_plugin_info_has_the_version(provider: Client) -> None:
    """The package's version."""
    assert __version__ == provider.stub.GetPluginInfo(Empty()).version


def test_handshake(provider: Client) -> None:
    """It takes secrets, and offers nothing else that is special."""
    response = provider.stub.Handshake(
        provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1")
    )

    assert {"acceptSecrets": True} == MessageToDict(response)


def test_attach_says_where_to_log(provider: Client) -> None:
    """Lines go to the last address; one that nobody listens on stops nothing."""
    provider.configure(explain="true")
    provider.invoke(IMAGE, bucketName="ucs")
    provider.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    answer = provider.invoke(IMAGE, bucketName="ucs")

    assert "1.1.0" == answer["tag"]
    assert 1 == len(provider.engine.texts(engine_pb2.INFO))


def test_the_schema_has_one_version(provider: Client) -> None:
    """Version 0 of the format; another is refused."""
    response = provider.stub.GetSchema(provider_pb2.GetSchemaRequest())

    assert '"ucimage:index:ImagePin"' in response.schema
    with refused(INVALID, "no schema in version 7"):
        provider.stub.GetSchema(provider_pb2.GetSchemaRequest(version=7))


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Call", provider_pb2.CallRequest()),
        ("Construct", provider_pb2.ConstructRequest()),
        ("Parameterize", provider_pb2.ParameterizeRequest()),
        ("GetMapping", provider_pb2.GetMappingRequest()),
        ("GetMappings", provider_pb2.GetMappingsRequest()),
    ],
)
def test_the_rest_is_not_implemented(
    provider: Client, method: str, request_: object
) -> None:
    """A method that a provider may leave out answers in the protocol's own way."""
    with refused(grpc.StatusCode.UNIMPLEMENTED, "not implemented"):
        getattr(provider.stub, method)(request_)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Handshake", provider_pb2.ProviderHandshakeRequest(engine_address="no\naddress")),
        ("Attach", plugin_pb2.PluginAttach(address="[::")),
        ("CheckConfig", provider_pb2.CheckRequest(news=struct({"a": [{}]}))),
        ("DiffConfig", provider_pb2.DiffRequest(news=struct({"a": [{}]}))),
        ("GetPluginInfo", Empty()),
        ("Cancel", Empty()),
    ],
)
def test_a_request_without_meaning_breaks_nothing(
    provider: Client, method: str, request_: object
) -> None:
    """It is answered, and so is the next one."""
    provider.configure(explain="true")
    getattr(provider.stub, method)(request_)

    assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


def test_a_bug_is_one_sentence_without_its_text(
    provider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of an unexpected exception could hold a key."""

    def fail(*_: object) -> None:
        message = DEMO_PRIVATE_KEY
        raise KeyError(message)

    monkeypatch.setattr(pins, "diff", fail)
    request = provider_pb2.DiffRequest(urn=URN)
    with refused(
        grpc.StatusCode.ABORTED, "bug in Diff (KeyError): please report"
    ) as raised:
        provider.stub.Diff(request)

    assert DEMO_PRIVATE_KEY not in str(raised.value)


# --- Configuration ---


def test_check_config_changes_nothing(provider: Client) -> None:
    """Nothing is required or added; the first call reports what is wrong."""
    news = {"publicKey": "a", "version": "1", "timeoutSeconds": "no"}
    response = provider.stub.CheckConfig(provider_pb2.CheckRequest(news=struct(news)))

    assert not response.failures
    assert news == plain(response.inputs)


@pytest.mark.parametrize(
    ("olds", "news", "diffs"),
    [
        ({}, {}, []),
        ({"region": "a"}, {"region": "a"}, []),
        ({"region": "a"}, {"region": "b"}, ["region"]),
        ({}, {"privateKey": "a"}, ["privateKey"]),
        ({"privateKey": "a", "region": "a"}, {"region": "a"}, ["privateKey"]),
    ],
)
def test_a_changed_configuration_is_a_difference(
    provider: Client, olds: Any, news: Any, diffs: list[str]
) -> None:
    """Otherwise the engine would keep the old one; nothing is ever replaced."""
    response = provider.stub.DiffConfig(
        provider_pb2.DiffRequest(old_inputs=struct(olds), news=struct(news))
    )

    changes = provider_pb2.DiffResponse.DiffChanges
    assert diffs == list(response.diffs)
    assert (changes.DIFF_SOME if diffs else changes.DIFF_NONE) == response.changes
    assert not response.replaces


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"region": None, "timeoutSeconds": "", "explain": UNKNOWN_TEXT, "other": 1},
        {"timeoutSeconds": "5", "maxRetries": "0", "checkTotalCount": "true"},
        {"timeoutSeconds": 5, "maxRetries": 0, "checkTotalCount": True},
        {"privateKey": secret(DEMO_PRIVATE_KEY), "publicKey": "demo-public-key"},
    ],
)
def test_every_form_of_configuration_is_accepted(
    provider: Client, values: dict[str, Any]
) -> None:
    """Strings, nulls, nothing, and the typed values of an explicit provider."""
    response = provider.configure(**values)

    assert {"acceptSecrets": True, "supportsPreview": True} == MessageToDict(response)
    assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


def test_configuration_may_come_as_variables(provider: Client) -> None:
    """Older engines send it so."""
    request = provider_pb2.ConfigureRequest(variables={"ucimage:config:region": "cn-sh2"})
    provider.stub.Configure(request)

    with refused(FAILED, "in region 'cn-sh2'"):
        provider.invoke(IMAGE, bucketName="ucs")


@pytest.mark.parametrize("value", ["soon", ["5"], {"a": 1}, True])
def test_a_wrong_setting_is_reported_by_the_call_that_needs_it(
    provider: Client, value: Any
) -> None:
    """Configure accepts it, because a destroy needs no settings; it wins over others."""
    provider.configure(timeoutSeconds=value)

    with refused(FAILED, "ucimage:timeoutSeconds"):
        provider.invoke(IMAGE, bucketName="ucs")


def test_missing_keys_are_reported_by_the_first_call(
    provider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configure succeeds; the call names every way to set them."""
    monkeypatch.delenv("UCLOUD_PUBLIC_KEY")
    monkeypatch.delenv("UCLOUD_PRIVATE_KEY")
    provider.configure()

    with refused(FAILED, "pulumi config set --secret ucimage:privateKey"):
        provider.invoke(IMAGE, bucketName="ucs")


@pytest.mark.parametrize(
    ("value", "name", "warned"),
    [
        (DEMO_PRIVATE_KEY, "default", True),
        (DEMO_PRIVATE_KEY, "", True),
        (DEMO_PRIVATE_KEY, "default_0_1_0", True),
        (DEMO_PRIVATE_KEY, "mine", False),
        (secret(DEMO_PRIVATE_KEY), "default", False),
    ],
)
def test_an_unencrypted_key_is_a_warning(
    provider: Client, value: Any, name: str, *, warned: bool
) -> None:
    """Once, with the command; an explicit provider's key is not in the configuration."""
    provider.configure(name=name, privateKey=value, publicKey="demo-public-key")

    warnings = provider.engine.texts(engine_pb2.WARNING)
    assert [warned] == ["--secret ucimage:privateKey" in " ".join(warnings)]
    assert DEMO_PRIVATE_KEY not in str(provider.engine.lines)


@pytest.mark.parametrize(
    ("values", "name", "warnings"),
    [
        ({"regoin": "cn-bj2"}, "default", ["ucimage:region?"]),
        ({"regoin": "x", "privateKye": "x"}, "", ["privateKey?", "ucimage:region?"]),
        ({"regoin": secret("made-up")}, "default", ["ucimage:region?"]),
        ({"region": "cn-bj2", "version": "1", "pluginDownloadURL": "x"}, "default", []),
        ({"__internal": {"a": "b"}}, "default", []),
        ({"regoin": "cn-bj2"}, "mine", []),
    ],
)
def test_an_unknown_configuration_key_is_a_warning(
    provider: Client, values: dict[str, Any], name: str, warnings: list[str]
) -> None:
    """It names the closest setting and not the value; the engine's own keys are known."""
    provider.configure(name=name, **values)

    lines = provider.engine.texts(engine_pb2.WARNING)
    assert len(warnings) == len(lines)
    for words, line in zip(warnings, lines, strict=True):
        assert words in line
        assert "`pulumi config rm ucimage:" in line
        assert "made-up" not in line


# --- Functions ---


def test_one_image(provider: Client) -> None:
    """Every field under its wire name; whole numbers, and null where there is no value."""
    result = provider.invoke(IMAGE, bucketName="ucs", policy="semver", limit=None)

    counts = result.pop("counts")
    explanation = result.pop("explanation")
    assert "Chose '1.1.0'" in explanation
    assert {
        "id": "cn-bj2/ucs/ucs/helloworld",
        "region": "cn-bj2",
        "bucketName": "ucs",
        "imageName": DEMO_IMAGE,
        "shortName": "helloworld",
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "digest": None,
        "repoDigest": None,
        "createTime": 1719792000,
        "createdAt": "2024-07-01T00:00:00Z",
        "resourceId": None,
        "found": True,
        "candidates": ["1.1.0", "1.0.0"],
    } == result
    assert (5, 0, 2) == (counts["total"], counts["notMatched"], counts["candidates"])


def test_all_images(provider: Client) -> None:
    """Images, and tags within them."""
    result = provider.invoke(IMAGES, bucketName="ucs", limit=1, offset=0)

    (image,) = result["images"]
    assert ("cn-bj2/ucs", 1) == (result["id"], result["totalCount"])
    assert (DEMO_IMAGE, None) == (image["name"], image["orgId"])
    assert "1.1.0" == image["latestTag"]["name"]
    assert {"name", "image", "createTime", "createdAt"} == set(image["tags"][0])


def test_every_argument_arrives(provider: Client, configured: Emulator) -> None:
    """Lists, whole numbers, booleans and null among them; Pulumi's own are ignored."""
    provider.invoke(
        IMAGES, bucketName="ucs", projectId="org-1", orderBy="Default", limit=3, offset=1
    )
    call = configured.requests[-1]
    result = provider.invoke(
        IMAGE,
        bucketName="ucs",
        floatingTags=["1.1.0", "latest"],
        semverLoose=False,
        tag=None,
        registry="mirror.example.com",
        __self__=None,
    )

    assert ("org-1", "Default", "1") == (
        call["ProjectId"],
        call["OrderBy"],
        call["Offset"],
    )
    assert "mirror.example.com/ucs/helloworld:1.2.0-rc.1" == result["image"]


@pytest.mark.parametrize(
    ("token", "args", "words"),
    [
        ("ucimage:index:getNothing", {}, "no function 'ucimage:index:getNothing'"),
        ("", {}, "no function ''"),
        (IMAGE, {}, "bucketName is missing"),
        (IMAGE, {"bucketName": 7}, "bucketName must be a string, not a whole number"),
        (IMAGE, {"bucketName": {"a": 1}}, "bucketName must be a string, not a map"),
        (IMAGE, {"bucketName": "a b"}, "bucketName must"),
        (IMAGE, {"bucketName": "ucs", "bucketNme": "x"}, "no argument 'bucketNme'"),
        (IMAGE, {"bucketName": "ucs", "limit": 1}, "no argument 'limit'"),
        (IMAGE, {"bucketName": "ucs", "semverRange": "^1"}, "semverRange"),
        (IMAGE, {"bucketName": "ucs", "policy": "best"}, "policy must be one of"),
        (IMAGE, {"bucketName": "ucs", "floatingTags": [1]}, "floatingTags must be a list"),
        (IMAGES, {"bucketName": "ucs", "limit": 1.5}, "limit must be a whole number"),
        (IMAGES, {"bucketName": "ucs", "limit": "5"}, "limit must be a whole number"),
        (IMAGES, {"bucketName": "ucs", "limit": True}, "limit must be a whole number"),
        (IMAGES, {"bucketName": "ucs", "offset": -1}, "offset must be 0 or more"),
        (IMAGES, {"bucketName": "ucs", "limit": float("inf")}, "limit must be a whole"),
    ],
)
def test_an_invalid_argument_is_refused(
    provider: Client, configured: Emulator, token: str, args: Any, words: str
) -> None:
    """One sentence with the wire's names comes before any call."""
    with refused(INVALID, words):
        provider.invoke(token, **args)

    assert not configured.requests


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"bucketName": "nope"}, "RetCode 43023"),
        ({"bucketName": "ucs", "tag": "9"}, "no tag '9'"),
        ({"bucketName": "ucs", "imageName": "nope"}, "check imageName, bucketName"),
    ],
)
def test_a_failed_look_up_is_one_sentence(
    provider: Client, args: dict[str, Any], words: str
) -> None:
    """With a status that the engine shows as it is."""
    with refused(FAILED, words):
        provider.invoke(IMAGE, **args)


def test_an_unknown_argument_makes_the_result_unknown(
    provider: Client, configured: Emulator
) -> None:
    """No call is made, at whatever depth the unknown is."""
    whole = provider.invoke(IMAGE, bucketName=UNKNOWN_TEXT)
    part = provider.invoke(IMAGE, bucketName="ucs", floatingTags=["a", UNKNOWN_TEXT])

    assert {UNKNOWN_TEXT} == {*whole.values(), *part.values()}
    assert "imageName" in whole
    assert not configured.requests


@pytest.mark.parametrize(
    "args", [{"tag": secret("1.0.0")}, {"floatingTags": [secret("latest")]}]
)
def test_a_secret_argument_makes_every_field_secret(
    provider: Client, args: dict[str, Any]
) -> None:
    """Each field is marked, and holds its value."""
    result = provider.invoke(IMAGE, bucketName="ucs", **args)

    assert {SECRET} == {field[SIGNATURE] for field in result.values()}
    assert DEMO_IMAGE == result["imageName"]["value"]


def test_a_choice_is_explained_in_the_engine_s_log(provider: Client) -> None:
    """With `explain`, in one info line."""
    provider.configure(explain=True)
    provider.invoke(IMAGE, bucketName="ucs")

    (line,) = provider.engine.texts(engine_pb2.INFO)
    assert "Chose '1.1.0'" in line


@pytest.mark.parametrize("ephemeral", [False, True])
def test_a_line_may_be_replaced_by_the_next(provider: Client, *, ephemeral: bool) -> None:
    """A listing's progress is ephemeral; a line shows under its resource."""
    log = EngineLog(provider.engine.address, "the-urn")
    log.info("set tag_regex", ephemeral=ephemeral)

    lines = [(engine_pb2.INFO, "set tagRegex", "the-urn")]
    assert ([] if ephemeral else lines) == provider.engine.lines
    assert (["set tagRegex"] if ephemeral else []) == provider.engine.ephemeral


# --- Many calls, slow calls ---


def wait_for_requests(emulator: Emulator, number: int) -> None:
    """Wait until the emulator has received that many calls."""
    while len(emulator.requests) < number:
        os.sched_yield()


def test_calls_do_not_wait_for_each_other(configured: Emulator) -> None:
    """While twenty calls hang, others are answered; Cancel ends those that hang."""
    configured.fault("delay=600*20")
    with own_provider() as provider:
        slow = [
            provider.start_invoke(IMAGES, bucketName="ucs", offset=offset)
            for offset in range(1, 21)
        ]
        wait_for_requests(configured, 20)

        answer = provider.invoke(IMAGE, bucketName="ucs")
        provider.stub.Cancel(Empty())
        codes = {future.code() for future in slow}
        after = provider.invoke(IMAGE, bucketName="ucs")

    assert "1.1.0" == answer["tag"] == after["tag"]
    assert {grpc.StatusCode.CANCELLED} == codes


def test_cancel_and_destroy_do_not_wait_for_a_free_thread(configured: Emulator) -> None:
    """All threads hang, further calls wait for one, and these two are answered."""
    configured.fault("delay=600")
    with own_provider() as provider:
        slow = [
            provider.start_invoke(IMAGES, bucketName="ucs", offset=offset)
            for offset in range(1, MAX_THREADS + 11)
        ]
        wait_for_requests(configured, MAX_THREADS)

        provider.stub.Delete(provider_pb2.DeleteRequest(urn=URN))
        provider.stub.Cancel(Empty())
        codes = {future.code() for future in slow}

    assert {grpc.StatusCode.CANCELLED} == codes
    assert MAX_THREADS == len(configured.requests)


def test_without_a_thread_a_call_is_a_clean_error(
    monkeypatch: pytest.MonkeyPatch, configured: Emulator
) -> None:
    """Each call says so; the next one, once the machine gives threads, is answered."""
    start_any = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == THREAD_NAME:
            message = "can't start new thread"
            raise RuntimeError(message)
        start_any(thread)

    with own_provider() as provider, monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", start)
        for _ in range(3):
            with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "cannot start a thread"):
                provider.invoke(IMAGE, bucketName="ucs")
        machine.undo()

        assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


def test_it_answers_after_the_api_was_down(provider: Client, configured: Emulator) -> None:
    """A refused connection is an error of that call alone."""
    provider.configure(maxRetries="0")
    first = provider.invoke(IMAGE, bucketName="ucs")
    port = int(configured.url.rstrip("/").rpartition(":")[2])
    configured.stop()
    with refused(FAILED, "The UCloud API at 127.0.0.1"):
        provider.invoke(IMAGE, bucketName="ucs")

    with Emulator(port=port):
        again = provider.invoke(IMAGE, bucketName="ucs")

    assert first == again


def test_a_call_joins_no_listing_that_began_before_it(
    provider: Client, configured: Emulator
) -> None:
    """What was pushed before a call is in its answer, whatever else is under way."""
    configured.fault("delay=0.3*1")
    first = provider.start_invoke(IMAGE, bucketName="ucs")
    wait_for_requests(configured, 1)
    configured.push("ucs", "helloworld", "2.0.0")

    assert "2.0.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]
    first.result()


def test_calls_at_the_same_time_share_a_listing(
    provider: Client, configured: Emulator
) -> None:
    """Fifty calls for one bucket need far fewer listings."""
    configured.fault("delay=0.2*50")

    calls = [provider.start_invoke(IMAGE, bucketName="ucs") for _ in range(50)]

    assert {"1.1.0"} == {plain(getattr(c.result(), "return"))["tag"] for c in calls}
    assert len(configured.requests) < 50 / 2
