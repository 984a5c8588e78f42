"""Attack every preset through the Lambda handler: one change in a genuine request, large shapes, wrong types.

    .venv/bin/python -m tests.fuzz --changes 400 --seed 1

prints what was posted, and fails on an exception, a 5xx, or a webhook that is another one under the same proof.
The test suite runs a small share of it (tests/properties/test_fuzz.py).
"""

import argparse
import base64
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from tests import doubles
from tests.conftest import http_api_event
from tests.genuine import NOW, PATH, PRESETS, Genuine, genuine
from tests.handler import handle

Event = dict[str, Any]
Change = Callable[[Event, random.Random], Event]

LARGE = 60_000
CONTENT_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b0",
    "application/cloudevents+json",
    "text/plain; charset=utf-16",
    "",
)
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 10**400, 1e308, "", "é", "\ud800", "\x00", "a\nb", [], {}, [[]], {"a": {}}, [None],
    "9" * 400,
)  # fmt: skip


@dataclass
class Report:
    """What was posted, how it was answered, and what must not have happened."""

    answers: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def lines(self) -> Iterator[str]:
        """Yield the report, a line each."""
        yield f"{sum(self.answers.values())} requests: " + ", ".join(
            f"{count} x {status}" for status, count in sorted(self.answers.items())
        )
        yield f"slowest: {self.slowest[0]:.3f} s of processor time ({self.slowest[1]})"
        yield from self.failures
        yield f"{len(self.failures)} failures"


def body_of(event: Event) -> bytes:
    """Return the bytes that an event carries."""
    return base64.b64decode(event["body"])


def with_body(event: Event, body: bytes) -> Event:
    """Return the event with another body."""
    return event | {"body": base64.b64encode(body).decode()}


def with_headers(event: Event, headers: Mapping[str, Any]) -> Event:
    """Return the event with other headers."""
    return event | {"headers": dict(headers)}


def _flip(event: Event, chance: random.Random) -> Event:
    body = bytearray(body_of(event))
    if body:
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return with_body(event, bytes(body))


def _insert(event: Event, chance: random.Random) -> Event:
    body = body_of(event)
    at = chance.randint(0, len(body))
    return with_body(
        event, body[:at] + chance.choice([b" ", b"\x00", b"&", b"=1", b'"', b"\xff", b"\n", b"{}"]) + body[at:]
    )


def _delete(event: Event, chance: random.Random) -> Event:
    body = body_of(event)
    at = chance.randrange(len(body) or 1)
    return with_body(event, body[:at] + body[at + 1 :])


def _append(event: Event, chance: random.Random) -> Event:
    return with_body(
        event, body_of(event) + chance.choice([b" ", b"\n", b"&", b"&a=b", b"{}", b"\x80\x00", b"=", b"."])
    )


def _drop_header(event: Event, chance: random.Random) -> Event:
    name = chance.choice(sorted(event["headers"]))
    return with_headers(event, {key: value for key, value in event["headers"].items() if key != name})


def _double_header(event: Event, chance: random.Random) -> Event:
    name = chance.choice(sorted(event["headers"]))
    value = event["headers"][name]
    return with_headers(event, event["headers"] | {name: f"{value}{chance.choice([',', ', ', ';', ' '])}{value}"})


def _change_header(event: Event, chance: random.Random) -> Event:
    name = chance.choice(sorted(event["headers"]))
    value = event["headers"][name]
    at = chance.randrange(len(value) or 1)
    new = chance.choice(["", " ", "\x00", "é", "=", "1", "A", value[at : at + 1].swapcase(), "\ud800"])
    return with_headers(event, event["headers"] | {name: value[:at] + new + value[at + chance.randint(0, 1) :]})


def _underscore_header(event: Event, chance: random.Random) -> Event:
    name = chance.choice(sorted(event["headers"]))
    return with_headers(event, event["headers"] | {name.replace("-", "_"): chance.choice(["1795417794", "x", "v1,x"])})


def _recase_header(event: Event, chance: random.Random) -> Event:
    name = chance.choice(sorted(event["headers"]))
    rest = {key: value for key, value in event["headers"].items() if key != name}
    return with_headers(event, rest | {name.upper(): event["headers"][name]})


def _not_base64(event: Event, _chance: random.Random) -> Event:
    return event | {"isBase64Encoded": not event["isBase64Encoded"]}


def _query(event: Event, chance: random.Random) -> Event:
    return event | {
        "rawQueryString": chance.choice(
            ["a=1", "tenant=victim", "%", "a=%ud800", "=", "&" * 50, "bt_challenge=" + "a" * 20]
        )
    }


def _method(event: Event, chance: random.Random) -> Event:
    http = event["requestContext"]["http"] | {"method": chance.choice(["GET", "HEAD", "OPTIONS", "PUT", "post"])}
    return event | {"requestContext": event["requestContext"] | {"http": http}}


def _content_type(event: Event, chance: random.Random) -> Event:
    return with_headers(event, event["headers"] | {"content-type": chance.choice(CONTENT_TYPES)})


CHANGES: tuple[Change, ...] = (
    _flip, _insert, _delete, _append, _drop_header, _double_header, _change_header, _underscore_header, _recase_header,
    _not_base64, _query, _method, _content_type,
)  # fmt: skip


