"""The plugin as the engine meets it: a process, a port, and the provider's protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from conftest import environment_for
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, Emulator
from pulumi_ucimage.plugin.wire import SECRET, SIGNATURE, UNKNOWN_TEXT
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

URN = "urn:pulumi:dev::test::ucimage:index:ImagePin::app"
WITHIN_COMPONENT = "urn:pulumi:dev::test::my:index:App$ucimage:index:ImagePin::app"
OTHER_URN = "urn:pulumi:dev::test::aws:s3:Bucket::app"
IMAGE = "ucimage:index:getDockerImage"
IMAGES = "ucimage:index:getDockerImages"


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what a plugin logs."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str]] = []
        self.passing: list[str] = []

    def Log(self, request: Any, _context: object) -> Empty:  # noqa: N802
        """Keep a line: severity, text and the resource's URN."""
        if request.ephemeral:
            self.passing.append(request.message)
        else:
            self.lines.append((request.severity, request.message, request.urn))
        return Empty()

    def texts(self, severity: int) -> list[str]:
        """The texts of one severity."""
        return [text for of, text, _ in self.lines if of == severity]


class Provider:
    """A plugin's process, spoken to in plain values."""

    def __init__(self, process: subprocess.Popen[str], port: int, engine: Engine) -> None:
        self.process = process
        self.engine = engine
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def invoke(self, token: str, **args: Any) -> dict[str, Any]:
        """Call a function."""
        request = provider_pb2.InvokeRequest(tok=token, args=struct(args))
        return plain(getattr(self.stub.Invoke(request), "return"))

    def configure(self, **values: Any) -> Any:
        """Configure, by the stack's keys without their namespace."""
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(values)))

    def checked(self, news: Any, olds: Any = None, urn: str = URN) -> dict[str, Any]:
        """The inputs of a pin, which must be right."""
        request = provider_pb2.CheckRequest(
            urn=urn, olds=struct(olds or {}), news=struct(news)
        )
        response = self.stub.Check(request)
        assert not response.failures
        return plain(response.inputs)

    def failures(self, news: Any, olds: Any = None) -> list[tuple[str, str]]:
        """The failures of a pin's inputs: property and reason."""
        request = provider_pb2.CheckRequest(
            urn=URN, olds=struct(olds or {}), news=struct(news)
        )
        return [(f.property, f.reason) for f in self.stub.Check(request).failures]

    def memory_kib(self) -> int:
        """The process's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1])


def struct(values: Any) -> Struct:
    """A message of plain values."""
    message = Struct()
    message.update(values)
    return message


def plain(message: Struct) -> dict[str, Any]:
    """The values of a message; numbers are floats, as JavaScript has them."""
    return dict(MessageToDict(message))


def secret(value: Any) -> dict[str, Any]:
    """A value that is marked as secret."""
    return {SIGNATURE: SECRET, "value": value}


@contextmanager
def started(*command: str, **variables: str) -> Iterator[Provider]:
    """A plugin that a command starts, and an engine that it logs to."""
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, address],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    provider = Provider(process, int(process.stdout.readline()), engine)
    try:
        yield provider
    finally:
        provider.channel.close()
        process.terminate()
        process.communicate(timeout=10)
        server.stop(None).wait()


@pytest.fixture
def provider(emulator: Emulator) -> Iterator[Provider]:
    """A plugin whose environment leads to the emulator."""
    with started("pulumi_ucimage", **environment_for(emulator)) as running:
        yield running


@contextmanager
def refused(code: grpc.StatusCode, words: str) -> Iterator[None]:
    """Expect a status with a clean sentence that has these words."""
    with pytest.raises(grpc.RpcError) as raised:
        yield
    error: Any = raised.value
    assert code == error.code()
    assert words in error.details()
    assert "Traceback" not in error.details()


INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION


# --- The process ---


@pytest.mark.parametrize(
    "command", [["pulumi_ucimage"], ["pulumi.run.plugin", "pulumi-ucimage"]]
)
def test_every_way_to_start_it_works(emulator: Emulator, command: list[str]) -> None:
    """The port is the first line, whatever flags stand before the engine's address."""
    with started(
        *command, "-v=9", "--logtostderr", **environment_for(emulator)
    ) as provider:
        info = provider.stub.GetPluginInfo(Empty())

    assert __version__ == info.version


