"""Put the steps in order: one webhook, and one batch of the retry queue."""
