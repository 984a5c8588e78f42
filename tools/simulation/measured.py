"""What was measured beside the simulation, for the page: physical runs on the local AWS, and another simulator."""

import json
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("measured.json")


def read() -> dict[str, Any]:
    """Return everything that was noted."""
    found: dict[str, Any] = json.loads(MEASURED.read_text("utf-8")) if MEASURED.exists() else {}
    return found


def note(name: str, found: dict[str, Any]) -> None:
    """Keep what was found, and print it."""
    print(json.dumps(found, indent=1))
    MEASURED.write_text(json.dumps(read() | {name: found}, indent=1) + "\n", "utf-8")
