"""What the plugin answers to requests about itself and its configuration."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from plugin_calls import (
    FAILED,
    IMAGE,
    INVALID,
    URN,
    Client,
    plain,
    refused,
    secret,
    struct,
)
from pulumi.runtime.proto import engine_pb2, plugin_pb2, provider_pb2

from pulumi_ucimage.emulator import DEMO_PRIVATE_KEY
from pulumi_ucimage.plugin import pins
from pulumi_ucimage.plugin.wire import UNKNOWN_TEXT
from pulumi_ucimage.version import __version__


def test_plugin_info_has_the_version(provider: Client) -> None:
    """The package's version."""
    assert __version__ == provider.stub.GetPluginInfo(Empty()).version


def test_the_handshake_takes_secrets(provider: Client) -> None:
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
