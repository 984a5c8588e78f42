"""Customers' destinations: what is deployed only where relay.toml has `[destinations]`."""
