"""The Python resource: what its constructor refuses, and what it sends to the provider."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockResourceArgs, Mocks

import pulumi_ucimage as ucimage
from pulumi_ucimage._pulumi import pin_inputs, program
from pulumi_ucimage._spec import results
from pulumi_ucimage.errors import ArgumentError, ArgumentTypeError, InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi import ResourceTransformationArgs

TYPE = "pulumi-python:dynamic/ucimage:ImagePin"


class Registered(Mocks):
    """Keeps what is registered."""

    def __init__(self) -> None:
        self.pins: dict[str, MockResourceArgs] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Keep a resource's inputs; one called `later` is not there yet."""
        if args.typ == TYPE:
            self.pins[args.name] = args
        return (None if args.name == "later" else args.name), dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """No function is called."""
        raise AssertionError(args.token)


@pytest.fixture
def registered(event_loop: None, monkeypatch: pytest.MonkeyPatch) -> Registered:
    """An engine that takes every resource, and that is not taken for the user's mocks."""
    del event_loop
    mocks = Registered()
    pulumi.runtime.set_mocks(mocks, preview=False)
    monkeypatch.setattr(program, "is_mocked", lambda: False)
    return mocks


def run(main: Callable[[], Any]) -> None:
    """Run a program until all its resources are registered."""

    async def whole() -> None:
        main()
        await pulumi.runtime.stack.wait_for_rpcs()

    asyncio.get_event_loop().run_until_complete(whole())


def sent(registered: Registered, name: str = "app") -> dict[str, Any]:
    """The inputs that were sent for a pin, but the provider."""
    inputs = dict(registered.pins[name].inputs)
    del inputs["__provider"]
    return inputs


def sets(**values: Any) -> Callable[[ResourceTransformationArgs], Any]:
    """A transformation that sets inputs; None takes one away."""

    def transformation(
        args: ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult:
        return pulumi.ResourceTransformationResult({**args.props, **values}, args.opts)

    return transformation


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        ({"policy": "latest"}, InvalidPolicyError, "policy must be one of"),
        ({"policy": "latest", "triggers": "later"}, InvalidPolicyError, "policy"),
        ({"policy": "latest", "default_tag": "later"}, InvalidPolicyError, "policy"),
        ({"tag_regex": "[", "min_age": "later"}, InvalidPolicyError, "tag_regex"),
        ({"semver_range": "^1", "tag": "later"}, InvalidPolicyError, "semver_range"),
        ({"tag": "web:1.0", "order": "later"}, InvalidPolicyError, "tag"),
        ({"tag": "1", "default_tag": "2"}, ArgumentError, "default_tag"),
        ({"bucket_name": "a b"}, ArgumentError, "bucket_name"),
        ({"bucket_name": ""}, ArgumentError, "bucket_name is missing"),
        ({"tag": 1}, ArgumentTypeError, "tag must be a string"),
        ({"triggers": {"a": 1}}, ArgumentTypeError, "triggers must be a map"),
        ({"triggers": {"a": 1}, "policy": "later"}, ArgumentTypeError, "triggers must"),
        ({"registry": "https://a/"}, ArgumentError, "registry"),
        ({"registry": "https://a/", "policy": "later"}, ArgumentError, "registry"),
        ({"opts": pulumi.ResourceOptions(import_="a")}, ArgumentError, "set tag to pin"),
    ],
)
@pytest.mark.parametrize("is_mocked", [False, True])
def test_the_constructor_refuses_invalid_plain_inputs(
    registered: Registered,
    monkeypatch: pytest.MonkeyPatch,
    inputs: dict[str, Any],
    error: type[Exception],
    words: str,
    *,
    is_mocked: bool,
) -> None:
    """Before the engine is involved, and under mocks too."""
    monkeypatch.setattr(program, "is_mocked", lambda: is_mocked)

    def main() -> None:
        later = pulumi.Output.from_input("later")
        values: dict[str, Any] = {
            k: later if v == "later" else v for k, v in inputs.items()
        }
        if values.get("triggers") is later:
            values["triggers"] = {"a": later}
        with pytest.raises(error, match=words):
            ucimage.ImagePin("app", **({"bucket_name": "ucs"} | values))

    run(main)

    assert not registered.pins


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"tag": "1", "wait": "9s"},
        {"policy": "semver", "semver_range": "^1"},
        {"tag_regex": "(.*)", "tag_extract": "$1", "policy": "numerical"},
    ],
)
@pytest.mark.parametrize("unknown", [None, "tag", "policy", "tag_regex", "bucket_name"])
def test_combinations_are_checked_when_all_are_known(
    registered: Registered, inputs: dict[str, Any], unknown: str | None
) -> None:
    """An input that is an Output is never taken for one that is not given."""

    def main() -> None:
        values = {"bucket_name": "ucs", **inputs}
        if unknown in values:
            values[unknown] = pulumi.Output.from_input(values[unknown])
        ucimage.ImagePin("app", **values)

    run(main)

    assert inputs.items() <= sent(registered).items()


