"""Every example is a project that works when it is copied."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml
from conftest import ROOT, environment_for
from workspace import Workspace

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator
from pulumi_ucimage.pin_provider import ImagePinProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

EXAMPLES = ROOT / "examples"
IN_PYTHON = sorted(path.parent for path in EXAMPLES.glob("*/__main__.py"))
UP = ("up", "--yes", "--skip-preview")


def copied(name: str, folder: Path, tools: Path, emulator: Emulator) -> Workspace:
    """A copy of an example with a stack, whose environment leads to an emulator."""
    return Workspace.make(
        folder / "workspace", EXAMPLES / name, tools=tools, extra=environment_for(emulator)
    )


@pytest.mark.parametrize("project", IN_PYTHON, ids=lambda path: path.name)
def test_an_example_can_be_copied(project: Path) -> None:
    """It says what it is and what it needs, and takes nothing from beside itself."""
    described = yaml.safe_load((project / "Pulumi.yaml").read_text("utf-8"))
    needs = (project / "requirements.txt").read_text("utf-8")
    config = ("--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *config, "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert described["name"] == project.name
    assert described["runtime"] == "python"
    assert described["description"]
    assert "pulumi-ucimage" in needs
    assert checked.returncode == 0, checked.stdout


# --- Kubernetes, under mocks: its plugin cannot be had on every machine ---


class Cluster(pulumi.runtime.Mocks):
    """Takes every resource; a pin is chosen by its own provider, from the emulator."""

    def __init__(self) -> None:
        self.made: dict[str, Mapping[str, Any]] = {}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """No function is called."""
        raise NotImplementedError

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        """Keep what was asked for."""
        outputs = dict(args.inputs)
        if args.typ.endswith("ImagePin"):
            provider = ImagePinProvider()
            request: Any = SimpleNamespace(config=SimpleNamespace(get=lambda _: None))
            provider.configure(request)  # as the engine does
            outputs |= provider.check({}, outputs).inputs
        self.made[args.typ] = outputs
        return f"{args.name}-id", outputs


@pytest.mark.usefixtures("event_loop", "configured")
def test_the_image_arrives_in_kubernetes() -> None:
    """The Deployment's container has the pinned reference, and an annotation its tag."""
    cluster = Cluster()
    pulumi.runtime.set_mocks(cluster, project="kubernetes")
    pulumi.runtime.set_all_config({"kubernetes:pullSecret": "uhub"})

    def program() -> None:
        runpy.run_path(str(EXAMPLES / "kubernetes" / "__main__.py"))

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]

    made = cluster.made["kubernetes:apps/v1:Deployment"]
    pod = made["spec"]["template"]["spec"]
    assert f"{DEMO_IMAGE}:1.1.0" == pod["containers"][0]["image"]
    assert [{"name": "uhub"}] == pod["imagePullSecrets"]
    assert "1.1.0" == made["metadata"]["annotations"]["ucimage/tag"]


# --- On a real engine ---


def test_the_compose_file_follows_the_pins(
    tmp_path: Path, tools: Path, emulator: Emulator
) -> None:
    """The file has both images; a trigger moves one; destroy removes the file."""
    workspace = copied("compose", tmp_path, tools, emulator)
    path = workspace.project / "compose.yaml"

    def images() -> list[str]:
        services = yaml.safe_load(path.read_text("utf-8"))["services"]
        return [services[name]["image"] for name in ("web", "worker")]

    workspace.pulumi(*UP)
    first = images()
    emulator.push("ucs", "helloworld", "1.2.0")
    workspace.pulumi(*UP)
    second = images()
    workspace.pulumi("config", "set", "release", "second")
    workspace.pulumi(*UP)
    third = images()
    workspace.pulumi("destroy", "--yes", "--skip-preview")

    assert [f"{DEMO_IMAGE}:1.1.0", f"{DEMO_IMAGE}:1.0.0"] == first == second
    assert [f"{DEMO_IMAGE}:1.2.0", f"{DEMO_IMAGE}:1.0.0"] == third
    assert not path.exists()


