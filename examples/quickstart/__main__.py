"""Look up an image's newest tag, and deploy it with a Compose file."""

import pulumi
from compose import ComposeFile

import pulumi_ucimage as ucimage

newest = ucimage.get_docker_image_output("ucs", image_name="helloworld")

ComposeFile("site", path="compose.yaml", service="web", image=newest.image)

pulumi.export("image", newest.image)
pulumi.export("created_at", newest.created_at)
