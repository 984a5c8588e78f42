"""A webhook of too many entries, or too large ones, is refused before anything is sent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from relay.entry import Entry
from relay.errors import ConfigError, PayloadTooLarge
from relay.mapping.claim_check import ClaimCheckStore
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import ParsedWebhook
from relay.pipeline.accept import accept
from relay_local.samples import SIGNERS
from tests import doubles
from tests.conftest import RELAY_TOML, Load, http_api_event
from tests.doubles import never
from tests.unit.mapping.mapped import mapped, webhook, with_event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_an_entry_over_the_limit_is_refused_before_anything_is_sent(load: Load) -> None:
    config = load('limits = { entry = "100 B" }\n' + RELAY_TOML)
    with pytest.raises(PayloadTooLarge, match="at most 100 are allowed"):
        mapped(config, b'{"type":"a","x":"' + b"x" * 100 + b'"}')


def test_an_entry_of_a_mebibyte_is_refused_and_one_of_a_byte_less_is_not(load: Load) -> None:
    """EventBridge takes *less than* 1 MiB, so relay.toml cannot allow that much either."""
    with pytest.raises(ConfigError, match=r'limits.entry: expected a size from "1 B" to "1048575 B"'):
        load('limits = { entry = "1 MiB" }\n' + RELAY_TOML)
    config = load('limits = { body = "2 MB", entry = "1048575 B" }\n' + RELAY_TOML)

    def padded(characters: int) -> list[Entry]:
        return mapped(config, b'{"type":"a","x":"' + b"x" * characters + b'"}')

    [empty] = padded(0)
    [largest] = padded(1_048_575 - empty.size)
    assert largest.size == 1_048_575
    with pytest.raises(PayloadTooLarge, match="An entry has 1048576 bytes; at most 1048575 are allowed"):
        padded(1_048_576 - empty.size)


def test_a_webhook_of_more_entries_than_allowed_is_too_large(load: Load) -> None:
    templates = 'each = "${body.events}"\nwhen = "${item.n > `1`}"\ndetail = "${item}"\n'
    config = load("limits = { entries = 3 }\n" + RELAY_TOML + templates)
    body = {"type": "a", "events": [{"n": n} for n in range(5)]}
    assert len(mapped(config, json.dumps(body).encode())) == 3
    body["events"] = [{"n": n} for n in range(6)]
    with pytest.raises(PayloadTooLarge, match="more than 3 entries"):
        mapped(config, json.dumps(body).encode())
    assert load(RELAY_TOML).limits.entries == 5000


def test_of_a_webhook_with_too_many_elements_no_more_are_looked_at_than_it_takes_to_know(load: Load) -> None:
    """Half a million elements in a megabyte: the entries of none of them are made."""
    config = load(RELAY_TOML + 'each = "${body.events}"\n')
    authentic = webhook(config, b"{}")
    scope = {"body": {"type": "a", "events": OnlySoMany(config.limits.entries + 1)}, "path": {"customer": "c42"}}
    with pytest.raises(PayloadTooLarge):
        to_entries(ParsedWebhook(authentic, "{}", scope), config, lambda entry, _: entry)


class OnlySoMany(list[int]):
    """A list of a million elements, most of which nobody may look at."""

    def __init__(self, most: int) -> None:
        super().__init__([0] * 1_000_000)
        self._most = most

    def __iter__(self) -> Iterator[int]:
        for _ in range(self._most):
            yield 0
        raise AssertionError("one element too many was looked at")


@pytest.mark.parametrize("detail", ["${body}", "${ {n: item, batch: body.batch} }"])
def test_a_webhook_whose_entries_are_too_large_together_is_too_large(load: Load, detail: str) -> None:
    """Each of them is small enough, and so is their number."""
    config = with_event(load, each="${body.events}", detail=detail)
    body = {"type": "a", "batch": "x" * 900_000, "events": [1] * 30}
    assert len(mapped(config, json.dumps(body).encode())) == 30
    body["events"] = [1] * 40
    with pytest.raises(PayloadTooLarge, match="more than 33554432 bytes in all"):
        mapped(config, json.dumps(body).encode())


def test_of_a_webhook_with_too_many_entries_nothing_is_put_and_nothing_stored(load: Load) -> None:
    config = load(RELAY_TOML + 'each = "${body.events}"\n')
    body = b'{"type":"a","events":[' + b"0," * config.limits.entries + b"0]}"
    signed = SIGNERS["standard-webhooks"](SECRET, body)
    services = doubles.services(
        config, read_secret=lambda _: [SECRET], send=never, store=never, claim_checks=ClaimCheckStore(never, never, 1)
    )
    response, _ = accept(http_api_event("/orders/c42", body, signed), services, datetime.now(UTC), lambda: 29)
    assert response["statusCode"] == 413
