"""Read presets.toml, of which only the presets that are asked for are parsed.

Python reads TOML with Python; all of it would be an eighth of a cold start.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("presets.toml")

_TABLE = re.compile(r"^(?=\[+([A-Za-z0-9_-]+))", re.MULTILINE)


class Presets(Mapping[str, Any]):
    """Each preset's table by its name. No value in the file has a line that begins with `[`."""

    def __init__(self, text: str) -> None:
        self._texts: dict[str, str] = {}
        starts = [(match.start(), match[1]) for match in _TABLE.finditer(text)]
        ends = [start for start, _ in starts[1:]] + [len(text)]
        for (start, name), end in zip(starts, ends, strict=True):
            self._texts[name] = self._texts.get(name, "") + text[start:end]

    def __getitem__(self, name: str) -> Any:
        """Return the preset's table. Raise KeyError if there is none."""
        return tomllib.loads(self._texts[name])[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a preset; nothing is parsed."""
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._texts)


def load() -> Presets:
    """Return all of them."""
    return Presets(PATH.read_text("utf-8"))


def inherit(preset: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return `preset` with the authentication, delivery id and body format of `base` where it has none of its own."""
    with_id = preset if "delivery_id" in preset else base
    delivery_id = {key: with_id[key] for key in ("delivery_id", "unique_delivery_id") if key in with_id}
    others = {key: value for key, value in preset.items() if key not in {"delivery_id", "unique_delivery_id"}}
    auth = base.get("auth", {}) | preset.get("auth", {})
    return {"body_format": base.get("body_format", "json"), **others, **delivery_id, "auth": auth}
