"""The functions in programs on a real Pulumi engine, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from conftest import environment_for
from engine import errors, python_project

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Workspace


class MakeProject(Protocol):
    """Makes a workspace of a program's text."""

    def __call__(self, program: str, **extra: str) -> Workspace:
        """Further arguments are variables of the environment."""


@pytest.fixture
def project(tmp_path: Path, tools: Path, emulator: Emulator) -> MakeProject:
    """Programs whose environment leads to the emulator."""

    def make(program: str, **extra: str) -> Workspace:
        return python_project(
            tmp_path / "workspace",
            program,
            tools=tools,
            extra={**environment_for(emulator), **extra},
        )

    return make


BOTH_FORMS = """
    import pulumi
    import pulumi_ucimage as ucimage

    plain = ucimage.get_docker_image("ucs")
    listed = ucimage.get_docker_images("ucs")
    output = ucimage.get_docker_image_output(pulumi.Output.from_input("ucs"))
    inner = output.apply(lambda o: ucimage.get_docker_image("ucs", tag=o.tag))
    pulumi.export("plain", plain.image)
    pulumi.export("listed", listed.images[0].latest_tag)
    pulumi.export("output", output.image)
    pulumi.export("inner", inner.image)
"""


def test_every_form_works_in_preview_and_up(project: MakeProject) -> None:
    """Plain, listed, as an Output and within apply: each gives the same tag."""
    workspace = project(BOTH_FORMS)

    assert f"{DEMO_IMAGE}:1.1.0" in workspace.pulumi("preview")
    workspace.pulumi("up", "--yes", "--skip-preview")
    outputs = workspace.outputs()

    assert {f"{DEMO_IMAGE}:1.1.0"} == {
        outputs["plain"],
        outputs["output"],
        outputs["inner"],
        outputs["listed"]["image"],
    }
    assert "2024-07-01T00:00:00Z" == outputs["listed"]["createdAt"]


@pytest.mark.parametrize("form", ["", "_output"])
def test_a_mistake_is_one_line_and_no_traceback(project: MakeProject, form: str) -> None:
    """An unknown bucket shows our sentence, once, and nothing of Python."""
    workspace = project(f"""
        import pulumi_ucimage as ucimage
        ucimage.get_docker_image{form}("nope")
    """)

    done = workspace.run("preview")
    text = done.stdout + done.stderr

    assert done.returncode
    assert [True] == ["RetCode 43023" in line for line in errors(text)]
    assert "Traceback" not in text


def test_missing_keys_name_every_way(project: MakeProject) -> None:
    """No keys: one error line that names configuration, environment and profile."""
    workspace = project(
        """
        import pulumi_ucimage as ucimage
        ucimage.get_docker_image("ucs")
        """,
        UCLOUD_PUBLIC_KEY="",
        UCLOUD_PRIVATE_KEY="",
    )

    done = workspace.run("preview")
    (line,) = errors(done.stdout + done.stderr)

    for way in ("--secret ucimage:privateKey", "UCLOUD_PRIVATE_KEY", "credential.json"):
        assert way in line


ONE_LOOK_UP = """
    import pulumi
    import pulumi_ucimage as ucimage
    pulumi.export("image", ucimage.get_docker_image("ucs").image)
"""


def test_explain_is_one_info_line(project: MakeProject) -> None:
    """With the setting, the choice is told; without, it is not."""
    workspace = project(ONE_LOOK_UP)

    quiet = workspace.pulumi("preview")
    told = workspace.pulumi("preview", UCIMAGE_EXPLAIN="true")

    assert "Chose" not in quiet
    assert f"Chose '1.1.0' of '{DEMO_IMAGE}', created 2024-07-01T00:00:00Z" in told


