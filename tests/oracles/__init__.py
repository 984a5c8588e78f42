"""The senders' own libraries sign, or verify, the same request: now, not from a file."""
