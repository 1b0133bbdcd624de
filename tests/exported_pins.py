"""Pins as `pulumi stack export` prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage.cli import pin_report
from pulumi_ucimage.emulator import DEMO_IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Ended

    Run = Callable[..., Ended]


PYTHON = "pulumi-python:dynamic/ucimage:ImagePin"
PLUGIN = "ucimage:index:ImagePin"
JANUARY, JULY = 1_704_067_200, 1_719_792_000  # 1.0.0 and 1.1.0 of the demo
UP_TO_DATE, NEWER, FIXED = pin_report.UP_TO_DATE, pin_report.NEWER, pin_report.FIXED
DEFAULT, FAILED = pin_report.DEFAULT, pin_report.FAILED


def pin(name: str = "app", type_: str = PYTHON, **changes: Any) -> dict[str, Any]:
    """A resource of an export: a pin of 1.1.0 by the policy newest, with changes."""
    state = {
        "bucket_name": "ucs",
        "region": "cn-bj2",
        "project_id": "",
        "image_name": DEMO_IMAGE,
        "image": f"{DEMO_IMAGE}:1.1.0",
        "tag": "1.1.0",
        "create_time": JULY,
        "created_at": "2024-07-01T00:00:00Z",
        "found": True,
        "available": True,
        "retagged": False,
        "previous_tag": "",
        **changes,
    }
    if type_ == PLUGIN:
        state = {wire_name(key): value for key, value in state.items()}
    chosen_at = "chosenAt" if type_ == PLUGIN else "chosen_at"
    return {
        "urn": f"urn:pulumi:dev::test::{type_}::{name}",
        "type": type_,
        "inputs": {"__provider": "gASV", **state},
        "outputs": {**state, chosen_at: "2026-01-02T03:04:05Z"},
    }


def exported(*resources: dict[str, Any]) -> str:
    """The text of an exported stack."""
    stack = {"urn": "urn:pulumi:dev::test::pulumi:pulumi:Stack::test-dev", "type": "x"}
    return json.dumps({"version": 3, "deployment": {"resources": [stack, *resources]}})
