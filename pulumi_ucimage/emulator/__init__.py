"""A UCloud API on 127.0.0.1 that answers GetDockerImageList, for demos and tests.

It is a second reading of the API's page, made of the standard library alone: it imports
nothing else of this package, and nothing of this package imports it.

From Python, `with Emulator() as emulator:` and `emulator.url`; from a shell,
`python -m pulumi_ucimage.emulator`, whose first line on stdout is its URL (`--help` tells
the rest). Without data it knows the key pair, region, bucket and image of the `DEMO_…`
constants.

Data, as a file of JSON or as a dict: `{"Keys": [{"PublicKey", "PrivateKey",
"SecurityToken"?}], "Buckets": [{"Region", "BucketName", "ProjectId"?, "ImageSet": [as the
API sends it]}]}`. Where a key has a SecurityToken the call must send it; where a bucket
has a ProjectId the call must name it.

Faults are `KIND[=VALUE][*TIMES]`, where TIMES is for how many requests (default: all):

- `retcode=153` answers with that RetCode.
- `http=503` answers with that HTTP status and a body that is no listing.
- `drop` resets the connection without an answer.
- `delay=0.5` waits so many seconds before anything is answered.
- `cap=10` makes no page longer, whatever Limit says.
- `retry_after=2` adds a Retry-After header to what retcode and http answer.

The first retcode, http or drop that is not used up answers, before any check, and those
after it wait; delay, cap and retry_after come on top of everything.

Other processes change a running emulator by control requests. POST wants a JSON object
and `Content-Type: application/json`; the answer is a JSON object, and with any other status
than 200 its `error` is a sentence.

- `POST /emulator/push` `{"BucketName", "ImageName", "TagName", "CreateTime"?, "Region"?}`
  pushes, and answers the same fields as they were pushed.
- `POST /emulator/delete` `{"BucketName", "ImageName", "TagName"?, "Region"?}` deletes a
  tag, or without TagName the image, and answers the same fields.
- `POST /emulator/faults` `{"faults": ["http=503*2"]}` puts these in the place of all faults
  there are, an empty list ends them, and answers those that are left.
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
    "DEMO_TAGS",
    "DataError",
    "Emulator",
    "EmulatorError",
    "FaultError",
    "PushError",
]