def test_inputs_are_sent_under_their_own_names(registered: Registered) -> None:
    """The aliases say what the program itself sets; the rest is for Check alone."""
    run(lambda: ucimage.ImagePin("app", bucket_name="ucs", tag="1.0.0", image_name="a"))

    inputs = sent(registered)
    described = inputs.pop("__program")
    assert {
        "bucket_name": "ucs",
        "tag": "1.0.0",
        "image_name": "a",
        "wanted_tag": "1.0.0",
        "wanted_image": "a",
    } == inputs
    assert {"urn", "ignores_tag", "not_before"} == described.keys()
    assert described["urn"].endswith(f"::{TYPE}::app")


@pytest.mark.parametrize("where", ["own", "stack", "parent"])
@pytest.mark.parametrize(
    ("given", "changes", "expected"),
    [
        (None, {"tag": "1.0.0"}, "1.0.0"),
        ("2.0.0", {"tag": "1.0.0"}, "1.0.0"),
        ("2.0.0", {"tag": None}, None),
    ],
)
def test_a_transformation_sets_inputs(  # noqa: PLR0917 - fixtures and columns
    registered: Registered,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    given: str | None,
    changes: dict[str, Any],
    expected: str | None,
) -> None:
    """The alias says the same as the input, wherever the transformation is registered."""

    def main() -> None:
        opts = pulumi.ResourceOptions()
        if where == "own":
            opts.transformations = [sets(**changes)]
        elif where == "parent":
            opts.parent = pulumi.ComponentResource(
                "test:index:App",
                "parent",
                opts=pulumi.ResourceOptions(transformations=[for_pins(sets(**changes))]),
            )
        else:
            stack = pulumi.ComponentResource("test:index:Stack", "root")
            stack._transformations = [for_pins(sets(**changes))]  # noqa: SLF001 - as a stack's
            monkeypatch.setattr(pulumi.resource, "get_root_resource", lambda: stack)
        ucimage.ImagePin("app", bucket_name="ucs", tag=given, opts=opts)

    run(main)

    inputs = sent(registered)
    assert (expected, expected) == (inputs.get("tag"), inputs.get("wanted_tag"))


def for_pins(
    transformation: Callable[[ResourceTransformationArgs], Any],
) -> Callable[[ResourceTransformationArgs], Any]:
    """A transformation of pins only."""
    return lambda args: transformation(args) if args.type_ == TYPE else None


def test_a_transformation_s_mistake_is_refused_too(registered: Registered) -> None:
    """The constructor refuses it like a mistake of the program itself."""

    def main() -> None:
        opts = pulumi.ResourceOptions(transformations=[sets(policy="latest")])
        with pytest.raises(InvalidPolicyError):
            ucimage.ImagePin("app", bucket_name="ucs", opts=opts)

    run(main)

    assert not registered.pins