PUSHER = """
    import json
    import os
    import urllib.request

    import pulumi
    import pulumi_ucimage as ucimage
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Push(ResourceProvider):
        serialize_as_secret_always = False

        def create(self, props):
            body = {"BucketName": "ucs", "ImageName": "helloworld", "TagName": props["tag"]}
            urllib.request.urlopen(
                urllib.request.Request(
                    os.environ["UCLOUD_API_BASE_URL"] + "emulator/push",
                    json.dumps(body).encode(),
                    {"Content-Type": "application/json"},
                )
            ).close()
            return CreateResult("pushed", {**props, "bucket": "ucs"})


    class Pushed(Resource):
        bucket: pulumi.Output[str]

        def __init__(self, name, tag, opts=None):
            super().__init__(Push(), name, {"tag": tag, "bucket": None}, opts)
"""

WAITERS = {
    "depends_on": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=[pushed])
    )
    """,
    "depends_on one that is an Output": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=pulumi.Output.from_input(pushed))
    )
    """,
    "a component's child": """
    component = pulumi.ComponentResource("test:index:Parent", "parent")
    pushed = Pushed("pushed", "2.0.0", pulumi.ResourceOptions(parent=component))
    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=[component])
    )
    """,
    "an argument": """
    pushed = Pushed("pushed", "2.0.0")
    found = ucimage.get_docker_image_output(pushed.bucket)
    """,
    "an argument whose value is known": """
    pushed = Pushed("pushed", "2.0.0")
    bucket = pulumi.Output.all("ucs", pushed.urn).apply(lambda both: both[0])
    found = ucimage.get_docker_image_output(bucket)
    """,
}


@pytest.mark.parametrize("waiter", WAITERS)
def test_look_ups_wait_for_what_they_depend_on(
    project: MakeProject, emulator: Emulator, waiter: str
) -> None:
    """Unknown and no call in preview; in up, after the resource, with what it pushed."""
    workspace = project(f'{PUSHER}{WAITERS[waiter]}\n    pulumi.export("tag", found.tag)\n')

    workspace.pulumi("preview")
    assert not emulator.requests
    workspace.pulumi("up", "--yes", "--skip-preview")

    assert "2.0.0" == workspace.outputs()["tag"]


LATER = {
    **WAITERS,
    "plain within apply": """
    pushed = Pushed("pushed", "2.0.0")
    found = pushed.urn.apply(lambda _: ucimage.get_docker_image("ucs"))
    """,
    "an Output within apply": """
    pushed = Pushed("pushed", "2.0.0")
    found = pushed.urn.apply(lambda _: ucimage.get_docker_image_output("ucs"))
    """,
    "a coroutine": """
    pushed = Pushed("pushed", "2.0.0")

    async def later():
        await pushed.urn.future()
        return ucimage.get_docker_image("ucs")

    found = pulumi.Output.from_input(later()).apply(lambda result: result)
    """,
    "an argument that is a coroutine": """
    pushed = Pushed("pushed", "2.0.0")

    async def later():
        await pushed.urn.future()
        return "ucs"

    found = ucimage.get_docker_image_output(later())
    """,
    "a thread within apply": """
    import asyncio

    pushed = Pushed("pushed", "2.0.0")
    found = pushed.urn.apply(lambda _: asyncio.to_thread(ucimage.get_docker_image, "ucs"))
    """,
    "an asynchronous program": """
    pushed = Pushed("pushed", "2.0.0")

    async def main():
        await pushed.urn.future()
        return {"tag": ucimage.get_docker_image("ucs").tag}

    pulumi.run(main)
    found = None
    """,
    "an Output of a coroutine": """
    pushed = Pushed("pushed", "2.0.0")

    async def later():
        await pushed.urn.future()
        return "ucs"

    found = ucimage.get_docker_image_output(pulumi.Output.from_input(later()))
    """,
    "a coroutine in a list": """
    pushed = Pushed("pushed", "2.0.0")

    async def later():
        await pushed.urn.future()
        return "none"

    found = ucimage.get_docker_image_output("ucs", tag_regex=".*", floating_tags=[later()])
    """,
    "an Output that waits within apply": """
    pushed = Pushed("pushed", "2.0.0")

    async def later(bucket):
        await pushed.urn.future()
        return bucket

    bucket = pulumi.Output.from_input("ucs").apply(later)
    found = ucimage.get_docker_image_output(bucket)
    """,
    "an Output that recovered": """
    pushed = Pushed("pushed", "2.0.0")
    bucket = pushed.urn.apply(lambda urn: urn["nope"]).recover(lambda _: "ucs")
    found = ucimage.get_docker_image_output(bucket)
    """,
    "depends_on a coroutine that names nothing": """
    pushed = Pushed("pushed", "2.0.0")

    async def later():
        await pushed.urn.future()
        return []

    found = ucimage.get_docker_image_output(
        "ucs", opts=pulumi.InvokeOutputOptions(depends_on=later())
    )
    """,
    "the program, until all resources are there": """
    pushed = Pushed("pushed", "2.0.0")
    pulumi.runtime.register_resource_transform(lambda args: None)
    found = ucimage.get_docker_image("ucs")
    """,
    "the program, by a plain function of another package": """
    pushed = Pushed("pushed", "2.0.0")
    pulumi.runtime.invoke("pulumi:pulumi:getResource", {"urn": pushed.urn})
    found = ucimage.get_docker_image_output("ucs")
    """,
    "an awaitable of the program's own, while the program waits": """
    import asyncio
    from pulumi.runtime.sync_await import _sync_await

    pushed = Pushed("pushed", "2.0.0")

    class Later:
        def __await__(self):
            yield from pushed.urn.future().__await__()
            return ucimage.get_docker_image("ucs")

    task = asyncio.ensure_future(Later())
    _sync_await(asyncio.wait([task]))
    found = pulumi.Output.from_input(task).apply(lambda result: result)
    """,
}


