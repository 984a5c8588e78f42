"""Write docs/reference/openapi.json, the OpenAPI document of the control API: `python -m tools.openapi`.

A test says when it is out of date.
"""

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from relay.control import api
from relay.control.service import Control
from relay.control.services import ControlServices

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "openapi.json"


def document() -> str:
    """Return the text of the document."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(ControlServices))
    settings: Any = None
    app = api.build(Control(ControlServices(**nothing), settings))
    return json.dumps(api.openapi(app, version), indent=2) + "\n"


def main() -> None:
    """Write the document."""
    PAGE.write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
