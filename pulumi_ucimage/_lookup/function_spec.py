"""The two functions, as every entry point offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._lookup.images_query import ImagesQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from pulumi_ucimage._spec.arguments import Argument


@final
@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function.

    Attributes:
        token: its name in Pulumi.
        python_name: its name in Python.
        arguments: the table of its arguments.
        result: the type of its result.
        query_type: the look-up that it makes.
    """

    token: str
    python_name: str
    arguments: tuple[Argument, ...]
    result: Any
    query_type: type[ImageQuery | ImagesQuery]


GET_DOCKER_IMAGES: Final = FunctionSpec(
    "ucimage:index:getDockerImages",
    "get_docker_images",
    arguments.GET_DOCKER_IMAGES,
    GetDockerImagesResult,
    ImagesQuery,
)
GET_DOCKER_IMAGE: Final = FunctionSpec(
    "ucimage:index:getDockerImage",
    "get_docker_image",
    arguments.GET_DOCKER_IMAGE,
    GetDockerImageResult,
    ImageQuery,
)
FUNCTIONS: Final = {f.token: f for f in (GET_DOCKER_IMAGES, GET_DOCKER_IMAGE)}
