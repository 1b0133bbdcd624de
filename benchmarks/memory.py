"""What a listing holds, and the most that it held: `python -m benchmarks.memory BUCKET`."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc

from benchmarks import bodies
from pulumi_ucimage import get_docker_images


def main() -> None:
    """Print the bytes of the result and of the peak."""
    get_docker_images(bodies.bucket(1, 1))  # loads what the first look-up loads
    gc.collect()
    tracemalloc.start()
    result = get_docker_images(sys.argv[1])
    _, peak = tracemalloc.get_traced_memory()
    gc.collect()
    current, _ = tracemalloc.get_traced_memory()
    assert result.images  # noqa: S101 - and so it is alive here
    sys.stdout.write(json.dumps([current, peak]))


if __name__ == "__main__":
    main()
