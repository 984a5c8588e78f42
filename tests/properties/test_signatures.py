"""What the senders' own libraries sign is accepted under every active secret; anything changed is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import config
from relay.auth.context import VerificationContext
from relay.config.model import Config
from relay.errors import Unauthorized
from relay.http.request import Request
from relay_local.samples import SIGNERS
from tests.doubles import nothing_is_published

ROUTES = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n' + "".join(
    f"""
[[route]]
name = "{preset}"
path = "/{preset}"
preset = "{preset}"
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/a" }}
"""
    for preset in SIGNERS
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

bodies = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.encode)
senders = st.sampled_from(sorted(SIGNERS))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path: Path = tmp_path_factory.mktemp("config") / "relay.toml"
    path.write_text(ROUTES)
    return config.load(path)


def accepts(loaded: Config, sender: str, headers: dict[str, str], body: bytes, secrets: list[str]) -> bool:
    route = next(route for route in loaded.routes if route.name == sender)
    try:
        route.auth.verify(
            Request("POST", "/", "", headers, body, ""),
            VerificationContext("", secrets, datetime.now(UTC), nothing_is_published),
        )
    except Unauthorized:
        return False
    return True


@given(sender=senders, body=bodies, before=st.lists(st.just(OTHER), max_size=2))
def test_a_signed_webhook_is_accepted_while_its_secret_is_active(
    loaded: Config, sender: str, body: bytes, before: list[str]
) -> None:
    headers = SIGNERS[sender](SECRET, body)
    assert accepts(loaded, sender, headers, body, [*before, SECRET])
    assert not accepts(loaded, sender, headers, body, [OTHER])


@given(sender=senders, body=bodies, data=st.data())
def test_a_flipped_bit_of_the_body_is_refused(loaded: Config, sender: str, body: bytes, data: st.DataObject) -> None:
    headers = SIGNERS[sender](SECRET, body)
    position, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    changed = bytes([*body[:position], body[position] ^ (1 << bit), *body[position + 1 :]])
    assert not accepts(loaded, sender, headers, changed, [SECRET])


@given(sender=senders, body=bodies, data=st.data())
def test_a_changed_character_of_a_header_is_refused(
    loaded: Config, sender: str, body: bytes, data: st.DataObject
) -> None:
    headers = SIGNERS[sender](SECRET, body)
    name = data.draw(st.sampled_from(sorted(headers)))
    position = data.draw(st.integers(0, len(headers[name]) - 1))
    character = data.draw(st.characters().filter(lambda other: other != headers[name][position]))
    changed = headers[name][:position] + character + headers[name][position + 1 :]
    assert not accepts(loaded, sender, {**headers, name: changed}, body, [SECRET])
