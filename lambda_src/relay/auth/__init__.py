"""Authenticate a request: every scheme, its secrets, and what a scheme proves."""
