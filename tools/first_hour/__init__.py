"""The first hour on an AWS account: deploys the relay, tries it, writes a report, destroys it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "infra"))  # the stack's own code says what its parts are called