def test_it_says_nothing_but_its_port(emulator: Emulator) -> None:
    """Neither a call nor its failure prints anything."""
    with started("pulumi_ucimage", **environment_for(emulator)) as provider:
        provider.invoke(IMAGE, bucketName="ucs")
        with refused(FAILED, "RetCode 43023"):
            provider.invoke(IMAGE, bucketName="nope")
        provider.process.terminate()
        texts = provider.process.communicate(timeout=10)

    assert ("", "") == texts
    assert 0 == provider.process.returncode


def test_starting_loads_no_client() -> None:
    """The schema needs nothing that only calls need."""
    code = (
        "import sys, pulumi_ucimage.plugin.server, pulumi_ucimage.plugin.schema as s;"
        " s.schema(); print(sorted({'requests', 'pydantic', 're2'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert "[]\n" == done.stdout


def test_handshake(provider: Provider) -> None:
    """It takes secrets, and nothing else that is special."""
    response = provider.stub.Handshake(
        provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1")
    )

    assert {"acceptSecrets": True} == MessageToDict(response)


def test_attach_tells_where_to_log(provider: Provider) -> None:
    """What is logged goes to the address that came last."""
    provider.configure(explain="true")
    provider.invoke(IMAGE, bucketName="ucs")
    provider.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    provider.invoke(IMAGE, bucketName="ucs")

    assert 1 == len(provider.engine.texts(engine_pb2.INFO))


def test_the_schema_is_there_in_one_version(provider: Provider) -> None:
    """In version 0 of the format; another is refused."""
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
    provider: Provider, method: str, request_: object
) -> None:
    """What a provider may leave out says so in the protocol's own way."""
    with refused(grpc.StatusCode.UNIMPLEMENTED, "not implemented"):
        getattr(provider.stub, method)(request_)


# --- Configuration ---


def test_configuration_is_checked_as_it_is(provider: Provider) -> None:
    """Nothing is asked for or added; what is wrong is said by the first call."""
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
    provider: Provider, olds: Any, news: Any, diffs: list[str]
) -> None:
    """Else the engine would go on with the old one; nothing is ever replaced."""
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
def test_every_form_of_configuration_is_taken(
    provider: Provider, values: dict[str, Any]
) -> None:
    """Texts, nulls, nothing, and an explicit provider's own values."""
    response = provider.configure(**values)

    assert {"acceptSecrets": True, "supportsPreview": True} == MessageToDict(response)
    assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


def test_configuration_may_come_as_variables(provider: Provider) -> None:
    """As older engines send it."""
    request = provider_pb2.ConfigureRequest(variables={"ucimage:config:region": "cn-sh2"})
    provider.stub.Configure(request)

    with refused(FAILED, "in region 'cn-sh2'"):
        provider.invoke(IMAGE, bucketName="ucs")


def test_configuration_wins_over_the_environment(provider: Provider) -> None:
    """And a value of the wrong kind is refused by the call that needs it."""
    provider.configure(region="cn-sh2", timeoutSeconds="soon")
    with refused(FAILED, "ucimage:timeoutSeconds"):
        provider.invoke(IMAGE, bucketName="ucs")


def test_missing_keys_are_asked_for_by_the_first_call() -> None:
    """Configure succeeds; the call names every way."""
    with started("pulumi_ucimage", UCLOUD_REGION="cn-bj2") as provider:
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
def test_a_key_in_clear_is_warned_of(
    provider: Provider, value: Any, name: str, *, warned: bool
) -> None:
    """Once, with the command; a provider of the program's own is not the stack's."""
    args = struct({"privateKey": value, "publicKey": "demo-public-key"})
    provider.stub.Configure(provider_pb2.ConfigureRequest(args=args, name=name))

    warnings = provider.engine.texts(engine_pb2.WARNING)
    assert [warned] == ["--secret ucimage:privateKey" in " ".join(warnings)]
    assert DEMO_PRIVATE_KEY not in str(provider.engine.lines)


