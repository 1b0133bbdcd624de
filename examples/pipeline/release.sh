#!/bin/sh
# The steps of gitlab-ci.yml, github-actions.yml and Jenkinsfile:
#
#   release.sh preview RELEASE   choose for a release, show the change, save the plan
#   release.sh roll              do what the plan says, and nothing else
#   release.sh back TAG          go to a tag by its name, older or newer
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
  echo "The tag:"
  # A new pin's values have no sign before them, changed values have.
  sign='[~+] '
  ! grep -q 'ImagePin: (create)' preview.txt || sign=''
  grep -E "^ *$sign(tag|image) *:" preview.txt || echo "  no change"
  ;;
roll)
  set_release "$(cat release.txt)"
  rm -f failed.txt
  { pulumi up --non-interactive --yes --skip-preview --plan plan.json 2>&1 \
    || echo "$?" > failed.txt; } | tee up.txt
  if [ -e failed.txt ] && grep -q 'violates plan' up.txt; then
    echo "Another tag was pushed since the review, so the pin was not changed:" >&2
    echo "run 'release.sh preview' again and have the new plan reviewed." >&2
  fi
  [ ! -e failed.txt ] || exit "$(cat failed.txt)"
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
