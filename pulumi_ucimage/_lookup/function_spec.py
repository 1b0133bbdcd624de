"""The two functions, as every entry point offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from pulumi_ucimage._lookup.image_query import ImageQuery
    from pulumi_ucimage._lookup.images_query import ImagesQuery
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
    """

    token: str
    python_name: str
    arguments: tuple[Argument, ...]
    result: Any

    @property
    def query_type(self) -> type[ImageQuery | ImagesQuery]:
        """The look-up that it makes."""
        # Loaded here: a program that only imports the functions does without.
        if self.result is GetDockerImagesResult:
            from pulumi_ucimage._lookup.images_query import ImagesQuery  # noqa: PLC0415

            return ImagesQuery
        from pulumi_ucimage._lookup.image_query import ImageQuery  # noqa: PLC0415

        return ImageQuery


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
