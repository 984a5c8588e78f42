"""Measurements, printed as one table: `make bench`. Ratios within one interleaved run; machines are noisy."""
