"""The control API: a SaaS connects its customers' destinations. Not on a webhook's way."""
