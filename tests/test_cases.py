"""Cases that other tools' own tests assert, in the words of our arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from choosing import IMAGE, NOW

from pulumi_ucimage import errors
from pulumi_ucimage._tags.evaluate import Tag
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import select

_FILE = Path(__file__).parent / "data" / "tags.json"
CASES = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.parametrize("backwards", [False, True])
def test_case(
    case: dict[str, Any],
    backwards: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The tag, or the error, that the other tool has, whatever the order of the tags."""
    tags = [Tag(*tag) for tag in case["tags"]][:: -1 if backwards else 1]
    arguments, expected = case["arguments"], case["expect"]
    if "error" in expected:
        with pytest.raises(getattr(errors, expected["error"])):
            select(Policy.of(arguments), tags, image_name=IMAGE, now=NOW)
    else:
        chosen = select(Policy.of(arguments), tags, image_name=IMAGE, now=NOW)
        assert {"tag": chosen.tag} == expected
