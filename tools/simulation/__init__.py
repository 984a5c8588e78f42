"""A simulator of the relay on AWS: bursts and outages that no laptop can hold, from measured times and AWS's rules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "infra"))  # the throttles are derived by the stack's own code
