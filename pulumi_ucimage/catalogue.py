"""What the package offers under a token: the two functions, for every door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage import arguments
from pulumi_ucimage.lookup import ImageQuestion, ImagesQuestion
from pulumi_ucimage.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from pulumi_ucimage.arguments import Argument


@final
@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        token: its name to Pulumi.
        python_name: its name in Python.
        arguments: what it takes.
        question: what its arguments make.
        result: the type of the answer.
    """

    token: str
    python_name: str
    arguments: tuple[Argument, ...]
    question: type[ImageQuestion | ImagesQuestion]
    result: Any


GET_DOCKER_IMAGES: Final = Function(
    "ucimage:index:getDockerImages",
    "get_docker_images",
    arguments.GET_DOCKER_IMAGES,
    ImagesQuestion,
    GetDockerImagesResult,
)
GET_DOCKER_IMAGE: Final = Function(
    "ucimage:index:getDockerImage",
    "get_docker_image",
    arguments.GET_DOCKER_IMAGE,
    ImageQuestion,
    GetDockerImageResult,
)
FUNCTIONS: Final = {f.token: f for f in (GET_DOCKER_IMAGES, GET_DOCKER_IMAGE)}

IMAGE_PIN: Final = "ucimage:index:ImagePin"
"""The token of the resource."""
