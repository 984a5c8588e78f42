"""Map an authenticated webhook to entries."""
