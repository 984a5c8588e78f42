"""The local AWS for `make demo`, `make run` and the end-to-end tests. Nothing here runs in AWS.

Two processes, two Python environments:
- `relay_local.emulator`: ministack, with the partner operations that no emulator has; only ministack and the standard
  library;
- everything else starts the emulator, deploys this project's own stack onto it, posts the samples and shows what
  arrived.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lambda_src"))  # the relay's own code reads its relay.toml
