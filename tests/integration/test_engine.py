"""The functions in programs on a real Pulumi engine, against the emulator.

What needs no engine is tested below it; `test_sharing` has every way to wait.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from conftest import environment_for
from engine import errors, python_project

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.emulator.demo import demo_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workspace import Workspace

DEMO: Any = demo_data()
(DEMO_BUCKET,) = DEMO["Buckets"]

EVERYTHING = """
    import json
    import os
    import urllib.request

    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class PushProvider(ResourceProvider):
        serialize_as_secret_always = False

        def create(self, props):
            pushed = {"ImageName": "helloworld", "TagName": "2.0.0"}
            body = {"BucketName": props["to"], **pushed}
            request = urllib.request.Request(
                os.environ["UCLOUD_API_BASE_URL"] + "emulator/push",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            urllib.request.urlopen(request).close()
            return CreateResult("pushed", {**props, "bucket": props["to"]})


    class Push(Resource):
        bucket: pulumi.Output[str]

        def __init__(self, to, tag="", opts=None):
            props = {"to": to, "tag": tag, "bucket": None}
            super().__init__(PushProvider(), f"push-{to}", props, opts)


    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("test:index:Part", name)
            self.tag = ucimage.get_docker_image("ucs").tag
            self.register_outputs({})


    # The emulator is slow for the first call of an update.
    ucimage.get_docker_images("large")

    # Every form of both functions.
    listed = ucimage.get_docker_images("ucs")
    output = ucimage.get_docker_image_output("ucs", image_name="helloworld")
    inner = output.apply(lambda o: ucimage.get_docker_image("inner", tag=o.tag))
    given = ucimage.get_docker_images_output(pulumi.Output.from_input("given"))
    pulumi.export("plain", ucimage.get_docker_image("ucs").image)
    pulumi.export("listed", listed.images[0].latest_tag)
    pulumi.export("output", output.image)
    pulumi.export("inner", inner.image)
    pulumi.export("given", given.images[0].latest_tag.image)

    # Many equal questions, and a pin, which does not share with functions.
    parts = [Part(f"part-{number}").tag for number in range(10)]
    ucimage.get_docker_images("pinned")
    pulumi.export("pin", ucimage.ImagePin("pin", bucket_name="pinned").tag)


    # Calls that wait for a push to a bucket that the program has listed before.
    def after(*depends_on):
        return pulumi.InvokeOutputOptions(depends_on=list(depends_on))


    def depends_on(to):
        return ucimage.get_docker_image_output(to, opts=after(Push(to)))


    def depends_on_component(to):
        component = pulumi.ComponentResource("test:index:Parent", "parent")
        Push(to, opts=pulumi.ResourceOptions(parent=component))
        return ucimage.get_docker_image_output(to, opts=after(component))


    def argument(to):
        return ucimage.get_docker_image_output(Push(to).bucket)


    def plain_within_apply(to):
        return Push(to).bucket.apply(ucimage.get_docker_image)


    def output_within_apply(to):
        return Push(to).bucket.apply(ucimage.get_docker_image_output)


    def coroutine(to):
        async def later():
            await push.id.future()
            return ucimage.get_docker_image(to)

        push = Push(to)
        return pulumi.Output.from_input(later()).apply(lambda result: result)


    for wait in (
        *(depends_on, depends_on_component, argument),
        *(plain_within_apply, output_within_apply, coroutine),
    ):
        name = wait.__name__
        ucimage.get_docker_image(name)
        pulumi.export(name, wait(name).tag)

    # A resource that uses a secret result.
    first = Push("first")
    found = ucimage.get_docker_image_output(pulumi.Output.secret("ucs"), opts=after(first))
    Push("second", found.tag)
    pulumi.export("secret", found.tag)

    # The main code waits until all resources are there.
    ucimage.get_docker_image("main_code")
    Push("main_code")
    pulumi.runtime.register_resource_transform(lambda args: None)
    pulumi.export("main_code", ucimage.get_docker_image("main_code").tag)


    # An asynchronous program.
    async def main():
        ucimage.get_docker_image("asynchronous")
        await Push("asynchronous").id.future()
        return {"asynchronous": ucimage.get_docker_image("asynchronous").tag}


    pulumi.run(main)
"""
UNKNOWN_IN_PREVIEW = (
    "depends_on",
    "depends_on_component",
    "argument",
    "plain_within_apply",
    "output_within_apply",
)
WAITING = (*UNKNOWN_IN_PREVIEW, "coroutine", "main_code", "asynchronous")


@dataclass(frozen=True)
class Deployed:
    """What a preview and an update of the program with everything came to.

    Attributes:
        preview: what the preview printed.
        listed: how often the preview listed each bucket, and the update after it.
        events: the engine's events of the update.
        outputs: the stack's outputs.
        resources: the resources in the state, by their names.
    """

    preview: str
    listed: tuple[Counter[str], Counter[str]]
    events: list[dict[str, Any]]
    outputs: dict[str, Any]
    resources: dict[str, Any]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Deployed:
    """The program with everything, previewed and then brought up."""
    names = ("ucs", "inner", "given", "pinned", "first", "second", *WAITING)
    images = [{"ImageName": f"r.example.com/ucs/image-{n}"} for n in range(150)]
    buckets = [
        *({**DEMO_BUCKET, "BucketName": name} for name in names),
        {**DEMO_BUCKET, "BucketName": "large", "ImageSet": images},
    ]
    with Emulator(data={**DEMO, "Buckets": buckets}) as emulator:

        def listings() -> Counter[str]:
            first_pages = (r for r in emulator.requests if r.get("Offset", "0") == "0")
            counted = Counter(r["BucketName"] for r in first_pages)
            emulator.reset_requests()
            return counted

        workspace = python_project(
            tmp_path_factory.mktemp("deployed") / "workspace",
            EVERYTHING,
            tools=tools,
            extra=environment_for(emulator),
        )
        preview = workspace.pulumi("preview")
        listed_in_preview = listings()
        emulator.fault("delay=2.1*1")
        log = workspace.folder / "events.json"
        workspace.pulumi(
            *("up", "--yes", "--skip-preview", "--event-log", str(log)),
            PULUMI_DEBUG_COMMANDS="true",
        )
        state = json.loads(workspace.pulumi("stack", "export"))["deployment"]
        return Deployed(
            preview,
            (listed_in_preview, listings()),
            [json.loads(line) for line in log.read_text().splitlines()],
            workspace.outputs(),
            {r["urn"].rpartition("::")[2]: r for r in state["resources"]},
        )


def test_every_form_works_in_preview_and_up(deployed: Deployed) -> None:
    """Plain, listed, as an Output and within apply: each gives the same tag."""
    outputs, image = deployed.outputs, f"{DEMO_IMAGE}:1.1.0"

    assert image in deployed.preview
    assert {image} == {outputs[n] for n in ("plain", "output", "inner", "given")}
    assert (image, "2024-07-01T00:00:00Z") == (
        outputs["listed"]["image"],
        outputs["listed"]["createdAt"],
    )


@pytest.mark.parametrize("waiting", WAITING)
def test_a_call_that_waited_sees_what_was_pushed(deployed: Deployed, waiting: str) -> None:
    """In an update it comes after the resource, and does not use what was listed before."""
    assert "2.0.0" == deployed.outputs[waiting]


@pytest.mark.parametrize("waiting", UNKNOWN_IN_PREVIEW)
def test_a_call_that_waits_is_unknown_in_a_preview(
    deployed: Deployed, waiting: str
) -> None:
    """Only the call before it lists the bucket."""
    assert 1 == deployed.listed[0][waiting]


def test_equal_questions_share_one_listing(deployed: Deployed) -> None:
    """The main code of a preview lists a bucket once; so does that of an update."""
    assert 1 == deployed.listed[0]["ucs"]
    # In the update, the call that waited lists it once more.
    assert 2 == deployed.listed[1]["ucs"]


def test_a_pin_does_not_share_with_a_function(deployed: Deployed) -> None:
    """The function lists the bucket, and so does the pin."""
    assert 2 == deployed.listed[0]["pinned"]
    assert "1.1.0" == deployed.outputs["pin"]


def test_results_carry_dependencies_and_secrets(deployed: Deployed) -> None:
    """What uses a result depends on what the look-up depended on, and stays secret."""
    dependencies = deployed.resources["push-second"]["dependencies"]

    assert ["push-first"] == [urn.rpartition("::")[2] for urn in dependencies]
    assert "[secret]" == deployed.outputs["secret"]


def test_a_long_listing_says_how_far_it_is(deployed: Deployed) -> None:
    """After two seconds there is a status line, with counts, that leaves no trace."""
    lines = [
        event["diagnosticEvent"]
        for event in deployed.events
        if "so far" in event.get("diagnosticEvent", {}).get("message", "")
    ]

    assert "Listing bucket 'large': 100 of 150 images so far." in lines[0]["message"]
    assert all(line["ephemeral"] for line in lines)


def test_a_choice_is_explained_only_with_the_setting(deployed: Deployed) -> None:
    """Without the setting, no line says what was chosen."""
    assert "Chose" not in deployed.preview


# Programs that fail or warn, in stacks that they share.

ONE_LOOK_UP = """
    import os

    import pulumi
    import pulumi_ucimage as ucimage

    bucket = os.environ.get("BUCKET", "ucs")
    if "OUTPUT" in os.environ:
        pulumi.export("image", ucimage.get_docker_image_output(bucket).image)
    else:
        pulumi.export("image", ucimage.get_docker_image(bucket).image)
        ucimage.get_docker_images(bucket)
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, tools: Path, module_emulator: Emulator
) -> Callable[..., Workspace]:
    """Makes a stack of a program; more arguments are variables of its environment."""

    def make(**extra: str) -> Workspace:
        return python_project(
            tmp_path_factory.mktemp("project") / "workspace",
            ONE_LOOK_UP,
            tools=tools,
            extra={**environment_for(module_emulator), **extra},
        )

    return make


