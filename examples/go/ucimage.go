package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// The functions and the pin by their tokens, with as much of their types as main.go uses.
// Where an SDK is generated (`pulumi package add`), it takes the place of this file.

type getDockerImagesArgs struct {
	BucketName string `pulumi:"bucketName"`
}

type getDockerImagesResult struct {
	TotalCount int `pulumi:"totalCount"`
}

type choice struct {
	BucketName  string `pulumi:"bucketName"`
	ImageName   string `pulumi:"imageName"`
	Policy      string `pulumi:"policy"`
	SemverRange string `pulumi:"semverRange"`
}

type getDockerImageResult struct {
	Image       string `pulumi:"image"`
	Tag         string `pulumi:"tag"`
	Explanation string `pulumi:"explanation"`
}

type imagePin struct {
	pulumi.CustomResourceState

	Image pulumi.StringOutput `pulumi:"image"`
	Tag   pulumi.StringOutput `pulumi:"tag"`
}

func newImagePin(ctx *pulumi.Context, name string, inputs pulumi.Map) (*imagePin, error) {
	pin := &imagePin{}
	return pin, ctx.RegisterResource("ucimage:index:ImagePin", name, inputs, pin)
}
