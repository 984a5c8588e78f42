"""The archive: every authentic webhook, with what it was to become."""
