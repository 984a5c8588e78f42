"""What docs/reference/senders.md says of each preset is what presets.toml says too."""

import json
from dataclasses import asdict

from relay.config import presets
from relayctl import senders
from tools.senders_page import VECTORS

GRADES = {"library", "third party", "published", "example", "documentation", "unverified"}
PRESETS = presets.load()
PROVEN = {name: asdict(one) for name, one in senders.evidence().items()}


def test_every_preset_says_what_proves_it_in_a_word_that_the_page_explains() -> None:
    assert PROVEN.keys() == PRESETS.keys()
    assert {one["proof"] for one in PROVEN.values()} <= GRADES
    assert all(one["by"] for one in PROVEN.values())


def test_a_preset_is_verified_if_and_only_if_something_proves_it() -> None:
    for name, one in PROVEN.items():
        assert PRESETS[name].get("verified", True) == (one["proof"] != "unverified"), name


def test_what_a_library_a_publication_or_an_example_proves_is_a_vector_or_an_oracle() -> None:
    accepted = {
        one["provider"]
        for path in VECTORS
        for one in json.loads(path.read_text("utf-8"))["vectors"]
        if one["expected_ok"]
    }
    live = {"svix", "stripe", "slack", "github", "paddle", "standard-webhooks", "standard-webhooks-v1a"}
    live |= {"cloudevents", "kinde", "paddle-classic", "plivo", "sendgrid", "wix"}
    proven = {name for name, one in PROVEN.items() if one["proof"] not in {"documentation", "unverified"}}
    assert proven <= accepted | live
