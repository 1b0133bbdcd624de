"""Programs in a small engine, whose resources push tags."""

from __future__ import annotations

from typing import Any

import pulumi

import pulumi_ucimage as ucimage


class Push(pulumi.CustomResource):
    """A resource whose creation pushes a tag."""

    bucket: pulumi.Output[str]

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Push", "pushed", {"bucket": "ucs"}, opts)


def export_tag(result: Any) -> None:
    """Export what a look-up chose."""
    pulumi.export("tag", result.tag)


# Each waits for the push in its own way, and then looks up the newest tag.


def depends_on_a_resource() -> None:
    """Wait for the resource itself."""
    opts = pulumi.InvokeOutputOptions(depends_on=[Push()])
    export_tag(ucimage.get_docker_image_output("ucs", opts=opts))


def depends_on_a_component() -> None:
    """Wait for the component that has it as a child."""
    component = pulumi.ComponentResource("test:index:Parent", "parent")
    Push(pulumi.ResourceOptions(parent=component))
    opts = pulumi.InvokeOutputOptions(depends_on=[component])
    export_tag(ucimage.get_docker_image_output("ucs", opts=opts))
