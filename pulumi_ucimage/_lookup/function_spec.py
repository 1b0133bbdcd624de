"""What the package offers under a token: the two functions, for every door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._lookup.queries import ImageQuery, ImagesQuery
    from pulumi_ucimage._spec.arguments import Argument


@final
@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function.

    Attributes:
        token: its name to Pulumi.
        python_name: its name in Python.
        arguments: what it takes.
        result: the type of the answer.
    """

    token: str
    python_name: str
    arguments: tuple[Argument, ...]
    result: Any

    def query(self, values: Mapping[str, Any]) -> ImageQuery | ImagesQuery:
        """What arguments ask, by their Python names.

        Raises:
            ArgumentError: one of them cannot be, or some do not go together.
        """
        # Loads all that chooses, which a program that calls nothing does without.
        from pulumi_ucimage._lookup.queries import (  # noqa: PLC0415
            ImageQuery,
            ImagesQuery,
        )

        if self.result is GetDockerImagesResult:
            return ImagesQuery.of(values)
        return ImageQuery.of(values)


GET_DOCKER_IMAGES: Final = FunctionSpec(
    "ucimage:index:getDockerImages",
    "get_docker_images",
    arguments.GET_DOCKER_IMAGES,
    GetDockerImagesResult,
)
GET_DOCKER_IMAGE: Final = FunctionSpec(
    "ucimage:index:getDockerImage",
    "get_docker_image",
    arguments.GET_DOCKER_IMAGE,
    GetDockerImageResult,
)
FUNCTIONS: Final = {f.token: f for f in (GET_DOCKER_IMAGES, GET_DOCKER_IMAGE)}

IMAGE_PIN: Final = "ucimage:index:ImagePin"
"""The token of the resource."""
