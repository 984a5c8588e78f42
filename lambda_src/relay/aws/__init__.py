"""Reach AWS. The adapters in here decide nothing."""
