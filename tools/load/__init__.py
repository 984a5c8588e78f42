"""`make load` and `make soak`: what a relay takes, how long senders wait, and whether anything is lost."""
