"""Cases from the tests of other tools, written with our arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from choosing import selected

from pulumi_ucimage import errors
from pulumi_ucimage._tags.evaluate import Tag

_FILE = Path(__file__).with_name("other_tools.json")
CASES = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_same_tag_is_chosen(
    case: dict[str, Any],
    backwards: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The tag or error is that of the other tool, in whatever order the tags arrive."""
    tags = [Tag(*tag) for tag in case["tags"]][:: -1 if backwards else 1]
    arguments, expected = case["arguments"], case["expect"]
    if "error" in expected:
        with pytest.raises(getattr(errors, expected["error"])):
            selected(tags, **arguments)
    else:
        assert {"tag": selected(tags, **arguments).tag} == expected
