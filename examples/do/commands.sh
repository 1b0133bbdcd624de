#!/bin/sh
# Look up images from the command line: `pulumi do` needs no program and no stack.
# Keys and region come from the environment or from the UCloud CLI's profile.
set -eu

plugin="$(command -v pulumi-resource-ucimage)"

echo "All images of a bucket, as JSON:"
pulumi do --package "$plugin" ucimage:getDockerImages --bucket-name ucs

echo "The highest version of a range:"
pulumi do --package "$plugin" ucimage:getDockerImage --bucket-name ucs \
  --policy semver --semver-range '^1.0'

echo "A bucket that is not there:"
if pulumi do --package "$plugin" ucimage:getDockerImage --bucket-name no-such-bucket; then
  exit 1
fi
echo "The look-up failed, as it should."