# --- Invoke ---


def test_one_image(provider: Provider) -> None:
    """Every field under its wire name; whole numbers, and null where there is nothing."""
    result = provider.invoke(IMAGE, bucketName="ucs", policy="semver", limit=None)

    counts = result.pop("counts")
    explanation = result.pop("explanation")
    assert "Chose '1.1.0'" in explanation
    assert "in floatingTags, and not matched by a tagRegex" in explanation
    assert {
        "id": "cn-bj2/ucs/ucs/helloworld",
        "region": "cn-bj2",
        "bucketName": "ucs",
        "imageName": DEMO_IMAGE,
        "shortName": "helloworld",
        "tag": "1.1.0",
        "image": f"{DEMO_IMAGE}:1.1.0",
        "createTime": 1719792000,
        "createdAt": "2024-07-01T00:00:00Z",
        "resourceId": None,
        "found": True,
        "candidates": ["1.1.0", "1.0.0"],
    } == result
    assert (5, 0, 2) == (counts["total"], counts["notMatched"], counts["candidates"])


def test_all_images(provider: Provider) -> None:
    """Images, and tags within them."""
    result = provider.invoke(IMAGES, bucketName="ucs", limit=1, offset=0)

    (image,) = result["images"]
    assert ("cn-bj2/ucs", 1) == (result["id"], result["totalCount"])
    assert (DEMO_IMAGE, None) == (image["name"], image["orgId"])
    assert "1.1.0" == image["latestTag"]["name"]
    assert {"name", "image", "createTime", "createdAt"} == set(image["tags"][0])


def test_every_argument_arrives(provider: Provider, emulator: Emulator) -> None:
    """Lists, whole numbers, booleans and null among them; Pulumi's own are passed over."""
    provider.invoke(
        IMAGES, bucketName="ucs", projectId="org-1", orderBy="Default", limit=3, offset=1
    )
    call = emulator.requests[-1]
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
        (IMAGE, {"bucketName": 7}, "bucketName must be a string, not int"),
        (IMAGE, {"bucketName": {"a": 1}}, "bucketName must be a string, not dict"),
        (IMAGE, {"bucketName": "a/b"}, "bucketName must be only the bucket"),
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
def test_a_wrong_argument_is_refused(
    provider: Provider, emulator: Emulator, token: str, args: Any, words: str
) -> None:
    """In one sentence with the wire's names, before any call."""
    with refused(INVALID, words):
        provider.invoke(token, **args)

    assert not emulator.requests


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"bucketName": "nope"}, "RetCode 43023"),
        ({"bucketName": "ucs", "tag": "9"}, "no tag '9'"),
        ({"bucketName": "ucs", "imageName": "nope"}, "check imageName, bucketName"),
    ],
)
def test_a_failed_look_up_is_one_sentence(
    provider: Provider, args: dict[str, Any], words: str
) -> None:
    """With a status that the engine shows as it is."""
    with refused(FAILED, words):
        provider.invoke(IMAGE, **args)


def test_what_is_unknown_stays_unknown(provider: Provider, emulator: Emulator) -> None:
    """No call is made, wherever the unknown stands."""
    plainly = provider.invoke(IMAGE, bucketName=UNKNOWN_TEXT)
    within = provider.invoke(IMAGE, bucketName="ucs", floatingTags=["a", UNKNOWN_TEXT])

    assert {UNKNOWN_TEXT} == {*plainly.values(), *within.values()}
    assert "imageName" in plainly
    assert not emulator.requests


