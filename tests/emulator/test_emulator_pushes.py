"""Pushes and deletions while the emulator runs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from emulator_calls import DATA, HELLO, NAMES, demo, listed, post, signed

from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_TAGS, Emulator, PushError
from pulumi_ucimage.emulator.data_file import parse as parse_data
from pulumi_ucimage.emulator.state import State


def state(*images: dict[str, Any], now: float = 1000.9) -> State:
    """Buckets with these images, and a clock that does not move."""
    bucket = {"Region": "cn-bj2", "BucketName": "tools", "ImageSet": list(images)}
    other = {"Region": "hk", "BucketName": "tools", "ImageSet": []}
    return State(parse_data({"Keys": [], "Buckets": [bucket, other]}), now=lambda: now)


def images_of(state: State) -> list[Any]:
    """What the first of these buckets holds."""
    bucket = state.bucket("cn-bj2", "tools")
    assert bucket is not None
    return list(bucket.images)


@pytest.mark.parametrize("image", [DEMO_IMAGE, "ucs/helloworld", "helloworld"])
def test_an_image_is_found_in_every_spelling(emulator: Emulator, image: str) -> None:
    """Full name, path and last part push to the same image, and are listed."""
    pushed = emulator.push("ucs", image, "1.2.0", create_time=1800000000)

    assert pushed == {
        "Region": "cn-bj2",
        "BucketName": "ucs",
        "ImageName": DEMO_IMAGE,
        "TagName": "1.2.0",
        "CreateTime": 1800000000,
        "Digest": emulator.digest("ucs", image, "1.2.0"),
    }
    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert listing["TagSet"][-1] == {"TagName": "1.2.0", "CreateTime": 1800000000}
    assert (len(listing["TagSet"]), listing["UpdateTime"]) == (6, 1800000000)


@pytest.mark.parametrize(
    ("first", "image", "name"),
    [
        (HELLO, "new", "registry.example/tools/new"),
        (HELLO, "team/new", "registry.example/team/new"),
        (HELLO, "localhost/new", "localhost/new"),
        (HELLO, "other.example:5000/a/new", "other.example:5000/a/new"),
        ("hello", "new", "ucsdr.ucloud.cn:5000/tools/new"),
        ("team/hello", "team/new", "ucsdr.ucloud.cn:5000/team/new"),
        ("a.b", "new", "ucsdr.ucloud.cn:5000/tools/new"),
    ],
)
def test_a_new_image_gets_a_full_name(first: str, image: str, name: str) -> None:
    """It gets the host of the bucket's images, and after a last part the bucket's name."""
    known = state({"ImageName": first})

    known.push("tools", image, "1", region="cn-bj2")

    assert images_of(known) == [
        {"ImageName": first},
        {
            "ImageName": name,
            "TagSet": [{"TagName": "1", "CreateTime": 1000}],
            "UpdateTime": 1000,
        },
    ]


@pytest.mark.parametrize(
    ("image", "tag", "expected"),
    [
        ({"TagSet": None}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"UpdateTime": None}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"UpdateTime": 2000}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 2000}),
        ({"TagSet": [("1", 500)]}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"TagSet": [("1", 1000)]}, "1", {"TagSet": [("1", 1001)], "UpdateTime": 1001}),
        (
            {"TagSet": [("1", None), ("2", 5000), ("3", "x")], "UpdateTime": 1},
            "4",
            {
                "TagSet": [("1", None), ("2", 5000), ("3", "x"), ("4", 5001)],
                "UpdateTime": 5001,
            },
        ),
        (
            {"TagSet": [("1", 1), ("1", 2)]},
            "1",
            {"TagSet": [("1", 1000), ("1", 1000)], "UpdateTime": 1000},
        ),
    ],
)
def test_a_push_is_newer_than_what_is_there(
    image: dict[str, Any], tag: str, expected: dict[str, Any]
) -> None:
    """Its time is now, or after the newest tag; the image's time never goes back."""
    known = state({"ImageName": HELLO, **with_tags(image)})

    known.push("tools", HELLO, tag, region="cn-bj2")

    assert images_of(known) == [{"ImageName": HELLO, **with_tags(expected)}]


def with_tags(image: dict[str, Any]) -> dict[str, Any]:
    """An image whose tags are written as pairs, as the API sends it."""
    if not image.get("TagSet"):
        return image
    tags = [{"TagName": name, "CreateTime": at} for name, at in image["TagSet"]]
    return {**image, "TagSet": tags}


def test_a_push_keeps_unusual_entries() -> None:
    """Entries that are not tags, and unknown fields, stay as they are."""
    known = state(
        {"ImageName": HELLO, "TagSet": [7, {"TagName": "1", "Digest": "x"}], "OrgId": 5}
    )

    known.push("tools", HELLO, "1", create_time=0, region="cn-bj2")

    assert images_of(known) == [
        {
            "ImageName": HELLO,
            "TagSet": [7, {"TagName": "1", "Digest": "x", "CreateTime": 0}],
            "OrgId": 5,
            "UpdateTime": 0,
        }
    ]


