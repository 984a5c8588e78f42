"""Measurements, printed as one table: `make bench`. Ratios within one interleaved run; machines are noisy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "infra"))  # the stack's own code builds the package that is measured