@pytest.mark.parametrize("ignored", [["tag"], ["*"], ["policy"], None])
def test_an_ignored_tag_is_marked(registered: Registered, ignored: Any) -> None:
    """Check must not take an output, which the engine sends back, for an input."""
    opts = pulumi.ResourceOptions(ignore_changes=ignored)

    run(lambda: ucimage.ImagePin("app", bucket_name="ucs", tag="1", opts=opts))

    inputs = sent(registered)
    is_ignored = ignored in (["tag"], ["*"])
    assert is_ignored == inputs["__program"]["ignores_tag"]
    assert (None if is_ignored else "1") == inputs.get("wanted_tag")
    assert "1" == inputs["tag"]
    assert ("1" if is_ignored else None) == inputs["__program"].get("ignored_tag")


def test_an_ignored_secret_tag_is_not_sent(registered: Registered) -> None:
    """Pulumi would not know that it is a secret."""
    opts = pulumi.ResourceOptions(ignore_changes=["tag"])
    tag = pulumi.Output.secret("canary")

    run(lambda: ucimage.ImagePin("app", bucket_name="ucs", tag=tag, opts=opts))

    assert "canary" not in str(sent(registered)["__program"])


class AppPin(ucimage.ImagePin):
    """A subclass, as users write them."""


class SmallPin(AppPin):
    """A subclass of a subclass, with a constructor of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name, bucket_name="ucs", tag="1.0.0")


def test_a_subclass_keeps_the_type(registered: Registered) -> None:
    """It keeps its URN and its choice too; a child of a pin has its own type."""

    def main() -> None:
        AppPin("app", bucket_name="ucs")
        child = pulumi.ResourceOptions(parent=SmallPin("small"))
        ucimage.ImagePin("child", bucket_name="ucs", opts=child)
        # Its inputs are not those of a pin.
        pulumi.ComponentResource("test:index:Other", "other", {"tag": 7}, child)

    run(main)

    assert {"app", "small", "child"} == registered.pins.keys()
    assert "1.0.0" == sent(registered, "small")["wanted_tag"]
    assert "wanted_tag" not in sent(registered, "child")
    urn = sent(registered, "child")["__program"]["urn"]
    assert urn.endswith(f"{TYPE}${TYPE}::child")


def test_a_subclass_cannot_have_another_type() -> None:
    """It would replace the pin."""
    with pytest.raises(TypeError, match="module"):
        type("Other", (ucimage.ImagePin,), {}, module="other")


def test_mocks_see_the_inputs_alone(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not see what is for Check."""
    monkeypatch.setattr(program, "is_mocked", lambda: True)

    run(lambda: ucimage.ImagePin("app", bucket_name="ucs", tag="1.0.0"))

    assert {"bucket_name": "ucs", "tag": "1.0.0"} == sent(registered)


def test_the_outputs_are_those_of_the_table() -> None:
    """Each is annotated, for editors and type checkers, and documented."""
    assert {output.name for output in results.PIN_OUTPUTS} == {
        name for name in ucimage.ImagePin.__annotations__ if not name.startswith("_")
    }
    assert all(
        f"{o.name}: {o.description}" in (ucimage.ImagePin.__doc__ or "")
        for o in results.PIN_OUTPUTS
    )


# --- When a pin's listing may begin ---


def begin(registered: Registered, name: str) -> float:
    """The time before which no listing is good enough for a pin."""
    value: float = sent(registered, name)["__program"]["not_before"]
    return value


def test_pins_that_wait_for_nothing_have_one_time(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of the run, whichever inputs they have."""
    monkeypatch.setattr(program, "not_before", lambda: 7.0)

    def main() -> None:
        several: list[dict[str, Any]] = [
            {},
            {"triggers": {"a": "1"}},
            {"floating_tags": ["a"]},
            {"tag": "1"},
        ]
        for number, inputs in enumerate(several):
            opts = pulumi.ResourceOptions(depends_on=[]) if number else None
            ucimage.ImagePin(f"pin-{number}", bucket_name="ucs", **inputs, opts=opts)

    run(main)

    assert [7.0] * 4 == [begin(registered, name) for name in sorted(registered.pins)]


class Slow(pulumi.ComponentResource):
    """A component that appears only later."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Slow", name, None, opts)


