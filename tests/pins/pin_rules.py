"""The rules of a pin, called without Pulumi."""

from __future__ import annotations

from typing import Any

from fakes import Log, Time

from pulumi_ucimage._lookup import pin_rules
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._spec.unknown import UNKNOWN
from pulumi_ucimage.emulator import DEMO_IMAGE

Unknown = type(UNKNOWN)
JULY = 1719792000  # when 1.1.0 was pushed


def context() -> LookupContext:
    """The program around a pin, with a clock that does not move."""
    return LookupContext(stack={}, log=Log(), clock=Time().clock)


def pinned(tag: str = "1.1.0", create_time: int | str = JULY, **inputs: Any) -> Any:
    """The state of a pin on the demo's image."""
    return {
        "bucket_name": "ucs",
        "region": "cn-bj2",
        "project_id": "",
        **inputs,
        "tag": tag,
        "image": f"{DEMO_IMAGE}:{tag}",
        "image_name": DEMO_IMAGE,
        "digest": "",
        "repo_digest": "",
        "create_time": create_time,
        "created_at": "",
        "found": True,
        "previous_tag": "",
        "previous_digest": "",
        "available": True,
        "retagged": False,
    }


def reconcile(olds: Any, **inputs: Any) -> pin_rules.Reconciled:
    """What becomes of a pin of the demo's bucket with these inputs."""
    return pin_rules.reconcile(olds, {"bucket_name": "ucs", **inputs}, context(), pin="app")


def gone(tag: str, ways: str) -> str:
    """The line about a pinned tag that is not listed."""
    return f"The pin 'app' stays at '{tag}', which is no longer listed: {ways}"
