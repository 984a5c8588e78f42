"""Deliver entries to EventBridge, and store what was not accepted."""
