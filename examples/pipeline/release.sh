#!/bin/sh
# The jobs of pipeline.yaml:
#
#   release.sh preview RELEASE   choose for a release, show the change, save the plan
#   release.sh roll              do what the plan says, and nothing else
#   release.sh back TAG          go to a tag by its name, back or forth
#
# STACK is the stack, `production` by default. Keys and region come from the environment:
# UCLOUD_PUBLIC_KEY, UCLOUD_PRIVATE_KEY and UCLOUD_REGION.
set -eu
cd "$(dirname "$0")"
export PULUMI_SKIP_UPDATE_CHECK=true
stack="${STACK:-production}"

set_release() {
  pulumi stack select --create --stack "$stack"
  pulumi config set release "$1"
  pulumi config rm tag 2>/dev/null || true
}

case "${1:-}" in
preview)
  set_release "$2"
  # The release belongs to the plan: `roll` may run in another checkout.
  echo "$2" > release.txt
  status=0
  pulumi preview --non-interactive --diff --save-plan plan.json > preview.txt || status=$?
  cat preview.txt
  [ "$status" -eq 0 ] || exit "$status"
  echo "The change of the tag:"
  grep -E '^ *[~+] (tag|image) *:' preview.txt || echo "  none"
  ;;
roll)
  set_release "$(cat release.txt)"
  pulumi up --non-interactive --yes --skip-preview --plan plan.json
  ;;
back)
  pulumi stack select --stack "$stack"
  # The release that is deployed; another one would be another trigger.
  pulumi config refresh --force
  pulumi config set tag "$2"
  pulumi up --non-interactive --yes --skip-preview
  ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
