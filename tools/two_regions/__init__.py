"""A Region lost: two relays behind one name, each on a local AWS of its own, one of which stops under load."""
