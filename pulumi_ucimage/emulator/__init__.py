"""A UCloud API on 127.0.0.1 that answers GetDockerImageList, for demos and tests.

It is a second reading of the API's page, made of the standard library alone: it imports
nothing else of this package. Only `ucimage emulator` starts it; nothing else imports it.

From Python, use `with Emulator() as emulator:` and `emulator.url`; from a shell,
`python -m pulumi_ucimage.emulator`, whose first line on stdout is its URL (see `--help`).
Without data it has the key pair, region, bucket and image of the `DEMO_...` constants.

Data, as a file of JSON or as a dict: `{"Keys": [{"PublicKey", "PrivateKey",
"SecurityToken"?}], "Buckets": [{"Region", "BucketName", "ProjectId"?, "ImageSet": [as the
API sends it]}]}`. If a key has a SecurityToken, the call must send it; if a bucket has a
ProjectId, the call must name it.

Faults are `KIND[=VALUE][*TIMES]`, where TIMES is for how many requests (default: all):

- `retcode=153` answers with this RetCode.
- `http=503` answers with this HTTP status and a body that is not a listing.
- `drop` resets the connection without an answer.
- `delay=0.5` waits this many seconds before the answer.
- `cap=10` returns at most this many images per page, whatever Limit says.
- `retry_after=2` adds a Retry-After header to the answers of retcode and http.

The first retcode, http or drop that is not used up answers, before any check, and the next
ones wait; delay, cap and retry_after apply in addition.

The registry's API (OCI Distribution, v2) has the manifests of the images, by tag and by
digest: `GET` and `HEAD /v2/<path>/manifests/<tag or digest>`. Use it with
`registry="127.0.0.1:<port>"`. A tag that is pushed again gets another digest; the old one
stays until it is deleted. There are no blobs, so images cannot be pulled. With
`registry_login` (`basic` or `bearer`) a client must log in as `DEMO_REGISTRY_USERNAME`
with `DEMO_REGISTRY_PASSWORD`; Bearer tokens are issued at `/token`.

Other processes change a running emulator by control requests. POST takes a JSON object
with `Content-Type: application/json`; the answer is a JSON object, and with any other
status than 200 its `error` is a sentence.

- `POST /emulator/push` `{"BucketName", "ImageName", "TagName", "CreateTime"?, "Region"?,
  "SameBytes"?, "MediaType"?}` pushes a tag, and answers what was pushed with its `Digest`.
  With `"SameBytes": true` the bytes are those of the tag's last push, so that its digest
  stays. `MediaType` is that of the manifest: an OCI index (the default) or manifest, or a
  Docker list or manifest; the same bytes keep theirs.
- `POST /emulator/delete` `{"BucketName", "ImageName", "TagName"?, "Digest"?, "Region"?}`
  deletes a tag, or with Digest a manifest of the registry, or with neither the image, and
  answers the same fields.
- `POST /emulator/faults` `{"faults": ["http=503*2"]}` replaces all faults, an empty list
  removes them, and answers those that are left.
- `GET /emulator/requests` answers `{"requests": [...]}`: the parameters of each API call
  received, without Signature and SecurityToken.

For example: `curl -H 'Content-Type: application/json' -d '{"BucketName": "ucs",
"ImageName": "helloworld", "TagName": "1.2.0"}' http://127.0.0.1:40123/emulator/push`.
"""

from pulumi_ucimage.emulator.demo import (
    DEMO_BUCKET,
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    DEMO_REGISTRY,
    DEMO_REGISTRY_PASSWORD,
    DEMO_REGISTRY_USERNAME,
    DEMO_TAGS,
)
from pulumi_ucimage.emulator.emulator import Emulator
from pulumi_ucimage.emulator.errors import (
    DataError,
    EmulatorError,
    FaultError,
    PushError,
)

__all__ = [
    "DEMO_BUCKET",
    "DEMO_IMAGE",
    "DEMO_PRIVATE_KEY",
    "DEMO_PUBLIC_KEY",
    "DEMO_REGION",
    "DEMO_REGISTRY",
    "DEMO_REGISTRY_PASSWORD",
    "DEMO_REGISTRY_USERNAME",
    "DEMO_TAGS",
    "DataError",
    "Emulator",
    "EmulatorError",
    "FaultError",
    "PushError",
]