@pytest.mark.parametrize("waiter", LATER)
def test_who_waited_does_not_share_what_was_listed_before(
    project: MakeProject, waiter: str
) -> None:
    """A push by a resource of the same program is seen by whatever waited for it."""
    workspace = project(f"""{PUSHER}
    before = [ucimage.get_docker_image("ucs"), ucimage.get_docker_image_output("ucs")]
    {LATER[waiter]}
    if found is not None:
        pulumi.export("tag", found.tag)
    pulumi.export("before", [before[0].tag, before[1].tag])
    """)

    workspace.pulumi("up", "--yes", "--skip-preview")

    assert {"tag": "2.0.0", "before": ["1.1.0", "1.1.0"]} == workspace.outputs()


FIFTY = """
    import pulumi
    import pulumi_ucimage as ucimage

    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("test:index:Part", name)
            self.tag = ucimage.get_docker_image("ucs").tag
            self.register_outputs({})

    tags = []
    for number in range(10):
        tags.append(ucimage.get_docker_image("ucs", policy="semver").tag)
        tags.append(ucimage.get_docker_images("ucs").images[0].latest_tag.name)
        tags.append(ucimage.get_docker_image_output("ucs", image_name="helloworld").tag)
        listed = ucimage.get_docker_images_output(pulumi.Output.from_input("ucs"))
        tags.append(listed.images[0].latest_tag.name)
        tags.append(Part(f"part-{number}").tag)
    pulumi.export("tags", pulumi.Output.all(*tags))
"""


def test_fifty_look_ups_are_one_listing(project: MakeProject, emulator: Emulator) -> None:
    """Any mix of functions and forms; preview lists once, and so does up."""
    workspace = project(FIFTY)

    workspace.pulumi("preview")
    assert 1 == len(emulator.requests)
    emulator.reset_requests()
    workspace.pulumi("up", "--yes", "--skip-preview")

    assert ["1.1.0"] * 50 == workspace.outputs()["tags"]
    assert 1 == len(emulator.requests)