@pytest.mark.parametrize(
    "args", [{"tag": secret("1.0.0")}, {"floatingTags": [secret("latest")]}]
)
def test_a_secret_argument_makes_everything_secret(
    provider: Provider, args: dict[str, Any]
) -> None:
    """Each field is marked, and holds its value."""
    result = provider.invoke(IMAGE, bucketName="ucs", **args)

    assert {SECRET} == {field[SIGNATURE] for field in result.values()}
    assert DEMO_IMAGE == result["imageName"]["value"]


def test_a_choice_is_explained_in_the_engine_s_log(provider: Provider) -> None:
    """With `explain`, one info line."""
    provider.configure(explain=True)
    provider.invoke(IMAGE, bucketName="ucs")

    (line,) = provider.engine.texts(engine_pb2.INFO)
    assert "Chose '1.1.0'" in line


# --- The pin ---

ASKED = {"bucketName": "ucs", "imageName": "helloworld"}


def test_check_chooses_and_tells_what_was_asked(provider: Provider) -> None:
    """The choice under the outputs' names, the wish under its own."""
    inputs = provider.checked({**ASKED, "tag": "1.0.0", "triggers": {"a": "b"}})

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


def test_check_keeps_what_was_chosen(provider: Provider, emulator: Emulator) -> None:
    """Asked the same, it makes no call; asked otherwise, it chooses again."""
    olds = provider.checked(ASKED)
    emulator.push("ucs", "helloworld", "2.0.0")
    emulator.reset_requests()

    same = provider.checked({**ASKED, "policy": "newest"}, olds)
    calls = len(emulator.requests)
    moved = provider.checked({**ASKED, "triggers": {"a": "b"}}, olds)

    assert (olds, 0) == (same, calls)
    assert ("2.0.0", "1.1.0") == (moved["tag"], moved["previousTag"])


def test_an_explicit_tag_that_is_pinned_already_goes_to_a_new_registry(
    provider: Provider,
) -> None:
    """The reference follows the argument, though the tag stays."""
    olds = provider.checked(ASKED)

    asked = {**ASKED, "tag": "1.1.0", "registry": "mirror.example.com"}
    inputs = provider.checked(asked, olds)
    back = provider.checked({**ASKED, "tag": "1.1.0"}, provider.checked(asked))

    assert "mirror.example.com/ucs/helloworld:1.1.0" == inputs["image"]
    assert f"{DEMO_IMAGE}:1.1.0" == back["image"]


def test_check_within_a_component(provider: Provider) -> None:
    """A type may have its parents' before it."""
    assert "1.1.0" == provider.checked(ASKED, urn=WITHIN_COMPONENT)["tag"]


def test_check_knows_inputs_that_it_made(provider: Provider) -> None:
    """As an import gives them back."""
    olds = provider.checked({**ASKED, "tag": "1.0.0"})

    assert olds == provider.checked(olds, olds)


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
    provider: Provider, news: dict[str, Any], words: str
) -> None:
    """Of no property, so that no value is repeated."""
    ((of, reason),) = provider.failures(news)

    assert "" == of
    assert words in reason


def test_a_state_that_check_did_not_make_is_a_check_failure(provider: Provider) -> None:
    """It has no choice that could be kept."""
    ((_, reason),) = provider.failures({**ASKED, "triggers": {"a": "b"}}, ASKED)

    assert "The pin's state has no region; import the pin anew." == reason


