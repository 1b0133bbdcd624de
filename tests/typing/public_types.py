"""What type checkers must see in the public functions and results; never run.

Every `type: ignore` says that a line must be an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import pulumi_ucimage as ucimage
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    import pulumi


def plain() -> None:
    """Take plain values, and get a result whose fields have types."""
    result = ucimage.get_docker_image(
        "ucs",
        region="cn-bj2",
        policy="semver",
        order="lowest",
        semver_loose=True,
        floating_tags=("latest",),
        opts=None,
    )
    tag: str = result.tag
    found: bool = result.found
    created: int | None = result.create_time
    created_for_sure: int = result.create_time  # type: ignore[assignment]
    candidates: list[str] = result.candidates
    total: int = result.counts.total
    misspelt = result.tags  # type: ignore[attr-defined]
    print(tag, found, created, created_for_sure, candidates, total, misspelt)  # noqa: T201


def nested() -> None:
    """Get nested results whose fields have types."""
    result = ucimage.get_docker_images(bucket_name="ucs", limit=1, offset=0)
    image: ucimage.DockerImage = result.images[0]
    latest: ucimage.DockerImageTag | None = image.latest_tag
    name: str | None = image.tags[0].name
    latest_name: str | None = image.latest_tag.name  # type: ignore[union-attr]
    print(latest, name, latest_name)  # noqa: T201


async def awaited() -> None:
    """Await a plain form, and get the plain result."""
    one: ucimage.GetDockerImageResult = await ucimage.get_docker_image("ucs")
    several: ucimage.GetDockerImagesResult = await ucimage.get_docker_images("ucs")
    print(one, several)  # noqa: T201


def outputs(bucket: pulumi.Output[str], number: pulumi.Output[int]) -> None:
    """Take Outputs and plain values, and get an Output of a result."""
    one: pulumi.Output[ucimage.GetDockerImageResult] = ucimage.get_docker_image_output(
        bucket,
        policy="semver",
        order="lowest",
        tag=bucket,
        floating_tags=["latest", bucket],
        semver_loose=True,
    )
    several: pulumi.Output[ucimage.GetDockerImagesResult] = (
        ucimage.get_docker_images_output(bucket_name=bucket, limit=number, region=None)
    )
    tag: pulumi.Output[str] = one.apply(lambda result: result.tag)
    print(several, tag)  # noqa: T201


def pinned(bucket: pulumi.Output[str], triggers: dict[str, str]) -> None:
    """Pin with Outputs and plain values, and get outputs that have types."""
    pin = ucimage.ImagePin(
        "app",
        bucket_name=bucket,
        policy="semver",
        order="highest",
        semver_loose=True,
        floating_tags=["latest", bucket],
        triggers={"release": bucket, **triggers},
        allow_downgrade=None,
    )
    image: pulumi.Output[str] = pin.image
    previous: pulumi.Output[str | None] = pin.previous_tag
    created: pulumi.Output[int | None] = pin.create_time
    available: pulumi.Output[bool] = pin.available
    another = ucimage.ImagePin("web", bucket_name="ucs", triggers=triggers)
    print(image, previous, created, available, another.urn)  # noqa: T201


def configured(config: pulumi.Config, policy: pulumi.Output[str]) -> None:
    """Take a policy from the configuration: a cast says that its value is checked later."""
    name = cast("Literal['newest', 'semver']", config.get("policy") or "newest")
    ucimage.get_docker_image("ucs", policy=name)
    ucimage.get_docker_image_output("ucs", policy=name)
    later = cast("pulumi.Output[Literal['newest', 'semver']]", policy)
    ucimage.get_docker_image_output("ucs", policy=later)
    ucimage.ImagePin("app", bucket_name="ucs", policy=later)


def emulated() -> None:
    """Run the emulator in a test of one's own."""
    with Emulator(faults=["http=503*2"]) as emulator:
        url: str = emulator.url
        emulator.push("ucs", "helloworld", "2.0.0", create_time=1800000000)
        asked: list[dict[str, str]] = emulator.requests
        print(url, asked)  # noqa: T201


def refused(bucket: pulumi.Output[str]) -> None:
    """Get an error from the type checker for what the functions would refuse."""
    ucimage.get_docker_image(bucket)  # type: ignore[arg-type]
    ucimage.get_docker_image("ucs", "cn-bj2")  # type: ignore[call-arg]
    ucimage.get_docker_image("ucs", limit=1)  # type: ignore[call-arg]
    ucimage.get_docker_image()  # type: ignore[call-arg]
    ucimage.get_docker_images("ucs", limit="1")  # type: ignore[arg-type]
    ucimage.get_docker_image("ucs", policy="latest")  # type: ignore[arg-type]
    ucimage.get_docker_image("ucs", order="first")  # type: ignore[arg-type]
    ucimage.get_docker_image_output("ucs", policy="latest")  # type: ignore[arg-type]
    ucimage.get_docker_image_output("ucs", order="first")  # type: ignore[arg-type]
    ucimage.ImagePin("a", bucket_name="ucs", policy="latest")  # type: ignore[arg-type]
    ucimage.ImagePin("a", bucket_name="ucs", order="first")  # type: ignore[arg-type]
    ucimage.get_docker_image("ucs", policy=str(bucket))  # type: ignore[arg-type]
    ucimage.get_docker_image_output("ucs", policy=bucket)  # type: ignore[arg-type]
    ucimage.get_docker_images("ucs", tag="1")  # type: ignore[call-arg]
    ucimage.get_docker_image_output(1)  # type: ignore[arg-type]
    ucimage.ImagePin("app")  # type: ignore[call-arg]
    ucimage.ImagePin("app", "ucs")  # type: ignore[call-arg]
    ucimage.ImagePin("app", bucket_name="ucs", triggers=["1"])  # type: ignore[arg-type]
    ucimage.ImagePin("app", bucket_name="ucs", limit=1)  # type: ignore[call-arg]


def errors() -> None:
    """Catch errors, and get facts that have types."""
    try:
        plain()
    except ucimage.ApiError as error:
        code: int = error.ret_code
        message: str = error.message
        print(code, message)  # noqa: T201
    except ucimage.ResponseError as error:
        status: int | None = error.status
        print(status)  # noqa: T201
    except ValueError as error:
        print(error)  # noqa: T201
