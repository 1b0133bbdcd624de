"""Find a container image's tag in UCloud's registry from a Pulumi program.

Functions that follow what is pushed, a pin that stays, and their errors. See the README.
"""

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
from pulumi_ucimage.version import __version__

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
