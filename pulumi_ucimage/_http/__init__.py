"""HTTP with deadlines, size limits, proxies and retries. Redirects are not followed."""
