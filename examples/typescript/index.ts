// What a bucket has, the newest version of an image, and a pin that stays until its release
// changes: `pulumi config set release second`.

import * as pulumi from "@pulumi/pulumi";
import { ImagePin, getDockerImageOutput, getDockerImagesOutput } from "./ucimage";

const config = new pulumi.Config();
const bucketName = config.get("bucket") ?? "ucs";
const choice = { bucketName, imageName: "helloworld", policy: "semver", semverRange: ">=1.0" };

const listed = getDockerImagesOutput({ bucketName });
const follows = getDockerImageOutput(choice);
const pin = new ImagePin("pinned", {
    ...choice,
    triggers: { release: config.get("release") ?? "first" },
});

export const images = listed.totalCount;
export const newest = follows.image;
export const pinned = pin.image;
