"""A dozen services, whose images are in one bucket: a rule for each, in a loop.

All look-ups ask the same bucket, and so share one listing. To try it without an account:
`python -m pulumi_ucimage.emulator --data images.json`, with the keys and the region that
are in that file.
"""

from typing import Any

import pulumi

import pulumi_ucimage as ucimage

VERSION_2: dict[str, Any] = {"policy": "semver", "semver_range": "^2"}
BUILD: dict[str, Any] = {
    "policy": "numerical",
    "tag_regex": r"main-(\d+)-[0-9a-f]+",
    "tag_extract": "$1",
}
DATED: dict[str, Any] = {"policy": "alphabetical", "tag_regex": r"\d{4}-\d{2}-\d{2}"}

SERVICES: dict[str, dict[str, Any]] = {
    "accounts": VERSION_2,
    "cart": VERSION_2,
    "inventory": {"policy": "semver"},
    "checkout": {"policy": "semver", "semver_range": "~1.4"},
    "gateway": BUILD,
    "images": {},
    "mail": {"policy": "semver", "semver_loose": True},
    "orders": {**VERSION_2, "tag_exclude_regex": r"2\.1\.0"},
    "prices": DATED,
    "search": BUILD,
    "stock": {"tag": "1.0.3"},
    "web": {"policy": "semver", "tag_regex": "(.*)-alpine", "tag_extract": "$1"},
}

bucket = pulumi.Config().get("bucket") or "shop"
images = {
    service: ucimage.get_docker_image(bucket, image_name=service, **rule).image
    for service, rule in SERVICES.items()
}

pulumi.export("images", images)
