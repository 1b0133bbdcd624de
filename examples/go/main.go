// What a bucket has, the newest version of an image, and a pin that stays until its release
// changes: `pulumi config set release second`.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		bucket, release := config.Get(ctx, "bucket"), config.Get(ctx, "release")
		if bucket == "" {
			bucket = "ucs"
		}

		var listed getDockerImagesResult
		args := getDockerImagesArgs{BucketName: bucket}
		if err := ctx.Invoke("ucimage:index:getDockerImages", args, &listed); err != nil {
			return err
		}

		var newest getDockerImageResult
		wanted := choice{bucket, "helloworld", "semver", ">=1.0"}
		if err := ctx.Invoke("ucimage:index:getDockerImage", wanted, &newest); err != nil {
			return err
		}

		pinned, err := newImagePin(ctx, "pinned", pulumi.Map{
			"bucketName":  pulumi.String(wanted.BucketName),
			"imageName":   pulumi.String(wanted.ImageName),
			"policy":      pulumi.String(wanted.Policy),
			"semverRange": pulumi.String(wanted.SemverRange),
			"triggers":    pulumi.StringMap{"release": pulumi.String(release)},
		})
		if err != nil {
			return err
		}

		ctx.Export("images", pulumi.Int(listed.TotalCount))
		ctx.Export("newest", pulumi.String(newest.Image))
		ctx.Export("pinned", pinned.Image)
		return nil
	})
}
