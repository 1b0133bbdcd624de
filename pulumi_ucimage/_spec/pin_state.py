"""What the state of a pin holds, under which names.

It is a flat map:

- what was asked, under the names of the arguments, with `wanted_tag` and `wanted_image`
  for `tag` and `image_name`, so that an explicit tag that is taken away is seen;
- what was chosen, under the names in `CHOSEN`;
- `region` and `project_id` as they held when the pin was made: an argument alone changes
  them, and neither does the environment.
"""

from __future__ import annotations

from typing import Final

from pulumi_ucimage._spec import arguments

WANTED: Final = {"tag": "wanted_tag", "image_name": "wanted_image"}
"""Arguments whose names the outputs have; their names among what was asked."""

ASKED: Final = tuple(WANTED.get(a.name, a.name) for a in arguments.IMAGE_PIN)

CHOSEN: Final = (
    "tag",
    "image",
    "image_name",
    "create_time",
    "created_at",
    "found",
    "previous_tag",
    "available",
    "retagged",
)
"""What a choice or a look sets. What there is none of is "", for None would get lost."""

STATE: Final = (*ASKED, *CHOSEN)
"""The keys of a state."""

IDENTITY: Final = ("bucket_name", "region", "project_id", "image_name")
"""Where one of these changes, it is another pin."""
