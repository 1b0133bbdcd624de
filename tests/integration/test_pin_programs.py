"""Python programs with pins on a real engine: what only the Python resource can do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from buckets import bucket, image
from conftest import environment_for
from engine import errors, python_project

from integration.pin_stacks import NO_KEYS, REFRESH, UP, PythonPinStack
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace


class Program:
    """A stack of a Python program that reads the setting `asked`."""

    def __init__(
        self, folder: Path, text: str, tools: Path, emulator: Emulator, **asked: Any
    ) -> None:
        extra = environment_for(emulator)
        self.workspace: Workspace = python_project(
            folder / "workspace", text, tools=tools, extra=extra
        )
        self.emulator = emulator
        self.ask(**asked)

    def ask(self, **asked: Any) -> None:
        """Change what the program reads."""
        self.workspace.pulumi("config", "set", "asked", json.dumps(asked))

    def run(self, *command: str, **variables: str) -> str:
        """Run `pulumi`, which must succeed; all that it prints."""
        done = self.workspace.run(*command, **variables)
        text = done.stdout + done.stderr
        assert not done.returncode, text
        return text

    def calls(self, *command: str, **variables: str) -> int:
        """How many calls a command makes, which must succeed."""
        self.emulator.reset_requests()
        self.run(*command, **variables)
        return len(self.emulator.requests)

    def tags(self) -> dict[str, str]:
        """The pinned tags by the names of the pins."""
        state = json.loads(self.workspace.pulumi("stack", "export"))
        return {
            resource["urn"].rpartition("::")[2]: resource["outputs"]["tag"]
            for resource in state["deployment"]["resources"]
            if resource["type"].endswith(":ImagePin")
        }


TRANSFORMED = """
    import json
    import pulumi
    import pulumi_ucimage as ucimage

    asked = json.loads(pulumi.Config().get("asked") or "{}")
    changed = asked.get("set", {})


    class AppPin(ucimage.ImagePin):
        pass


    def transformation(args):
        if args.type_.endswith(":ImagePin"):
            args.props.update(changed.get(args.name, {}))
            return pulumi.ResourceTransformationResult(args.props, args.opts)


    def transform(args):
        if args.type_.endswith(":ImagePin"):
            args.props.update(changed.get(args.name, {}))
            return pulumi.ResourceTransformResult(args.props, args.opts)


    def only(name, function):
        return lambda args: function(args) if args.name == name else None


    pulumi.runtime.register_stack_transformation(only("stack", transformation))
    pulumi.runtime.register_resource_transform(only("stack-transform", transform))
    options = {
        "transformation": {"transformations": [transformation]},
        "transform": {"transforms": [transform]},
        "image": {"transformations": [transformation]},
        "replaced": {"replace_on_changes": ["tag"]},
    }
    for name in ("transformation", "transform", "stack", "stack-transform", "image",
                 "replaced", "subclass"):
        cls = AppPin if name in asked.get("subclassed", []) else ucimage.ImagePin
        cls(
            name,
            bucket_name="ucs",
            image_name="helloworld",
            triggers=asked.get("triggers"),
            opts=pulumi.ResourceOptions(**options.get(name, {})),
        )
"""
BY_TRANSFORMATION = ("transformation", "transform", "stack", "stack-transform")


def test_transformations_and_subclasses(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """They set inputs like a program does, and a subclass is the same pin."""
    emulator.push("ucs", "ucs/other", "7", create_time=1)
    program = Program(tmp_path, TRANSFORMED, tools, emulator)
    program.run(*UP)
    emulator.push("ucs", "helloworld", "2.0.0")
    sets: dict[str, Any] = {name: {"tag": "1.0.0"} for name in BY_TRANSFORMATION}
    sets["image"] = {"image_name": "other"}

    program.ask(set=sets, subclassed=["subclass", "transformation"])
    preview = program.run("preview", "--diff")
    program.run(*UP)
    set_tags = program.tags()
    unchanged = program.calls("preview", "--expect-no-changes", **NO_KEYS)
    program.ask(set=sets, triggers={"release": "2"})
    triggered = program.run(*UP)
    triggered_tags = program.tags()
    program.ask(triggers={"release": "2"})
    program.run(*UP)

    explicit = dict.fromkeys(BY_TRANSFORMATION, "1.0.0")
    assert {**explicit, "image": "7", "replaced": "1.1.0", "subclass": "1.1.0"} == set_tags
    assert 4 == len(re.findall(r'~ tag +: "1.1.0" => "1.0.0"', preview))
    assert 1 == preview.count("(replace)")
    assert 0 == unchanged
    moved = {"image": "7", "replaced": "2.0.0", "subclass": "2.0.0"}
    assert {**explicit, **moved} == triggered_tags
    for name in BY_TRANSFORMATION:
        assert f"no effect on the pin '{name}': tag is set" in triggered
    assert re.search(r"\+-.*ImagePin replaced", triggered)
    assert set(program.tags().values()) == {"2.0.0"}


def test_a_mistake_in_a_plain_argument_is_the_program_s_error(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """One line, without a traceback, before the engine is involved."""
    stack = PythonPinStack.begin(tmp_path / "workspace", tools, emulator)
    stack.ask(policy="latest")

    done = stack.workspace.run("preview")

    text = done.stdout + done.stderr
    assert done.returncode
    (line,) = errors(text)
    assert line.startswith("policy must be one of")
    assert "KeyboardInterrupt" not in text
    assert "Traceback" not in text
    assert "has a problem" not in text


TWO_PINS = """
    import json
    import pulumi
    import pulumi_ucimage as ucimage
    asked = json.loads(pulumi.Config().require("asked"))
    for name in ("one", "two"):
        ucimage.ImagePin(
            name, bucket_name="ucs", image_name="helloworld", triggers=asked["triggers"]
        )
