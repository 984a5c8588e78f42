"""The files of the customer's page: those in `static/`, and no others. Its modules are one script."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from relay.page.script import join_modules

FOLDER = Path(__file__).parent / "static"
INDEX, SCRIPT = "index.html", "script.js"
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
    found = [path for path in sorted(folder.iterdir()) if path.suffix in _TYPES and path.is_file()]
    contents = {path.name: path.read_bytes() for path in found if path.suffix != ".js"}
    contents[SCRIPT] = join_modules(folder, SCRIPT).encode()
    return {
        "/page" if name == INDEX else f"/page/{name}": StaticFile(_TYPES[Path(name).suffix], content)
        for name, content in contents.items()
    }
