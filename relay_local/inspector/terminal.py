"""What `make run` says of a webhook in its terminal, as `stripe listen` does: the answer, why, and what to do. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from relay.config.model import Config
from relay_local.inspector.captures import Capture


def lines(capture: Capture, config: Config, reason: Callable[[], str], advice: Callable[[str], str]) -> list[str]:
    """Return a line for a webhook, and one for each error code of its dead letters.

    `reason` returns why it is not authentic, which its sender is not told; `advice` what to do about an error code.
    """
    answer = capture.answer_document()
    at = datetime.fromtimestamp(capture.at).astimezone().strftime("%H:%M:%S")
    told = capture.answer_in_words() or ("nothing to forward" if capture.status == HTTPStatus.ACCEPTED else "")
    if capture.status == HTTPStatus.UNAUTHORIZED:
        told = reason()
    elif capture.status == HTTPStatus.NOT_FOUND:
        told = f"no route has this path; relay.toml has {', '.join(route.path for route in config.routes)}"
    codes = dict.fromkeys(str(each["error_code"]) for each in _dead_letters(answer) if each.get("error_code"))
    return [
        f"{at} {capture.status} {capture.method} {capture.path}: {told}",
        *(f"         {code}: {advice(code)}" for code in codes),
    ]


def _dead_letters(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = answer.get("entries")
    found = entries if isinstance(entries, list) else []
    return [each for each in found if isinstance(each, dict) and each.get("dead_lettered")]
