"""The signature scheme where the senders' vectors do not reach."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from relay.auth import signature
from relay.auth.context import VerificationContext
from relay.config.model import Config
from relay.errors import Unauthorized
from relay.http.request import Request
from tests.conftest import RELAY_TOML, Load
from tests.doubles import nothing_is_published

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "vectors.json").read_text("utf-8"))["vectors"]
VALID = next(vector for vector in VECTORS if vector["id"] == "standard-webhooks/valid")


def accepts(config: Config, headers: dict[str, str], secrets: list[str]) -> bool:
    posted = Request("POST", "/orders/c42", "", headers, VALID["body"].encode(), "id")
    try:
        config.routes[0].auth.verify(
            posted, VerificationContext("", secrets, datetime.fromtimestamp(VALID["now"], UTC), nothing_is_published)
        )
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


@pytest.mark.parametrize(
    "header",
    [
        "v1,A " * 200_000,
        "v1," + "=" * 1_000_000,
        " " * 1_000_000,
        "," * 1_000_000,
    ],
)
def test_a_header_made_to_cost_time_is_refused_without_reading_its_items(load: Load, header: str) -> None:
    relay, headers = load(RELAY_TOML), dict(VALID["headers"]) | {"webhook-signature": header}
    counted = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal counted
        counted += event == "call" and frame.f_code.co_filename == signature.__file__

    sys.setprofile(count)
    try:
        assert not accepts(relay, headers, [VALID["secret"]])
    finally:
        sys.setprofile(None)
    assert counted < 50  # calls of the module's functions: not one for each item
