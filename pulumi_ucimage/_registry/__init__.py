"""Digests by the OCI Distribution API. Knows nothing of Pulumi or of choosing tags."""
