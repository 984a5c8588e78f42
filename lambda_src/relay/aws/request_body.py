"""The body of a request of AWS's JSON protocol."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

_LONG = 64 * 1024
_MARK = secrets.token_hex(16)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def dump(parameters: Mapping[str, Any]) -> bytes:
    """Return the JSON of an operation's parameters.

    The details of EventBridge's entries are quoted apart if one is long: Python's encoder looks at every character
    twice, and a search for those to escape at most of them not at all.
    """
    details = [entry.get("Detail", "") for entry in parameters.get("Entries", ())]  # those of SQS have none
    if any(len(detail) > _LONG for detail in details):
        marked = [{**entry, "Detail": _MARK} for entry in parameters["Entries"]]
        parts = json.dumps({**parameters, "Entries": marked}).split(_MARK)
        if len(parts) == len(details) + 1:  # nothing else has the text of the mark
            texts = [part + _escape(detail) for part, detail in zip(parts, details, strict=False)]
            return "".join([*texts, parts[-1]]).encode()
    return json.dumps(parameters, default=_blob).encode()


def _escape(detail: str) -> str:
    """Return a detail as it stands in a JSON string: JSON has no other control characters than these."""
    for character, escape in _ESCAPES.items():
        if character in detail:
            detail = detail.replace(character, escape)
    return detail


def _blob(value: object) -> str:
    """Return bytes as the JSON protocol writes them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no parameter of an operation")
