"""What the package costs, beside the official SDK, requests and a raw socket."""