def test_an_image_named_as_in_the_table_is_found() -> None:
    """The page's table calls the image's name BucketName."""
    known = state({"BucketName": HELLO})

    assert known.push("tools", "hello", "1", region="cn-bj2")["ImageName"] == HELLO


def test_an_exact_name_comes_before_a_part() -> None:
    """A full name is found first, also if it is the last part of another one."""
    known = state({"ImageName": HELLO}, {"ImageName": "hello"})

    assert known.push("tools", "hello", "1", region="cn-bj2")["ImageName"] == "hello"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "hello", "1"), "the emulator has cn-bj2/tools, hk/tools."),
        (("tools", "hello", "1", None, "us"), "in the region 'us'"),
        (("tools", "hello", "1"), "use one of the regions cn-bj2, hk."),
        (("tools", "app", "1", None, "cn-bj2"), "use one of a.b/one/app, a.b/two/app."),
        (("tools", "", "1", None, "cn-bj2"), "not empty"),
        (("tools", "hello", "", None, "cn-bj2"), "not empty"),
        (("tools", "hello", "1", -1, "cn-bj2"), "Unix seconds"),
        (("tools", "hello", "1", True, "cn-bj2"), "Unix seconds"),
    ],
)
def test_an_invalid_push_is_one_sentence(arguments: Any, said: str) -> None:
    """It names what is missing or ambiguous, and changes nothing."""
    known = state({"ImageName": "a.b/one/app"}, {"ImageName": "a.b/two/app"}, {})
    before = images_of(known)

    with pytest.raises(PushError) as caught:
        known.push(*arguments)

    assert (said in str(caught.value), str(caught.value)[-1]) == (True, ".")
    assert images_of(known) == before


def test_an_emulator_without_buckets_says_so() -> None:
    """The sentence about an unknown bucket is right also if there are no buckets."""
    with pytest.raises(PushError, match=r"the emulator has none\.$"):
        Emulator(data={"Keys": [], "Buckets": []}).push("ucs", "hello", "1")


def test_the_given_data_is_copied() -> None:
    """A push does not change the given dict, and the dict does not change the listing."""
    data = json.loads(json.dumps(DATA))
    emulator = Emulator(data=data)

    emulator.push("many", NAMES[0], "1")
    unchanged = data == DATA
    data["Buckets"][0]["ImageSet"][1]["ImageName"] = "another"

    with emulator:
        assert (unchanged, listed(emulator, "many")[1]) == (True, {"ImageName": NAMES[1]})


def test_a_tag_is_deleted(emulator: Emulator) -> None:
    """A deleted tag is no longer listed; the others are."""
    deleted = emulator.delete("ucs", "helloworld", "6")

    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert deleted["TagName"] == "6"
    assert [tag["TagName"] for tag in listing["TagSet"]] == [
        name for name, _ in DEMO_TAGS[1:]
    ]


def test_an_image_is_deleted(many: Emulator) -> None:
    """Without a tag the whole image is deleted, and TotalCount decreases."""
    deleted = many.delete("many", NAMES[1])

    answer = post(many.url, signed(Limit="2")).json()
    assert deleted == {
        "Region": "cn-bj2",
        "BucketName": "many",
        "ImageName": NAMES[1],
        "TagName": None,
        "Digest": None,
    }
    assert answer["ImageSet"] == [{"ImageName": NAMES[0]}, {"ImageName": NAMES[2]}]
    assert answer["TotalCount"] == 24


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "hello"), "There is no bucket 'nope'"),
        (("tools", "hello", None, "hk"), "which has none."),
        (("tools", "hell", None, "cn-bj2"), f"which has {HELLO}."),
        (("tools", "hello", "2", "cn-bj2"), "which has 1."),
        (("tools", "hello", "", "cn-bj2"), "which has 1."),
    ],
)
def test_a_deletion_of_nothing_is_one_sentence(arguments: Any, said: str) -> None:
    """It names what does not exist, and what does."""
    known = state({"ImageName": HELLO, "TagSet": [{"TagName": "1"}, {}, None]}, {})

    with pytest.raises(PushError) as caught:
        known.delete(*arguments)

    assert said in str(caught.value)


def test_pushes_of_many_threads_are_all_there(many: Emulator) -> None:
    """No push is lost, and no two of an image have the same time."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda at: many.push("many", "image-00", str(at)), range(200)))

    tags = listed(many, "many")[0]["TagSet"]
    assert {tag["TagName"] for tag in tags} == {str(at) for at in range(200)}
    assert len({tag["CreateTime"] for tag in tags}) == 200


def test_a_name_that_is_not_text_is_refused() -> None:
    """Half of a surrogate pair cannot be in a manifest; nothing is stored."""
    with Emulator() as emulator:
        with pytest.raises(PushError, match="surrogate"):
            emulator.push("ucs", "helloworld", "\ud800")

        emulator.push("ucs", "helloworld", "2.0.0")