def test_an_unknown_input_makes_the_choice_unknown(
    provider: Provider, emulator: Emulator
) -> None:
    """What stays is known: the input itself is given back as it is."""
    olds = provider.checked(ASKED)
    emulator.reset_requests()

    inputs = provider.checked({**ASKED, "triggers": {"a": UNKNOWN_TEXT}}, olds)

    assert {UNKNOWN_TEXT} == {inputs[key] for key in ("tag", "image", "previousTag")}
    assert DEMO_IMAGE == inputs["imageName"]
    assert {"a": UNKNOWN_TEXT} == inputs["triggers"]
    assert not emulator.requests


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"triggers": {"a": secret("b")}}, {"triggers"}),
        ({"tag": secret("1.0.0")}, {"wantedTag"}),
    ],
)
def test_a_secret_input_makes_the_choice_secret(
    provider: Provider, asked: dict[str, Any], keys: set[str]
) -> None:
    """What was asked under any name, and what was chosen."""
    inputs = provider.checked({**ASKED, **asked})
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
def test_a_secret_that_is_taken_away_is_not_laid_open(
    provider: Provider, asked: dict[str, Any]
) -> None:
    """The previous tag, and the place that the pin keeps, stay secret."""
    olds = provider.checked({"bucketName": "ucs", **asked})
    inputs = provider.checked({"bucketName": "ucs", "triggers": {"a": "b"}}, olds)

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
def test_diff_tells_each_change(
    provider: Provider, before: Any, after: Any, kinds: dict[str, int]
) -> None:
    """By inputs alone, with what makes another pin of it."""
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


def test_diff_against_outputs_alone_finds_no_difference(provider: Provider) -> None:
    """An older engine sends no inputs of before, and its pins stay as they are."""
    inputs = struct(provider.checked(ASKED))
    created = provider.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs))

    response = provider.stub.Diff(
        provider_pb2.DiffRequest(urn=URN, olds=created.properties, news=inputs)
    )

    assert provider_pb2.DiffResponse.DIFF_NONE == response.changes


@pytest.mark.parametrize(
    ("ignored", "keys"),
    [
        ([], ["wantedImage", "wantedTag"]),
        (["tag"], ["wantedImage"]),
        (["imageName", "tag"], []),
        (["*"], []),
    ],
)
def test_what_ignored_changes_give_back_is_no_difference(
    provider: Provider, ignored: list[str], keys: list[str]
) -> None:
    """The engine gives the chosen tag back as if the program had asked for it."""
    olds = provider.checked({"bucketName": "ucs"})
    news = provider.checked({"bucketName": "ucs", "tag": "1.1.0", **ASKED}, olds)

    response = provider.stub.Diff(
        provider_pb2.DiffRequest(
            urn=URN, old_inputs=struct(olds), news=struct(news), ignoreChanges=ignored
        )
    )

    assert keys == sorted(response.diffs)


def test_create_and_update_keep_what_was_checked(provider: Provider) -> None:
    """With the moment; in a preview neither it nor an id is known."""
    inputs = struct(provider.checked(ASKED))

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


def test_read_looks_and_keeps_the_tag(provider: Provider, emulator: Emulator) -> None:
    """What it finds is an info line under the pin's name."""
    inputs = struct(provider.checked(ASKED))
    outputs = struct({**plain(inputs), "chosenAt": "2026-03-01T12:00:00Z"})
    emulator.push("ucs", "helloworld", "2.0.0")
    request = provider_pb2.ReadRequest(
        urn=URN, id="the-id", inputs=inputs, properties=outputs
    )

    response = provider.stub.Read(request)

    ((severity, text, urn),) = provider.engine.lines
    assert (engine_pb2.INFO, URN) == (severity, urn)
    assert "'2.0.0' is there" in text
    assert (inputs, outputs) == (response.inputs, response.properties)
    assert "the-id" == response.id


def test_read_that_fails_is_a_warning(provider: Provider, emulator: Emulator) -> None:
    """The pin stays as it is."""
    inputs = struct(provider.checked(ASKED))
    emulator.fault("retcode=299")
    request = provider_pb2.ReadRequest(urn=URN, id="x", inputs=inputs, properties=inputs)

    response = provider.stub.Read(request)

    (warning,) = provider.engine.texts(engine_pb2.WARNING)
    assert "The pin x was not looked at: " in warning
    assert (inputs, inputs) == (response.inputs, response.properties)


def test_read_of_outputs_alone_is_a_look_too(provider: Provider) -> None:
    """A program that reads a pin has no inputs of it."""
    outputs = struct({**provider.checked(ASKED), "chosenAt": "2026-03-01T12:00:00Z"})
    request = provider_pb2.ReadRequest(
        urn=URN, id="cn-bj2/ucs/ucs/helloworld", properties=outputs
    )

    assert outputs == provider.stub.Read(request).properties


