"""What a pipeline deploys: an image that moves when the pipeline names a release.

Replace the exports by your deployment, with `app.image` as its image.
"""

import pulumi

import pulumi_ucimage as ucimage

config = pulumi.Config()
app = ucimage.ImagePin(
    "app",
    bucket_name="ucs",
    image_name="helloworld",
    policy="semver",
    tag=config.get("tag"),
    triggers={"release": config.require("release")},
)

pulumi.export("image", app.image)
pulumi.export("previous", app.previous_tag)
