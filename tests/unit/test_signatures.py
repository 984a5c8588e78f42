"""The signature scheme where the senders' vectors do not reach."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relay.config import Config
from relay.errors import Unauthorized
from relay.request import Request
from relay.webhook import authenticate
from tests.conftest import RELAY_TOML, Load

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text("utf-8"))["vectors"]
VALID = next(vector for vector in VECTORS if vector["id"] == "standard-webhooks/valid")


def accepts(config: Config, headers: dict[str, str], secrets: list[str]) -> bool:
    posted = Request("POST", "/orders/c42", "", headers, VALID["body"].encode(), "id")
    try:
        authenticate(posted, config.routes[0].auth, "", secrets, datetime.fromtimestamp(VALID["now"], UTC))
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize(
    "secrets", [[], [""], [" \n"], ["whsec_"], ["whsec_not base64!"], ["whpk_AAAA"], ["\ud800"], ["é"]]
)
def test_without_a_usable_secret_nothing_passes(load: Load, secrets: list[str]) -> None:
    assert not accepts(load(RELAY_TOML), dict(VALID["headers"]), secrets)


def test_any_active_secret_is_enough(load: Load) -> None:
    assert accepts(load(RELAY_TOML), dict(VALID["headers"]), ["", "whsec_b2xk", VALID["secret"]])


def test_thirty_two_signatures_are_read_and_thirty_three_are_refused(load: Load) -> None:
    headers = dict(VALID["headers"])
    for count, expected in ((31, True), (32, False)):
        wrong = [f"v1,wrong{number}" for number in range(count)]
        several = headers | {"webhook-signature": " ".join([*wrong, headers["webhook-signature"]])}
        assert accepts(load(RELAY_TOML), several, [VALID["secret"]]) is expected


def test_a_huge_signature_header_is_refused(load: Load) -> None:
    headers: dict[str, Any] = dict(VALID["headers"]) | {"webhook-signature": "v1," + "A" * 1024 * 1024}
    assert not accepts(load(RELAY_TOML), headers, [VALID["secret"]])
