"""Look-ups beside the official SDK, a bare POST and a raw socket, in one run."""