"""


def test_two_pins_of_one_image_can_be_told_apart(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """By a refresh and by a warning; a pin outside of the target is left alone."""
    program = Program(tmp_path, TWO_PINS, tools, emulator, triggers={"release": "1"})
    program.run(*UP)
    emulator.push("ucs", "helloworld", "2.0.0")
    program.ask(triggers={"release": "2"})
    calls = program.calls(*UP, "--target", "**one")
    tags = program.tags()
    refreshed = program.run(*REFRESH, "--expect-no-changes")
    emulator.delete("ucs", "helloworld", "1.1.0")
    emulator.delete("ucs", "helloworld", "2.0.0")
    program.run(*REFRESH)
    program.ask(triggers={"release": "1"})
    warned = program.run("preview", "--target", "**two")

    assert 1 == calls
    assert {"one": "2.0.0", "two": "1.1.0"} == tags
    assert "and the pin 'two' stays at '1.1.0'" in refreshed
    assert "the pin 'one'" not in refreshed
    assert "warning: The pin 'two' stays at '1.1.0', which was no longer" in warned
    assert "The pin 'one'" not in warned


# --- Many pins ---

FIFTY_PINS = """
    import json
    import pulumi
    import pulumi_ucimage as ucimage

    asked = json.loads(pulumi.Config().require("asked"))
    for number in range(50):
        ucimage.ImagePin(
            f"pin-{number}",
            bucket_name="ucs",
            image_name=f"image-{number}",
            triggers=asked.get("triggers"),
        )
"""


def thousand_images() -> Emulator:
    """A bucket of 1,000 images, which are eleven pages."""
    names = (f"registry.example.com/ucs/image-{number}" for number in range(1000))
    return Emulator(data=bucket(*(image(name, [("1.0.0", 1700000000)]) for name in names)))


def test_fifty_pins_of_a_bucket_are_one_listing_for_each_pass(
    tmp_path: Path, tools: Path
) -> None:
    """New, unchanged, with a trigger, and refreshed; the up lists again."""
    with thousand_images() as emulator:
        program = Program(tmp_path, FIFTY_PINS, tools, emulator)
        new = program.calls("up", "--yes")
        unchanged = program.calls("up", "--yes", **NO_KEYS)
        emulator.push("ucs", "image-7", "2.0.0")
        program.ask(triggers={"release": "2"})
        previewed = program.calls("preview")
        moved = program.calls(*UP)
        refreshed = program.calls("refresh", "--yes")

    assert 0 == unchanged
    assert 11 < new <= 22
    assert 0 < previewed <= 11
    assert 0 < moved <= 11
    assert 11 < refreshed <= 22
    tags = program.tags()
    assert 50 == len(tags)
    assert ["2.0.0"] == [tag for name, tag in tags.items() if name == "pin-7"]
    assert {"1.0.0"} == {tag for name, tag in tags.items() if name != "pin-7"}


BEHIND_SHARING_PINS = """
    import json
    import os
    import urllib.request

    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    def push(tag):
        body = {"BucketName": "ucs", "ImageName": "helloworld", "TagName": tag}
        url = os.environ["UCLOUD_API_BASE_URL"] + "emulator/push"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        opener.open(request, timeout=30)


    class Push(ResourceProvider):
        def create(self, props):
            push(props["tag"])
            return CreateResult(props["tag"], props)


    class Pushed(Resource):
        tag: pulumi.Output[str]

        def __init__(self, tag, opts=None):
            super().__init__(Push(), f"push-{tag}", {"tag": tag}, opts)


    class App(pulumi.ComponentResource):
        def __init__(self, opts):
            super().__init__("test:index:App", "app", None, opts)


    function = ucimage.get_docker_image("ucs", image_name="helloworld")
    push("2.0.0")
    image = {"bucket_name": "ucs", "image_name": "helloworld"}
    sharing = [ucimage.ImagePin(f"shares-{number}", **image) for number in range(20)]
    first = Pushed("3.0.0", pulumi.ResourceOptions(depends_on=sharing))
    after_first = pulumi.ResourceOptions(depends_on=[first])
    depends = ucimage.ImagePin("depends", **image, opts=after_first)
    second = Pushed("4.0.0", pulumi.ResourceOptions(depends_on=[depends]))
    given = ucimage.ImagePin("input", **image, triggers={"pushed": second.tag})
    third = Pushed("5.0.0", pulumi.ResourceOptions(depends_on=[given]))
    app = App(pulumi.ResourceOptions(depends_on=[third]))
    ucimage.ImagePin("child", **image, opts=pulumi.ResourceOptions(parent=app))
    pulumi.export("function", function.tag)
