"""What the package offers under a token: the two functions, for every door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage import arguments
from pulumi_ucimage.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage.arguments import Argument
    from pulumi_ucimage.lookup import ImageQuestion, ImagesQuestion


@final
@dataclass(frozen=True, slots=True)
class Function:
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

    def question(self, values: Mapping[str, Any]) -> ImageQuestion | ImagesQuestion:
        """What arguments ask, by their Python names.

        Raises:
            ArgumentError: one of them cannot be, or some do not go together.
        """
        # Loads all that chooses, which a program that calls nothing does without.
        from pulumi_ucimage.lookup import (  # noqa: PLC0415
            ImageQuestion,
            ImagesQuestion,
        )

        if self.result is GetDockerImagesResult:
            return ImagesQuestion.of(values)
        return ImageQuestion.of(values)


GET_DOCKER_IMAGES: Final = Function(
    "ucimage:index:getDockerImages",
    "get_docker_images",
    arguments.GET_DOCKER_IMAGES,
    GetDockerImagesResult,
)
GET_DOCKER_IMAGE: Final = Function(
    "ucimage:index:getDockerImage",
    "get_docker_image",
    arguments.GET_DOCKER_IMAGE,
    GetDockerImageResult,
)
FUNCTIONS: Final = {f.token: f for f in (GET_DOCKER_IMAGES, GET_DOCKER_IMAGE)}

IMAGE_PIN: Final = "ucimage:index:ImagePin"
"""The token of the resource."""