def shapes(size: int = LARGE) -> Iterator[tuple[str, bytes]]:
    """Yield bodies of about `size` bytes that have cost a parser more than their length, or a recursion."""
    quoted = b'\\"' * (size // 2)
    yield "unterminated string of escaped quotes", b"[" * 1001 + b'"' + quoted
    yield "nested lists", b"[" * size
    yield "nested objects", b'{"a":' * (size // 5)
    yield "digits", b"9" * size
    yield "long exponent", b"1e" + b"9" * size
    yield "white space", b" " * size + b"{}"
    yield "parts", b"--b0\r\n" + b'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n--b0\r\n' * (size // 53)
    yield "semicolons in a disposition", b'--b0\r\nContent-Disposition: form-data; name="' + b";" * size
    yield "nested multipart", b"--b0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * (size // 32)
    yield "line ends", b"\r\n" * (size // 2)
    yield "fields", b"a=1&" * (size // 4)
    yield "escapes", b"%" * size
    yield "dots", b"." * size
    yield "surrogates", b'"' + b"\\ud800" * (size // 6) + b'"'
    yield "names", b"{" + b'"a":1,' * (size // 6) + b'"b":1}'
    yield "invalid UTF-8", b"\xff" * size


def confused(event: Event, chance: random.Random) -> Event:
    """Return the event with one to three values of another type, anywhere in its body, its headers or itself."""
    for _ in range(chance.randint(1, 3)):
        event = chance.choice((_confused_body, _confused_header, _confused_event))(event, chance)
    return event


def _confused_body(event: Event, chance: random.Random) -> Event:
    try:
        value = json.loads(body_of(event))
    except ValueError:
        return with_body(event, json.dumps(chance.choice(ODD)).encode())
    return with_body(event, json.dumps(_replaced(value, chance)).encode())


def _replaced(value: Any, chance: random.Random) -> Any:
    """Return the value with something else in one of its places."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(sorted(value))
        return value | {name: _replaced(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        return [_replaced(value[0], chance), *value[1:]]
    return chance.choice(ODD)


def _confused_header(event: Event, chance: random.Random) -> Event:
    headers = event["headers"] if isinstance(event["headers"], dict) else {}
    name = chance.choice(sorted({*map(str, headers), "content-type", "x-other"}))
    odd = chance.choice(ODD)
    return with_headers(event, headers | {name: odd if chance.random() < 0.3 else str(odd)})


def _confused_event(event: Event, chance: random.Random) -> Event:
    return event | {
        chance.choice(("rawQueryString", "isBase64Encoded", "version", "stageVariables")): chance.choice(ODD)
    }


def event_of(sender: Genuine) -> Event:
    """Return the event that API Gateway makes of the genuine request."""
    return http_api_event(PATH, sender.body, sender.headers, query=sender.query)


def attack(name: str, events: Sequence[tuple[str, Event]], report: Report) -> None:
    """Post the events to the preset's route, and note what must not happen."""
    sender = genuine(name)
    reached: list[Entry | Message] = []

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        reached.extend(entries)
        return [Accepted("id")] * len(entries)

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        reached.extend(messages)
        return [None] * len(messages)

    services = doubles.services(
        sender.relay,
        read_secret=lambda _: sender.secrets,
        send=send,
        store=store,
        fetch=lambda *_: b"",
    )
    handle(event_of(sender), services, NOW)
    expected = list(reached)
    for what, event in events:
        reached.clear()
        begun = time.process_time()
        try:
            status = handle(event, services, NOW)["statusCode"]
        except Exception as error:  # noqa: BLE001 - the attack looks for any
            report.failures.append(f"{name}: {what}: {type(error).__name__}: {error}"[:300])
            continue
        spent = time.process_time() - begun
        report.slowest = max(report.slowest, (spent, f"{name}: {what}"))
        report.answers[status] += 1
        if status >= 500:
            report.failures.append(f"{name}: {what}: {status}")
        if reached and status >= 300:
            report.failures.append(f"{name}: {what}: {status}, and something was put or stored")
        if reached and sender.relay.routes[0].auth.authenticates_body and _said(reached) != _said(expected):
            report.failures.append(f"{name}: {what}: forged: {_said(reached)!r}"[:300])


def _said(reached: Sequence[Entry | Message]) -> list[Any]:
    """Return the meaning of what was put or stored: white space between JSON's tokens has none."""
    return [
        one.wire() | {"Detail": json.loads(one.detail)} if isinstance(one, Entry) else one.text() for one in reached
    ]


def run(changes: int, confusions: int, seed: int, size: int, share: float = 1) -> Report:
    """Attack each preset with `changes` single changes, `confusions` wrong types, and large shapes under each type.

    `share` is the part of the shapes that is posted, chosen by `seed`.
    """
    report, chance = Report(), random.Random(seed)
    for name in PRESETS:
        sender = genuine(name)
        event = event_of(sender)
        events = []
        for _ in range(changes):
            change = chance.choice(CHANGES)
            events.append((change.__name__.strip("_"), change(event, chance)))
        events += [("wrong type", confused(event, chance)) for _ in range(confusions)]
        for what, body in shapes(size):
            for content_type in CONTENT_TYPES:
                if chance.random() < share:
                    headers = event["headers"] | {"content-type": content_type}
                    events.append((f"{what} as {content_type}", with_headers(with_body(event, body), headers)))
        with redirect_stdout(StringIO()):
            attack(name, events, report)
    return report


def main() -> None:
    """Run the attack and print the report; exit with 1 if there was a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=400, help="single changes for each preset")
    parser.add_argument("--confusions", type=int, default=1200, help="requests with wrong types for each preset")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of a large shape")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    report = run(given.changes, given.confusions, given.seed, given.size)
    print("\n".join(report.lines()))
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
