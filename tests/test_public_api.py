"""The names that the package offers."""

from __future__ import annotations

import pytest

import pulumi_ucimage

# From sections 2, 4 and 7 of the contract, with the types of results and their parts.
RESOURCES = {"ImagePin"}
FUNCTIONS = {
    "get_docker_image",
    "get_docker_image_output",
    "get_docker_images",
    "get_docker_images_output",
}
RESULTS = {
    "AwaitableGetDockerImageResult",
    "AwaitableGetDockerImagesResult",
    "DockerImage",
    "DockerImageTag",
    "GetDockerImageResult",
    "GetDockerImagesResult",
    "TagCounts",
}
ERRORS = {
    "AmbiguousImageError",
    "AmbiguousTagError",
    "ApiError",
    "ArgumentError",
    "ArgumentTypeError",
    "ConfigError",
    "DowngradeError",
    "InvalidPolicyError",
    "NoMatchingTagError",
    "NoSuchImageError",
    "RegistryError",
    "ResponseError",
    "SelectionError",
    "TransportError",
    "UcimageError",
}


def test_the_public_names_are_the_contract_s() -> None:
    """The package gives out what the contract names and nothing else."""
    assert FUNCTIONS | RESOURCES | RESULTS | ERRORS | {"__version__"} == set(
        pulumi_ucimage.__all__
    )


def test_the_public_names_are_sorted() -> None:
    """Each name is there once, in order."""
    assert sorted(set(pulumi_ucimage.__all__)) == list(pulumi_ucimage.__all__)


@pytest.mark.parametrize("name", pulumi_ucimage.__all__)
def test_each_public_name_is_there(name: str) -> None:
    """Each name can be imported and has a docstring."""
    value = getattr(pulumi_ucimage, name)

    assert value.__doc__


def test_nothing_else_is_visible() -> None:
    """`dir` lists the public names only."""
    assert dir(pulumi_ucimage) == list(pulumi_ucimage.__all__)


def test_another_name_is_an_attribute_error() -> None:
    """A name that the package does not have is an AttributeError, as for any module."""
    with pytest.raises(AttributeError, match="'pulumi_ucimage' has no attribute 'latest'"):
        _ = pulumi_ucimage.latest