def test_what_waited_together_shares_a_listing_or_two(
    project: MakeProject, emulator: Emulator
) -> None:
    """Fifty look-ups that waited for one push make up groups, and none lists for itself."""
    workspace = project(f"""{PUSHER}
    pushed = Pushed("pushed", "2.0.0")
    opts = pulumi.InvokeOutputOptions(depends_on=[pushed])
    found = [ucimage.get_docker_image_output("ucs", opts=opts).tag for _ in range(50)]
    pulumi.export("tags", pulumi.Output.all(*found))
    """)

    workspace.pulumi("up", "--yes", "--skip-preview")

    assert ["2.0.0"] * 50 == workspace.outputs()["tags"]
    assert len(emulator.requests) <= 5


DIFFERENT = """
    import pulumi
    import pulumi_ucimage as ucimage

    ucimage.get_docker_images("ucs")
    ucimage.get_docker_images("ucs", registry="mirror.example.com")
    ucimage.get_docker_images("ucs", image_name="helloworld")
    ucimage.get_docker_images("ucs", order_by="Default")
    ucimage.get_docker_images("ucs", project_id="org-1")
    ucimage.get_docker_images("ucs", limit=1)
    ucimage.get_docker_images("ucs", offset=1)
    ucimage.get_docker_images("ucs", profile="elsewhere")
    for values in (
        {"region": "cn-sh2"},
        {"profile": "other-key"},
        {"bucket_name": "nope"},
        {"bucket_name": "nope"},
    ):
        try:
            ucimage.get_docker_images(**{"bucket_name": "ucs", **values})
        except ucimage.ApiError:
            pass
"""


def test_other_questions_and_errors_are_not_shared(
    project: MakeProject, emulator: Emulator, tmp_path: Path
) -> None:
    """Region, project, order, window, key and endpoint are part of the query."""
    with Emulator() as elsewhere:
        urls = {
            "default": emulator.url,
            "other-key": emulator.url,
            "elsewhere": elsewhere.url,
        }
        config, keys = tmp_path / "config.json", tmp_path / "credential.json"
        config.write_text(
            json.dumps(
                [
                    {"profile": name, "region": "cn-bj2", "base_url": url}
                    for name, url in urls.items()
                ]
            )
        )
        keys.write_text(
            json.dumps(
                [
                    {
                        "profile": name,
                        "public_key": f"{name}-key" if "other" in name else DEMO_PUBLIC_KEY,
                        "private_key": DEMO_PRIVATE_KEY,
                    }
                    for name in urls
                ]
            )
        )
        workspace = project(
            DIFFERENT,
            **dict.fromkeys(environment_for(emulator), ""),
            UCLOUD_SHARED_CONFIG_FILE=str(config),
            UCLOUD_SHARED_CREDENTIAL_FILE=str(keys),
        )

        workspace.pulumi("preview")

        assert 1 == len(elsewhere.requests)
    asked = [
        (r["BucketName"], r["Region"], r["PublicKey"], r.get("ProjectId"), r.get("OrderBy"))
        for r in emulator.requests
    ]
    key = DEMO_PUBLIC_KEY
    # With a limit, and with an offset, these are questions of their own too.
    assert 3 == asked.count(("ucs", "cn-bj2", key, None, None))
    assert 1 == asked.count(("ucs", "cn-bj2", key, None, "Default"))
    assert 1 == asked.count(("ucs", "cn-bj2", key, "org-1", None))
    assert 1 == asked.count(("ucs", "cn-sh2", key, None, None))
    assert 1 == asked.count(("ucs", "cn-bj2", "other-key-key", None, None))
    assert 2 == asked.count(("nope", "cn-bj2", key, None, None))


PINNED = """
    import pulumi
    import pulumi_ucimage as ucimage

    ucimage.get_docker_images("ucs")
    ucimage.ImagePin("first", bucket_name="ucs")
"""


def test_a_pin_lists_for_itself(project: MakeProject, emulator: Emulator) -> None:
    """A pin never takes a listing that a function made."""
    workspace = project(PINNED)

    workspace.pulumi("preview")

    assert 2 == len(emulator.requests)