@pytest.fixture(scope="module")
def one_look_up(project: Callable[..., Workspace]) -> Workspace:
    """A stack whose program looks up one image."""
    return project()


@pytest.mark.parametrize("form", [{}, {"OUTPUT": "1"}])
def test_a_mistake_is_one_line_and_no_traceback(
    one_look_up: Workspace, form: dict[str, str]
) -> None:
    """An unknown bucket shows our sentence, once, and nothing of Python."""
    done = one_look_up.run("preview", BUCKET="nope", **form)
    text = done.stdout + done.stderr

    assert done.returncode
    assert [True] == ["RetCode 43023" in line for line in errors(text)]
    assert "Traceback" not in text


MANY_RUNS = """
import gc
import json
import resource
import sys
import weakref

import pulumi
from pulumi import automation

import pulumi_ucimage as ucimage

monitors, tags = [], []


def program():
    monitors.append(weakref.ref(pulumi.runtime.settings.get_monitor()))
    listed = ucimage.get_docker_images("ucs")
    tags.append(listed.images[0].latest_tag.name)
    name = {"image_name": "image-0"}
    pulumi.export("output", ucimage.get_docker_image_output("ucs", **name).tag)
    bucket = pulumi.Output.from_input("ucs")
    pulumi.export("given", ucimage.get_docker_image_output(bucket, **name).tag)


stack = automation.create_stack("inline", project_name="inline", program=program)
for run in range(20):
    stack.preview()
    gc.collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"tag": tags[-1], "peak": peak}), flush=True)
    sys.stdin.readline()
print(json.dumps([monitor() is None for monitor in monitors]))
"""


