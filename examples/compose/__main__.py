"""Two services on one host, with Docker Compose.

Run `pulumi up` on the host, or copy compose.yaml to it, then `docker compose up -d`: it
restarts what has another image, and nothing else.
"""

from pathlib import Path

import pulumi
from rendered import RenderedFile

import pulumi_ucimage as ucimage

config = pulumi.Config()
triggers = {"release": config.get("release") or "first"}

web = ucimage.ImagePin(
    "web", bucket_name="ucs", image_name="helloworld", policy="semver", triggers=triggers
)
worker = ucimage.ImagePin(
    "worker",
    bucket_name="ucs",
    image_name="helloworld",
    tag=config.get("workerTag") or "1.0.0",
)

RenderedFile(
    "compose",
    path="compose.yaml",
    template=Path("compose.template.yaml").read_text(encoding="utf-8"),
    values={"web": web.image, "worker": worker.image},
)

pulumi.export("web", web.image)
pulumi.export("worker", worker.image)