def test_a_long_listing_says_how_far_it_is(
    project: MakeProject, emulator: Emulator
) -> None:
    """After two seconds there is a status line, with counts, that leaves no trace."""
    for number in range(150):
        emulator.push("ucs", f"ucs/image-{number}", "1")
    emulator.fault("delay=2.1*1")
    workspace = project("""
    import pulumi_ucimage as ucimage
    ucimage.get_docker_images("ucs")
    """)
    log = workspace.folder / "events.json"

    workspace.pulumi(
        *("up", "--yes", "--skip-preview", "--event-log", str(log)),
        PULUMI_DEBUG_COMMANDS="true",
    )
    events = [json.loads(line) for line in log.read_text().splitlines()]
    lines = [
        event["diagnosticEvent"]
        for event in events
        if "so far" in event.get("diagnosticEvent", {}).get("message", "")
    ]

    assert lines
    assert "Listing bucket 'ucs': 100 of 151 images so far." in lines[0]["message"]
    assert all(line["ephemeral"] for line in lines)


def test_results_carry_dependencies_and_secrets(project: MakeProject) -> None:
    """What uses a result depends on what the look-up depended on, and stays secret."""
    workspace = project(f"""{PUSHER}
    first = Pushed("first", "2.0.0")
    found = ucimage.get_docker_image_output(
        pulumi.Output.secret("ucs"),
        opts=pulumi.InvokeOutputOptions(depends_on=[first]),
    )
    second = Pushed("second", found.tag)
    pulumi.export("tag", found.tag)
    """)

    workspace.pulumi("up", "--yes", "--skip-preview")
    state: Any = json.loads(workspace.pulumi("stack", "export"))["deployment"]["resources"]
    (second,) = [r for r in state if r["urn"].endswith("::second")]

    assert ["first"] == [urn.rpartition("::")[2] for urn in second["dependencies"]]
    assert "[secret]" == workspace.outputs()["tag"]


def test_the_automation_api_asks_anew_in_each_run(
    project: MakeProject, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of an inline program in one process each see what is listed then."""
    import pulumi  # noqa: PLC0415
    from pulumi import automation  # noqa: PLC0415

    import pulumi_ucimage as ucimage  # noqa: PLC0415

    workspace = project(ONE_LOOK_UP)
    for name in ("UCLOUD_API_BASE_URL", "UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "PATH"):
        monkeypatch.setenv(name, workspace.environment[name])

    def program() -> None:
        pulumi.export("tag", ucimage.get_docker_image("ucs").tag)

    stack = automation.create_stack(
        "inline",
        project_name="inline",
        program=program,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(workspace.folder), env_vars=workspace.environment
        ),
    )
    stack.set_config("ucimage:region", automation.ConfigValue("cn-bj2"))

    first = stack.up().outputs["tag"].value
    emulator.push("ucs", "helloworld", "3.0.0")
    second = stack.up().outputs["tag"].value

    assert ("1.1.0", "3.0.0") == (first, second)


ONE_LANE = """
    import os

    import pulumi
    import pulumi_ucimage as ucimage

    def look_up(**arguments):
        found = ucimage.get_docker_image_output("ucs", **arguments)
        return found.image.recover(lambda error: type(error).__name__)

    pulumi.export("first", look_up())
    pulumi.export("missing", look_up(tag="nope"))
    os.environ["UCIMAGE_REGISTRY"] = "mirror.example.com"
    pulumi.export("mirror", look_up())
    pulumi.export("wrong", look_up(policy="nope"))
    del os.environ["UCIMAGE_REGISTRY"]
    pulumi.export("last", look_up())
"""


def test_look_ups_of_one_lane_are_each_their_own(
    project: MakeProject, emulator: Emulator
) -> None:
    """One that fails takes no other along, and each has the environment of its moment."""
    workspace = project(ONE_LANE)

    workspace.pulumi("up", "--yes", "--skip-preview")

    image = f"{DEMO_IMAGE}:1.1.0"
    assert workspace.outputs() == {
        "first": image,
        "missing": "NoMatchingTagError",
        "mirror": "mirror.example.com/ucs/helloworld:1.1.0",
        "wrong": "InvalidPolicyError",
        "last": image,
    }
    assert 1 == len(emulator.requests)
