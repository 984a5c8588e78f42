"""The files of the customer's page: those in `static/`, and no others."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "static"
INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class StaticFile(NamedTuple):
    """A file as it is sent."""

    content_type: str
    content: bytes

    def answer(self) -> dict[str, Any]:
        """Return it as the answer of a function."""
        return {
            "statusCode": 200,
            "headers": {"Content-Type": self.content_type},
            "body": base64.b64encode(self.content).decode(),
            "isBase64Encoded": True,
        }


def load(folder: Path = FOLDER) -> Mapping[str, StaticFile]:
    """Return the files by the path of each: the page itself has none. A path that is no key names no file."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix in _TYPES and path.is_file()]
    return {
        "/page" if path.name == INDEX else f"/page/{path.name}": StaticFile(_TYPES[path.suffix], path.read_bytes())
        for path in files
    }