@pytest.mark.parametrize(
    "kind", ["depends_on", "component", "input", "nested", "parent", "transformation"]
)
def test_a_pin_that_waits_takes_the_time_when_that_is_ready(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A dependency, a parent, an Output anywhere in an input, also by a transformation."""
    clock = Clock()
    monkeypatch.setattr(program, "not_before", lambda: 0.0)
    monkeypatch.setattr(pin_inputs, "time", clock)
    pushed: list[float] = []

    async def push() -> str:
        await asyncio.sleep(0)
        pushed.append(clock.tick())
        return "ready"

    def main() -> None:
        pushing: Any = push()
        ready: pulumi.Output[str] = pulumi.Output.from_input(pushing)
        resource = ucimage.ImagePin("first", bucket_name="ucs", triggers={"a": ready})
        opts = pulumi.ResourceOptions()
        inputs: dict[str, Any] = {}
        if kind == "depends_on":
            opts.depends_on = [resource]
        elif kind == "component":
            opts.depends_on = Slow("slow", pulumi.ResourceOptions(depends_on=[resource]))
        elif kind == "input":
            inputs = {"default_tag": ready}
        elif kind == "nested":
            inputs = {"floating_tags": ["latest", ready]}
        elif kind == "parent":
            opts.parent = Slow("slow", pulumi.ResourceOptions(depends_on=[resource]))
        else:
            opts.transformations = [sets(triggers={"a": ready})]
        ucimage.ImagePin("app", bucket_name="ucs", **inputs, opts=opts)

    run(main)

    assert pushed
    assert begin(registered, "app") > pushed[0]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("transforms", "of_the_stack", "shares"),
    [([], False, True), ([print], False, False), ([], True, False)],
)
def test_a_pin_with_transforms_shares_no_listing(
    monkeypatch: pytest.MonkeyPatch,
    transforms: list[Any],
    *,
    of_the_stack: bool,
    shares: bool,
) -> None:
    """A transform runs later than the constructor and may add something to wait for."""
    monkeypatch.setattr(pin_inputs, "_may_be_transformed", lambda: of_the_stack)

    async def what_is_sent() -> set[str]:
        opts = pulumi.ResourceOptions(transforms=transforms)
        props = pin_inputs.complete_inputs("app", {"bucket_name": "ucs"}, opts)
        return {*await props["__program"]}

    loop = asyncio.get_event_loop()

    assert shares == ("not_before" in loop.run_until_complete(what_is_sent()))


def test_the_callbacks_of_the_stack_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi keeps their server in its settings; without that, every pin may be changed."""
    settings = pulumi.runtime.settings
    seen = []
    for private in ({"callbacks": None}, {"callbacks": object()}, {}):
        monkeypatch.setattr(settings, "SETTINGS", SimpleNamespace(**private))
        seen.append(pin_inputs._may_be_transformed())  # noqa: SLF001 - fails safe

    assert [False, True, True] == seen


class Clock:
    """A clock that every look moves on."""

    def __init__(self) -> None:
        self._now = 100.0

    def tick(self) -> float:
        """The next time."""
        self._now += 1
        return self._now

    def monotonic(self) -> float:
        """In place of `time.monotonic`."""
        return self.tick()


def test_inputs_are_never_sent_incomplete(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi may change where it keeps transformations: then a pin is an error."""
    kept: dict[str, list[Any]] = {}
    monkeypatch.setattr(
        ucimage.ImagePin,
        "_transformations",
        property(
            lambda _: list(kept["all"]), lambda _, value: kept.__setitem__("all", value)
        ),
        raising=False,
    )
    parent = pulumi.ResourceOptions(transformations=[sets(tag="1")])

    def main() -> None:
        opts = pulumi.ResourceOptions(
            parent=pulumi.ComponentResource("a:b:C", "c", None, parent)
        )
        with pytest.raises(ucimage.UcimageError, match="install an older pulumi"):
            ucimage.ImagePin("app", bucket_name="ucs", opts=opts)

    run(main)

    assert not registered.pins
