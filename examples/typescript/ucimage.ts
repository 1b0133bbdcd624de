// The functions and the pin by their tokens, with as much of their types as index.ts uses.
// Where an SDK is generated (`pulumi package add`), it takes the place of this file.

import * as pulumi from "@pulumi/pulumi";

export interface GetDockerImagesArgs {
    bucketName: pulumi.Input<string>;
}

export interface GetDockerImagesResult {
    totalCount: number;
    images: { name?: string; latestTag?: { name?: string; image?: string } }[];
}

export function getDockerImagesOutput(
    args: GetDockerImagesArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetDockerImagesResult> {
    return pulumi.runtime.invokeOutput("ucimage:index:getDockerImages", { ...args }, opts);
}

export interface ChoiceArgs {
    bucketName: pulumi.Input<string>;
    imageName?: pulumi.Input<string>;
    policy?: pulumi.Input<string>;
    semverRange?: pulumi.Input<string>;
}

export interface GetDockerImageResult {
    image: string;
    tag: string;
    explanation: string;
}

export function getDockerImageOutput(
    args: ChoiceArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetDockerImageResult> {
    return pulumi.runtime.invokeOutput("ucimage:index:getDockerImage", { ...args }, opts);
}

export interface ImagePinArgs extends ChoiceArgs {
    triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

export class ImagePin extends pulumi.CustomResource {
    declare public readonly image: pulumi.Output<string>;
    declare public readonly tag: pulumi.Output<string>;
    declare public readonly previousTag: pulumi.Output<string | undefined>;

    constructor(name: string, args: ImagePinArgs, opts?: pulumi.CustomResourceOptions) {
        const outputs = { image: undefined, tag: undefined, previousTag: undefined };
        super("ucimage:index:ImagePin", name, { ...outputs, ...args }, opts);
    }
}
