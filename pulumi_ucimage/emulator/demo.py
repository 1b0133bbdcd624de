"""The data of an emulator that is given none: fixed, so that demos repeat."""

from __future__ import annotations

from typing import Final

DEMO_PUBLIC_KEY: Final = "demo-public-key"
DEMO_PRIVATE_KEY: Final = "demo-private-key"
DEMO_REGISTRY_USERNAME: Final = "demo"
DEMO_REGISTRY_PASSWORD: Final = "demo-registry-password"  # noqa: S105 - made up
DEMO_REGION: Final = "cn-bj2"
DEMO_BUCKET: Final = "ucs"
DEMO_REGISTRY: Final = "ucsdr.ucloud.cn:5000"
DEMO_IMAGE: Final = f"{DEMO_REGISTRY}/{DEMO_BUCKET}/helloworld"
DEMO_TAGS: Final[tuple[tuple[str, int], ...]] = (
    ("6", 1234567890),  # the tag of the API page's own example
    ("1.0.0", 1704067200),  # 2024-01-01T00:00:00Z
    ("1.2.0-rc.1", 1717200000),  # 2024-06-01T00:00:00Z
    ("1.1.0", 1719792000),  # 2024-07-01T00:00:00Z: the newest that is no moving tag
    ("latest", 1719792060),
)
"""Tag names with their CreateTime in Unix seconds, oldest first."""


def demo_data() -> dict[str, object]:
    """The demo's keys and buckets, in the shape of a data file."""
    return {
        "Keys": [{"PublicKey": DEMO_PUBLIC_KEY, "PrivateKey": DEMO_PRIVATE_KEY}],
        "Buckets": [
            {
                "Region": DEMO_REGION,
                "BucketName": DEMO_BUCKET,
                "ImageSet": [
                    {
                        "ImageName": DEMO_IMAGE,
                        "TagSet": [
                            {"TagName": name, "CreateTime": create_time}
                            for name, create_time in DEMO_TAGS
                        ],
                        "UpdateTime": DEMO_TAGS[-1][1],
                    }
                ],
            }
        ],
    }
