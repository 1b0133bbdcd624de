"""Deploy an image with a Compose file: its newest tag for a preview, a pinned one for all.

The function follows every push. The pin stays until `pulumi config set release` names
another release, or `pulumi config set tag` another tag; `pulumi preview` shows the move.
"""

import pulumi
from compose import ComposeFile

import pulumi_ucimage as ucimage

config = pulumi.Config()

newest = ucimage.get_docker_image_output("ucs", image_name="helloworld")
pinned = ucimage.ImagePin(
    "site",
    bucket_name="ucs",
    image_name="helloworld",
    tag=config.get("tag"),
    triggers={"release": config.get("release") or "first"},
)

ComposeFile(
    "compose",
    path="compose.yaml",
    services={"preview": newest.image, "site": pinned.image},
)

pulumi.export("newest", newest.image)
pulumi.export("pinned", pinned.image)