"""


def test_pins_see_what_they_depend_on(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """Twenty pins share an older listing, and a function made another one."""
    program = Program(tmp_path, BEHIND_SHARING_PINS, tools, emulator)

    calls = program.calls(*UP)
    tags = program.tags()

    assert "1.1.0" == program.workspace.outputs()["function"]
    sharing = {tag for name, tag in tags.items() if name.startswith("shares-")}
    assert {"2.0.0"} == sharing
    assert ("3.0.0", "4.0.0") == (tags["depends"], tags["input"])
    assert "5.0.0" == tags["child"]
    assert 5 == calls


TWO_PROGRAMS = """
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pulumi
import pulumi_ucimage as ucimage
from pulumi import automation


def program():
    for number in range(10):
        ucimage.ImagePin(f"pin-{number}", bucket_name="ucs", image_name="helloworld")


def run(name):
    stack = automation.create_or_select_stack(name, project_name="two", program=program)
    stack.up()
    resources = stack.export_stack().deployment["resources"]
    outputs = [resource.get("outputs", {}) for resource in resources]
    return sorted({values["tag"] for values in outputs if "tag" in values})


with ThreadPoolExecutor(2) as threads:
    for _ in range(2):
        print(json.dumps(list(threads.map(run, sys.argv[1:3]))), flush=True)
        sys.stdin.readline()
        sys.argv[1:3] = ["three", "four"]
"""


def test_two_programs_at_once_list_each_for_itself(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """The Automation API in one process: each run of each program is one listing."""
    workspace = python_project(
        tmp_path / "workspace", "", tools=tools, extra=environment_for(emulator)
    )
    with subprocess.Popen(
        [sys.executable, "-c", TWO_PROGRAMS, "one", "two"],
        env=workspace.environment,
        cwd=workspace.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        first = json.loads(process.stdout.readline())
        calls = len(emulator.requests)
        emulator.push("ucs", "helloworld", "2.0.0")
        emulator.reset_requests()
        process.stdin.write("\n")
        process.stdin.flush()
        second = json.loads(process.stdout.readline())
        process.communicate("\n", timeout=60)

    assert ([["1.1.0"]] * 2, 2) == (first, calls)
    assert ([["2.0.0"]] * 2, 2) == (second, len(emulator.requests))


WAITING = """
    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Bucket(ResourceProvider):
        def create(self, props):
            return CreateResult("made", {"name": "ucs"})


    class Made(Resource):
        name: pulumi.Output[str]

        def __init__(self):
            super().__init__(Bucket(), "bucket", {"name": None})


    bucket = Made()
    first = ucimage.ImagePin("first", bucket_name=bucket.name)
    second = ucimage.ImagePin(
        "second", bucket_name="ucs", policy="semver", triggers={"tag": first.tag}
    )
    pulumi.export("first", first.tag)
    pulumi.export("second", second.tag)
"""


def test_a_pin_waits_for_its_inputs(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """Unknown in preview, with no call; chosen in up, and one pin from another."""
    program = Program(tmp_path, WAITING, tools, emulator)

    calls = program.calls("preview")
    program.run(*UP)

    assert 0 == calls
    assert {"first": "1.1.0", "second": "1.1.0"} == program.workspace.outputs()
