"""Names of images are taken apart by Docker's rule."""

from __future__ import annotations

import pytest

from pulumi_ucimage._lookup.image_name import ImageName


@pytest.mark.parametrize(
    ("full", "host", "path"),
    [
        ("ucsdr.ucloud.cn:5000/ucs/helloworld", "ucsdr.ucloud.cn:5000", "ucs/helloworld"),
        ("uhub.service.ucloud.cn/ucs/app", "uhub.service.ucloud.cn", "ucs/app"),
        ("registry:5000/app", "registry:5000", "app"),
        ("localhost/app", "localhost", "app"),
        ("localhost:5000/app", "localhost:5000", "app"),
        ("10.0.0.5/a/b/c", "10.0.0.5", "a/b/c"),
        ("[::1]:5000/app", "[::1]:5000", "app"),
        ("a.b/app", "a.b", "app"),
        # No host: Docker would ask Docker Hub for these.
        ("helloworld", None, "helloworld"),
        ("ucs/helloworld", None, "ucs/helloworld"),
        ("registry/ucs/app", None, "registry/ucs/app"),
        ("localhosts/app", None, "localhosts/app"),
        ("ucs/with.dot/app", None, "ucs/with.dot/app"),
        ("with.dot", None, "with.dot"),
        ("localhost", None, "localhost"),
        ("helloworld:5000", None, "helloworld:5000"),
        ("/app", None, "/app"),
        ("", None, ""),
    ],
)
def test_host_and_path(full: str, host: str | None, path: str) -> None:
    """The first part is a host where it has a dot or a colon, or is `localhost`."""
    name = ImageName.parse(full)

    assert (full, host, path) == (name.full, name.host, name.path)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("ucsdr.ucloud.cn:5000/ucs/helloworld", "helloworld"),
        ("ucs/helloworld", "helloworld"),
        ("helloworld", "helloworld"),
        ("a.b/c", "c"),
    ],
)
def test_the_short_name_is_the_last_part(full: str, short: str) -> None:
    """An image's short name is the text after the last slash."""
    assert short == ImageName.parse(full).short


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        ("ucsdr.ucloud.cn:5000/ucs/helloworld", True),
        ("ucs/helloworld", True),
        ("helloworld", True),
        ("hello", False),
        ("world", False),
        ("s/helloworld", False),
        ("ucsdr.ucloud.cn/ucs/helloworld", False),
        ("HelloWorld", False),
        ("helloworld ", False),
        ("/helloworld", False),
        ("", False),
    ],
)
def test_an_image_has_three_names(called: str, *, expected: bool) -> None:
    """Full name, path and last part are its names, exactly; no other text is."""
    name = ImageName.parse("ucsdr.ucloud.cn:5000/ucs/helloworld")

    assert expected == name.is_called(called)


@pytest.mark.parametrize(
    ("full", "registry", "expected"),
    [
        ("a.b:5000/c/d", None, "a.b:5000/c/d"),
        ("a.b:5000/c/d", "mirror:1", "mirror:1/c/d"),
        ("c/d", "mirror:1", "mirror:1/c/d"),
        ("d", "mirror:1", "mirror:1/d"),
        ("c/d", None, None),
        ("d", None, None),
    ],
)
def test_a_repository_has_a_host(
    full: str, registry: str | None, expected: str | None
) -> None:
    """A registry supplies or replaces the host; without either there is no repository."""
    assert expected == ImageName.parse(full).find_repository(registry)