def test_many_services_share_one_listing(tmp_path: Path, tools: Path) -> None:
    """A dozen services get what their rules say, from one call."""
    with Emulator(data=EXAMPLES / "many-services" / "images.json") as emulator:
        workspace = copied("many-services", tmp_path, tools, emulator)
        workspace.pulumi(*UP)
        calls = len(emulator.requests)
        images = workspace.outputs()["images"]

    assert 1 == calls
    assert {
        "accounts": "2.3.1",
        "cart": "2.0.5",
        "inventory": "0.10.0",
        "checkout": "1.4.7",
        "gateway": "main-10-0b7e",
        "images": "7",
        "mail": "1.2",
        "orders": "2.0.9",
        "prices": "2026-03-01",
        "search": "main-100-3c4d",
        "stock": "1.0.3",
        "web": "1.2.1-alpine",
    } == {name: image.rpartition(":")[2] for name, image in images.items()}
    assert "ucsdr.ucloud.cn:5000/shop/web:1.2.1-alpine" == images["web"]


class Pipeline:
    """The GitLab jobs of examples/pipeline, each run as its file says."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.first_preview = ""
        text = (workspace.project / "gitlab-ci.yml").read_text("utf-8")
        self.jobs = yaml.safe_load(text)

    def job(self, name: str, release: str = "") -> subprocess.CompletedProcess[str]:
        """Run a job's script."""
        return self.run(*self.jobs[name]["script"], release=release)

    def run(self, *script: str, release: str = "") -> subprocess.CompletedProcess[str]:
        """Run some commands as a job does."""
        variables = {**self.jobs["variables"], "CI_COMMIT_TAG": release}
        return subprocess.run(
            ["bash", "-eu", "-c", "\n".join(script)],  # noqa: S607 - as a CI system does
            cwd=self.workspace.project,
            env={**self.workspace.environment, **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def check_out_again(self) -> None:
        """Leave of the checkout what a job hands to the next one, and nothing else."""
        project = self.workspace.project
        names = self.jobs["preview"]["artifacts"]["paths"]
        kept = {name: (project / name).read_bytes() for name in names}
        shutil.rmtree(project)
        shutil.copytree(EXAMPLES / "pipeline", project)
        for name, content in kept.items():
            (project / name).write_bytes(content)

    def image(self) -> str:
        """The tag that is deployed."""
        command = ("stack", "output", "--json", "--stack", self.jobs["variables"]["STACK"])
        outputs = json.loads(self.workspace.pulumi(*command))
        return str(outputs["image"].rpartition(":")[2])


@pytest.fixture
def pipeline(tmp_path: Path, tools: Path, emulator: Emulator) -> Pipeline:
    """A pipeline that has rolled once."""
    pipeline = Pipeline(copied("pipeline", tmp_path, tools, emulator))
    for name in ("preview", "roll"):
        done = pipeline.job(name, "v1")
        assert done.returncode == 0, done.stdout + done.stderr
        pipeline.first_preview = pipeline.first_preview or done.stdout
    return pipeline


def test_a_pipeline_shows_the_change_and_rolls(
    pipeline: Pipeline, emulator: Emulator
) -> None:
    """The preview shows old and new tag and changes nothing; the roll moves; back works.

    Each job has a checkout of its own.
    """
    emulator.push("ucs", "helloworld", "1.2.0")
    shown = pipeline.job("preview", "v2")
    before = pipeline.image()
    pipeline.check_out_again()
    rolled = pipeline.job("roll")
    after = pipeline.image()
    pipeline.check_out_again()
    back = pipeline.run("./release.sh back 1.0.0")

    assert re.search('~ tag +: "1.1.0" => "1.2.0"', shown.stdout.partition("The tag:")[2])
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert ["1.1.0", "1.2.0"] == [before, after]
    assert back.returncode == 0, back.stdout + back.stderr
    assert "1.0.0" == pipeline.image()


def test_a_pipeline_rolls_only_what_was_shown(
    pipeline: Pipeline, emulator: Emulator
) -> None:
    """A push between preview and roll is refused, and nothing moves."""
    emulator.push("ucs", "helloworld", "1.2.0")
    pipeline.job("preview", "v2")
    emulator.push("ucs", "helloworld", "1.3.0")

    rolled = pipeline.job("roll")

    assert rolled.returncode
    assert "Another tag was pushed since the review" in rolled.stderr
    assert "1.1.0" == pipeline.image()


def test_a_preview_without_a_change(pipeline: Pipeline, emulator: Emulator) -> None:
    """A release without a push keeps the tag; a call that fails ends the job.

    The roll is manual and needs the preview, which leaves the files that the roll takes.
    """
    shown = pipeline.job("preview", "v2")
    usage = pipeline.run("./release.sh deploy")
    emulator.fault("retcode=171")
    failed = pipeline.job("preview", "v3")

    first = pipeline.first_preview.partition("The tag:")[2]
    assert re.search('tag +: "1.1.0"', first)
    assert "no change" in shown.stdout.partition("The tag:")[2]
    assert usage.returncode == 2
    assert "release.sh roll" in usage.stderr
    assert failed.returncode
    assert "RetCode 171" in failed.stderr
    assert "The tag:" not in failed.stdout
    kept = pipeline.jobs["preview"]["artifacts"]["paths"]
    assert all((pipeline.workspace.project / name).exists() for name in kept)
    assert pipeline.jobs["roll"]["needs"] == ["preview"]
    assert pipeline.jobs["roll"]["when"] == "manual"


# --- The same pipeline in other CI systems ---


def github_steps() -> dict[str, list[str]]:
    """The shell steps of each job of github-actions.yml, without the installation."""
    text = (EXAMPLES / "pipeline" / "github-actions.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["roll"]["needs"] == "preview"
    assert jobs["roll"]["environment"] == "production"
    return {
        name: [
            step["run"]
            for step in job["steps"]
            if not step.get("run", "pip ").startswith("pip ")
        ]
        for name, job in jobs.items()
    }


def jenkins_steps() -> dict[str, list[str]]:
    """The shell steps of each stage of the Jenkinsfile."""
    text = (EXAMPLES / "pipeline" / "Jenkinsfile").read_text("utf-8")
    assert text.count("{") == text.count("}")
    stages = re.split(r"stage\('(\w+)'\)", text)[1:]
    named = dict(zip(stages[::2], stages[1::2], strict=True))
    assert "input {" in named["roll"]
    return {name: re.findall(r"sh '(.*)'", body) for name, body in named.items()}


@pytest.mark.parametrize(
    ("steps", "variable"),
    [(github_steps, "GITHUB_REF_NAME"), (jenkins_steps, "TAG_NAME")],
)
def test_another_ci_system_rolls(
    steps: Callable[[], dict[str, list[str]]],
    variable: str,
    tmp_path: Path,
    tools: Path,
    emulator: Emulator,
) -> None:
    """Its shell steps preview a release and deploy it; it hands over the same files."""
    workspace = copied("pipeline", tmp_path, tools, emulator)
    pipeline = Pipeline(workspace)
    files = pipeline.jobs["preview"]["artifacts"]["paths"]
    name = "github-actions.yml" if steps is github_steps else "Jenkinsfile"
    text = (EXAMPLES / "pipeline" / name).read_text("utf-8")
    jobs = steps()

    assert list(jobs) == ["preview", "roll"]
    assert all(file in text for file in files)
    for script in jobs.values():
        assert script
        done = pipeline.run(f"export {variable}=v1", *script)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "1.1.0" == pipeline.image()