@pytest.mark.parametrize("image", ["helloworld", "ucs/helloworld", DEMO_IMAGE])
def test_read_of_an_id_alone_adopts(provider: Provider, image: str) -> None:
    """As import asks; the id is the pin's own."""
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
def test_an_id_that_cannot_be_imported_is_refused(
    provider: Provider, identity: str
) -> None:
    """The sentence says what it must be."""
    with refused(INVALID, "<region>/<bucket>/<image>:<tag>"):
        provider.stub.Read(provider_pb2.ReadRequest(urn=URN, id=identity))


def test_delete_calls_nothing() -> None:
    """Nor does it need keys."""
    with started("pulumi_ucimage") as provider:
        assert Empty() == provider.stub.Delete(
            provider_pb2.DeleteRequest(urn=URN, id="x", properties=struct({}))
        )


@pytest.mark.parametrize("method", ["Check", "Diff", "Create", "Read", "Update", "Delete"])
def test_another_resource_is_refused(provider: Provider, method: str) -> None:
    """There is one type only."""
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER_URN),
        "Diff": provider_pb2.DiffRequest(urn=OTHER_URN),
        "Create": provider_pb2.CreateRequest(urn=OTHER_URN),
        "Read": provider_pb2.ReadRequest(urn=OTHER_URN),
        "Update": provider_pb2.UpdateRequest(urn="nonsense"),
        "Delete": provider_pb2.DeleteRequest(urn=URN, type="aws:s3:Bucket"),
    }

    with refused(INVALID, "there is ucimage:index:ImagePin"):
        getattr(provider.stub, method)(requests[method])


@pytest.mark.parametrize("method", ["Create", "Update"])
def test_inputs_that_check_did_not_make_are_refused(
    provider: Provider, method: str
) -> None:
    """They have no choice in them."""
    requests = {
        "Create": provider_pb2.CreateRequest(urn=URN, properties=struct(ASKED)),
        "Update": provider_pb2.UpdateRequest(urn=URN, news=struct({"tag": 7})),
    }

    with refused(INVALID, "The pin's state has no"):
        getattr(provider.stub, method)(requests[method])


# --- Many calls, slow calls ---


def test_a_thousand_calls_of_eight_callers_come_back_right(
    provider: Provider, emulator: Emulator
) -> None:
    """Each gets its own answer, and the process stays small."""
    tags = ["1.0.0", "1.1.0", "6", "1.2.0-rc.1", "latest"]

    def call(number: int) -> tuple[str, str]:
        tag = tags[number % len(tags)]
        registry = f"r{number}.example.com"
        result = provider.invoke(IMAGE, bucketName="ucs", tag=tag, registry=registry)
        return result["image"], f"{registry}/ucs/helloworld:{tag}"

    with ThreadPoolExecutor(8) as callers:
        first = list(callers.map(call, range(200)))
        early_kib = provider.memory_kib()
        rest = list(callers.map(call, range(200, 1000)))

    assert all(answer == expected for answer, expected in first + rest)
    assert provider.memory_kib() - early_kib < 10 * 1024


def test_calls_do_not_wait_for_each_other(provider: Provider, emulator: Emulator) -> None:
    """While twenty calls hang, others are answered; Cancel ends those that hang."""
    emulator.fault("delay=600*20")
    slow = [
        provider.stub.Invoke.future(
            provider_pb2.InvokeRequest(
                tok=IMAGES, args=struct({"bucketName": "ucs", "offset": offset})
            )
        )
        for offset in range(20)
    ]
    while len(emulator.requests) < len(slow):
        os.sched_yield()

    answer = provider.invoke(IMAGE, bucketName="ucs")
    provider.stub.Cancel(Empty())
    codes = {future.code() for future in slow}
    after = provider.invoke(IMAGE, bucketName="ucs")

    assert "1.1.0" == answer["tag"] == after["tag"]
    assert {grpc.StatusCode.CANCELLED} == codes


