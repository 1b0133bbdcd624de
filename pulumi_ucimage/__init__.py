"""Find a container image's tag in UCloud's registry from a Pulumi program.

Functions that follow what is pushed, a pin that keeps its tag, and their errors. See the
README.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from pulumi_ucimage._spec.results import (
        AwaitableGetDockerImageResult,
        AwaitableGetDockerImagesResult,
        DockerImage,
        DockerImageTag,
        GetDockerImageResult,
        GetDockerImagesResult,
        TagCounts,
    )
    from pulumi_ucimage.errors import (
        AmbiguousImageError,
        AmbiguousTagError,
        ApiError,
        ArgumentError,
        ArgumentTypeError,
        ConfigError,
        DowngradeError,
        InvalidPolicyError,
        NoMatchingTagError,
        NoSuchImageError,
        RegistryError,
        ResponseError,
        SelectionError,
        TransportError,
        UcimageError,
    )
    from pulumi_ucimage.functions import (
        get_docker_image,
        get_docker_image_output,
        get_docker_images,
        get_docker_images_output,
    )
    from pulumi_ucimage.pin import ImagePin

__all__ = [
    "AmbiguousImageError",
    "AmbiguousTagError",
    "ApiError",
    "ArgumentError",
    "ArgumentTypeError",
    "AwaitableGetDockerImageResult",
    "AwaitableGetDockerImagesResult",
    "ConfigError",
    "DockerImage",
    "DockerImageTag",
    "DowngradeError",
    "GetDockerImageResult",
    "GetDockerImagesResult",
    "ImagePin",
    "InvalidPolicyError",
    "NoMatchingTagError",
    "NoSuchImageError",
    "RegistryError",
    "ResponseError",
    "SelectionError",
    "TagCounts",
    "TransportError",
    "UcimageError",
    "__version__",
    "get_docker_image",
    "get_docker_image_output",
    "get_docker_images",
    "get_docker_images_output",
]

_MODULES = ("errors", "_spec.results", "functions", "pin")


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used.

    `ucimage --help` and the emulator start without loading Pulumi.
    """
    if name in __all__:
        for module in _MODULES:
            names = vars(import_module(f"{__name__}.{module}"))
            if name in names:
                return globals().setdefault(name, names[name])
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
