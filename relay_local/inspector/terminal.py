"""What `make run` says of a webhook in its terminal, as `stripe listen` does: the answer, why, and what to do. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from relay.config.model import Config
from relay_local.inspector.captures import Capture

INDENT = " " * 9


@dataclass(frozen=True)
class Explanations:
    """What a webhook's sender is not told. Each is asked only if the line has it.

    `reason` returns why a webhook is not authentic, `unsent` why events of it reach nobody, `advice` what to do about a
    dead letter with this error code and message.
    """

    reason: Callable[[], str]
    unsent: Callable[[], Sequence[str]]
    advice: Callable[[str, str], str]


def lines(capture: Capture, config: Config, explained: Explanations) -> list[str]:
    """Return a line for a webhook, and one for each reason why something of it has not reached its customer."""
    answer = capture.answer_document()
    at = datetime.fromtimestamp(capture.at).astimezone().strftime("%H:%M:%S")
    told = capture.answer_in_words() or ("nothing to forward" if capture.status == HTTPStatus.ACCEPTED else "")
    if capture.status == HTTPStatus.UNAUTHORIZED:
        told = explained.reason()
    elif capture.status == HTTPStatus.NOT_FOUND:
        told = f"no route has this path; this relay has {', '.join(route.path for route in config.routes)}"
    letters = dict.fromkeys((str(each["error_code"]), str(each.get("error_message", ""))) for each in _dead(answer))
    why = explained.unsent() if answer.get("unsubscribed") or answer.get("without_customer") else ()
    return [
        f"{at} {capture.status} {capture.method} {capture.path}: {told}",
        *(
            f"{INDENT}{code}: {message}\n{INDENT}what to do: {explained.advice(code, message)}"
            for code, message in letters
        ),
        *(f"{INDENT}{line}" for line in why),
    ]


def _dead(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = answer.get("entries")
    found = entries if isinstance(entries, list) else []
    return [each for each in found if isinstance(each, dict) and each.get("dead_lettered") and each.get("error_code")]
