"""The functions under `pulumi.runtime.set_mocks`, as a user tests a program offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

import pulumi_ucimage as ucimage

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("event_loop")

ANSWER = {
    "image": "h.io/app:7",
    "tag": "7",
    "createTime": 5,
    "counts": {"notMatched": 2},
    "candidates": ["7", "6"],
}
LISTING = {"images": [{"name": "h.io/app", "tags": [{"name": "7", "createTime": 5}]}]}


class Mocks(pulumi.runtime.Mocks):
    """Answers both functions, and keeps what they were asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[pulumi.runtime.MockCallArgs] = []

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Keep the call and answer it."""
        self.calls.append(args)
        return self.answer

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        """Make any resource; one named `pending` has no id yet."""
        return None if args.name == "pending" else f"{args.name}-id", dict(args.inputs)


def mocked(answer: Any, *, preview: bool = False) -> Mocks:
    """Set mocks that give this answer."""
    mocks = Mocks(answer)
    pulumi.runtime.set_mocks(mocks, preview=preview)
    return mocks


def run(program: Callable[[], Any]) -> Any:
    """Run a program under the mocks to its end, and give what it returns, resolved."""
    results: list[Any] = []

    def keep() -> pulumi.Output[Any]:
        return pulumi.Output.from_input(program()).apply(results.append)

    pulumi.runtime.test(keep)()  # type: ignore[no-untyped-call]
    return results[0] if results else None


def test_mocks_see_token_and_wire_names() -> None:
    """A call arrives as a generated SDK would send it, with nothing that was not given."""
    mocks = mocked(ANSWER)

    result = ucimage.get_docker_image(
        "ucs", image_name="app", semver_loose=True, policy="semver", tag_regex=""
    )

    assert "h.io/app:7" == result.image
    assert [
        (
            "ucimage:index:getDockerImage",
            {
                "bucketName": "ucs",
                "imageName": "app",
                "semverLoose": True,
                "policy": "semver",
            },
        )
    ] == [(call.token, call.args) for call in mocks.calls]


def test_fields_that_a_mock_leaves_out_are_none() -> None:
    """Whatever the mock does not say is None, at every depth."""
    mocked(ANSWER)
    image: Any = ucimage.get_docker_image("ucs")
    mocked(LISTING)
    images: Any = ucimage.get_docker_images("ucs")

    assert (5, None, 2, None, ["7", "6"]) == (
        image.create_time,
        image.explanation,
        image.counts.not_matched,
        image.counts.total,
        image.candidates,
    )
    assert ("h.io/app", "7", None, None) == (
        images.images[0].name,
        images.images[0].tags[0].name,
        images.images[0].tags[0].image,
        images.total_count,
    )


COUNTS = {"total": 3, "notMatched": 2}
WHOLE_NUMBERS = {
    "totalCount": 1,
    "images": [
        {"updateTime": 5, "tags": [{"createTime": 6}], "latestTag": {"createTime": 6}}
    ],
}


def test_whole_numbers_are_ints() -> None:
    """Pulumi makes a float of every number; results have ints, at every depth."""
    mocked(WHOLE_NUMBERS)
    listed: Any = ucimage.get_docker_images("ucs")
    output: Any = run(lambda: ucimage.get_docker_images_output("ucs"))
    mocked({"createTime": 7, "counts": COUNTS})
    chosen: Any = ucimage.get_docker_image("ucs")
    output_chosen: Any = run(lambda: ucimage.get_docker_image_output("ucs"))
    numbers = [
        *(
            number
            for result in (listed, output)
            for number in (
                result.total_count,
                result.images[0].update_time,
                result.images[0].tags[0].create_time,
                result.images[0].latest_tag.create_time,
            )
        ),
        *(
            number
            for result in (chosen, output_chosen)
            for number in (
                result.create_time,
                result.counts.total,
                result.counts.not_matched,
            )
        ),
    ]

    assert [1, 5, 6, 6] * 2 + [7, 3, 2] * 2 == numbers
    assert {int} == set(map(type, numbers))


def test_no_configuration_is_read() -> None:
    """Under mocks neither keys nor a region are needed."""
    mocked({})

    assert ucimage.get_docker_images("ucs").images is None


def test_output_form_gives_typed_results() -> None:
    """Inputs are awaited, and fields of the result lift."""
    mocks = mocked(LISTING)

    tag = run(
        lambda: (
            ucimage.get_docker_images_output(
                pulumi.Output.from_input("ucs"), limit=pulumi.Output.from_input(3)
            )
            .images[0]
            .tags[0]
            .name
        )
    )

    assert "7" == tag
    assert [{"bucketName": "ucs", "limit": 3}] == [call.args for call in mocks.calls]


@pytest.mark.parametrize(("secret", "expected"), [(True, True), (False, False)])
def test_secret_arguments_make_secret_results(*, secret: bool, expected: bool) -> None:
    """The result is as secret as what it was asked with."""
    mocked(ANSWER)

    def program() -> Any:
        bucket = pulumi.Output.secret("ucs") if secret else pulumi.Output.from_input("ucs")
        return ucimage.get_docker_image_output(bucket).is_secret()

    assert expected == run(program)


class Thing(pulumi.CustomResource):
    """A resource of any provider."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Thing", name, {"bucket": "ucs"})


def test_unknown_arguments_call_nothing() -> None:
    """In a preview, what is not known yet is not asked for."""
    mocks = mocked(ANSWER, preview=True)

    known = run(lambda: ucimage.get_docker_image_output(Thing("pending").id).is_known())

    assert known is False
    assert not mocks.calls


def test_errors_of_arguments_come_before_the_mock() -> None:
    """A program that cannot work does not pass its test either."""
    mocks = mocked(LISTING)

    with pytest.raises(ucimage.ArgumentError):
        ucimage.get_docker_images("ucs", limit=0)

    assert not mocks.calls


@pytest.mark.parametrize("limit", [0, pulumi.Output])
def test_errors_of_arguments_come_before_the_mock_in_the_output_form(limit: Any) -> None:
    """What a real run refuses is refused here, known at once or later."""
    mocks = mocked(LISTING)

    def program() -> Any:
        given = limit if limit == 0 else limit.from_input(0)
        return ucimage.get_docker_images_output("ucs", limit=given).images

    with pytest.raises(ucimage.ArgumentError):
        run(program)

    assert not mocks.calls
