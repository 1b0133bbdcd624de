"""Canned answers of the API for buckets whose name tells their size."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

_SIZED: Final = re.compile(r"i([0-9]+)t([0-9]+)(?:-.*)?")
_DIGEST: Final = "sha512:" + 83 * "a"


def bucket(images: int, tags: int, suffix: str = "") -> str:
    """The name of a bucket with so many images of so many tags each."""
    return f"i{images}t{tags}{f'-{suffix}' if suffix else ''}"


@lru_cache(maxsize=64)
def page(bucket_name: str, *, limit: int, offset: int) -> bytes:
    """The body of one answer; of 1,000 images with 20 tags it has 3.1 MB."""
    sized = _SIZED.fullmatch(bucket_name)
    if sized is None:
        return json.dumps({"RetCode": 43023, "Message": "no such bucket"}).encode()
    images, tags = int(sized[1]), int(sized[2])
    answer = {
        "RetCode": 0,
        "Action": "GetDockerImageListResponse",
        "TotalCount": images,
        "ImageSet": [
            _image(number, tags) for number in range(offset, min(images, offset + limit))
        ],
    }
    return json.dumps(answer, separators=(",", ":")).encode()


def _image(number: int, tags: int) -> dict[str, Any]:
    return {
        "ImageName": f"ucsdr.ucloud.cn:5000/ucs/app-{number:06d}",
        "BucketName": "ucs",
        "ResourceId": f"uimage-{number:06d}",
        "OrgId": "org-bench",
        "UpdateTime": 1_700_000_000 + number,
        "TagSet": [
            {
                "TagName": f"1.{number % 50}.{tag}",
                "CreateTime": 1_600_000_000 + 1_000 * number + tag,
                "Digest": _DIGEST,
            }
            for tag in range(tags)
        ],
    }