def test_it_ends_at_once_with_calls_under_way(emulator: Emulator) -> None:
    """Whoever stops it does not wait for the API."""
    emulator.fault("delay=600")
    done = Event()
    with started("pulumi_ucimage", **environment_for(emulator)) as provider:
        request = provider_pb2.InvokeRequest(tok=IMAGE, args=struct({"bucketName": "ucs"}))
        provider.stub.Invoke.future(request).add_done_callback(lambda _: done.set())
        while not emulator.requests:
            os.sched_yield()
        provider.process.terminate()

        assert 0 == provider.process.wait(timeout=5)
        assert done.wait(timeout=5)


def test_it_answers_after_the_api_has_been_down(
    provider: Provider, emulator: Emulator
) -> None:
    """A refused connection is an error of that call alone."""
    provider.configure(maxRetries="0")
    first = provider.invoke(IMAGE, bucketName="ucs")
    port = int(emulator.url.rstrip("/").rpartition(":")[2])
    emulator.stop()
    with refused(FAILED, "The UCloud API at 127.0.0.1"):
        provider.invoke(IMAGE, bucketName="ucs")

    with Emulator(port=port):
        again = provider.invoke(IMAGE, bucketName="ucs")

    assert first == again


def test_an_engine_that_is_gone_stops_nothing(emulator: Emulator) -> None:
    """What cannot be logged is left out."""
    with started("pulumi_ucimage", **environment_for(emulator)) as provider:
        provider.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        provider.configure(explain="true", privateKey=DEMO_PRIVATE_KEY)
        provider.configure(explain="true")

        assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


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
def test_what_makes_no_sense_breaks_nothing(
    provider: Provider, method: str, request_: object
) -> None:
    """What the engine would never send is answered, and so is what comes after it."""
    provider.configure(explain="true")
    getattr(provider.stub, method)(request_)

    assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


@pytest.mark.parametrize("value", [["cn-bj2"], {"a": 1}, 7.5, True])
def test_a_setting_of_a_wrong_kind_is_refused_by_the_call(
    provider: Provider, value: Any
) -> None:
    """Configure takes it, for a destroy needs none; the first call says which it is."""
    provider.configure(timeoutSeconds=[value], region=value)

    with refused(FAILED, "ucimage:"):
        provider.invoke(IMAGE, bucketName="ucs")


def test_a_call_joins_no_listing_that_was_begun_before_it(
    provider: Provider, emulator: Emulator
) -> None:
    """What was pushed before a call is in its answer, whatever is under way."""
    emulator.fault("delay=1*1")
    request = provider_pb2.InvokeRequest(tok=IMAGE, args=struct({"bucketName": "ucs"}))
    first = provider.stub.Invoke.future(request)
    while not emulator.requests:
        os.sched_yield()
    emulator.push("ucs", "helloworld", "2.0.0")

    assert "2.0.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]
    first.result()


def test_calls_at_the_same_time_share_a_listing(
    provider: Provider, emulator: Emulator
) -> None:
    """Fifty calls for one bucket are a few groups, and none lists for itself."""
    emulator.fault("delay=0.2*50")
    request = provider_pb2.InvokeRequest(tok=IMAGE, args=struct({"bucketName": "ucs"}))

    calls = [provider.stub.Invoke.future(request) for _ in range(50)]

    assert {"1.1.0"} == {plain(getattr(c.result(), "return"))["tag"] for c in calls}
    assert len(emulator.requests) < 50 / 5


def test_a_long_listing_says_how_far_it_is(provider: Provider, emulator: Emulator) -> None:
    """After two seconds, in a line that the next one takes the place of."""
    for number in range(150):
        emulator.push("ucs", f"ucs/image-{number}", "1")
    emulator.fault("delay=2.1*1")

    provider.invoke(IMAGES, bucketName="ucs")

    told = provider.engine.passing
    assert "Listing bucket 'ucs': 100 of 151 images so far." == told[0]
    assert not provider.engine.lines
