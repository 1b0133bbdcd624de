"""The two functions, as every entry point offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import GetDockerImageResult, GetDockerImagesResult

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def query(self, values: Mapping[str, Any]) -> ImageQuery | ImagesQuery:
        """The query that arguments make, by their Python names.

        Raises:
            ArgumentError: one of them is invalid, or some do not go together.
        """
        # A program that calls nothing does not load these.
        if self.result is GetDockerImagesResult:
            from pulumi_ucimage._lookup.images_query import ImagesQuery  # noqa: PLC0415

            return ImagesQuery.of(values)
        from pulumi_ucimage._lookup.image_query import ImageQuery  # noqa: PLC0415

        return ImageQuery.of(values)

    def check_known(self, values: Mapping[str, Any]) -> None:
        """Check the arguments that are known already; `values` has no others.

        Raises:
            ArgumentError: one of them is invalid, whatever the others will be.
        """
        if self.result is GetDockerImagesResult:
            # Only the bucket's name is required, and any name will do.
            self.query({"bucket_name": "unknown", **values})
            return
        from pulumi_ucimage._lookup.image_query import check_known  # noqa: PLC0415

        check_known(self.arguments, values)


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