def test_the_automation_api_keeps_nothing_of_a_run(one_look_up: Workspace) -> None:
    """Twenty runs in one process: each asks again, and the memory stays as it was."""
    tag_set = [{"TagName": f"1.0.{n}", "CreateTime": 1_700_000_000 + n} for n in range(20)]
    images = [
        {"ImageName": f"r.example.com/ucs/image-{n}", "TagSet": tag_set}
        for n in range(2000)
    ]
    data = {**DEMO, "Buckets": [{**DEMO_BUCKET, "ImageSet": images}]}
    with (
        Emulator(data=data) as emulator,
        subprocess.Popen(
            [sys.executable, "-c", MANY_RUNS],
            env={**one_look_up.environment, **environment_for(emulator)},
            cwd=one_look_up.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        runs = []
        for number in range(20):
            runs.append(json.loads(process.stdout.readline()))
            emulator.push("ucs", "image-0", f"2.0.{number}")
            process.stdin.write("\n")
            process.stdin.flush()
        are_gone = json.loads(process.stdout.readline())

    assert ["1.0.19", *(f"2.0.{n}" for n in range(19))] == [run["tag"] for run in runs]
    # Pulumi itself keeps the last monitor.
    assert [True] * 19 == are_gone[:-1]
    assert runs[-1]["peak"] < 1.1 * runs[4]["peak"]
