"""Customers' destinations: who receives an entry, in which account and Region, and what waits for whom."""
