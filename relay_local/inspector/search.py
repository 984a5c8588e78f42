"""Search webhooks by what a person knows of one: an id, a customer, a detail-type, any text in it. Pure.

`push octo-org` finds webhooks with both words, anywhere in the request, the answer and the events; `type:push` looks
only at the detail-types. Words are compared without regard to case, and a phrase stands in quotation marks.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from relay.errors import Rejected
from relay_local.inspector.captures import Capture

FIELDS = ("type", "source", "customer", "route", "path", "status", "result")
_TERM = re.compile(rf'(?:({"|".join(FIELDS)}):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """A word that has to be in a webhook: in the field that it names, or anywhere."""

    field: str
    text: str


def parse(query: str) -> list[Term]:
    """Return the terms of a query; any text is a query."""
    found = (Term((field or "").lower(), (phrase or word).casefold()) for field, phrase, word in _TERM.findall(query))
    return [term for term in found if term.text]


def matches(terms: Iterable[Term], capture: Capture, fields: Mapping[str, Iterable[str]], ids: Iterable[str]) -> bool:
    """Return whether a webhook has every term. `ids` are those that its events and dead letters got later."""
    named = {name: "\n".join(texts).casefold() for name, texts in fields.items()}
    whole: str | None = None
    for term in terms:
        if term.field:
            if term.text not in named.get(term.field, ""):
                return False
        elif not any(term.text in text for text in named.values()):
            whole = whole if whole is not None else "\n".join((_content(capture), *ids)).casefold()
            if term.text not in whole:
                return False
    return True


def _content(capture: Capture) -> str:
    """Return everything that came and was answered, as text."""
    request = f"{capture.method} {capture.path}?{capture.query}"
    headers = (f"{name}: {value}" for name, value in capture.headers)
    bodies = (text for body in (_body(capture), capture.answer) for text in _texts(body))
    return "\n".join((request, *headers, *bodies))


def _body(capture: Capture) -> bytes:
    try:
        return capture.decoded_request().body
    except Rejected:
        return capture.body


def _texts(body: bytes) -> list[str]:
    """Return a body as it came, and if JSON spells characters in it by their numbers, also as a person reads it."""
    text = body.decode("utf-8", "replace")
    if "\\u" not in text:
        return [text]
    try:
        value: Any = json.loads(text)
        return [text, json.dumps(value, ensure_ascii=False)]
    except (ValueError, RecursionError):
        return [text]
