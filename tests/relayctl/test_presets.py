"""`relayctl presets`: finding a sender, and seeing what its preset sets."""

import json

import pytest

from tests.relayctl.conftest import Relayctl


def test_every_preset_is_listed_with_whether_it_was_verified(relayctl: Relayctl) -> None:
    rows = {row["preset"]: row for row in json.loads(relayctl("presets", "--output", "json").stdout)}
    assert len(rows) == 185
    assert rows["github"]["verified"] is True
    assert rows["gumroad"]["verified"] is False
    assert rows["sns"]["scheme"] == "sns"


def test_a_search_lists_the_presets_with_that_text(relayctl: Relayctl) -> None:
    rows = json.loads(relayctl("presets", "--search", "GitLab", "--output", "json").stdout)
    assert [row["preset"] for row in rows] == ["gitlab", "gitlab-signed"]


def test_a_search_without_a_result_says_so(relayctl: Relayctl) -> None:
    result = relayctl("presets", "--search", "no-such-sender", "--output", "json")
    assert (result.returncode, json.loads(result.stdout)) == (0, [])
    assert result.stderr.startswith('No preset matches "no-such-sender": ')


@pytest.mark.parametrize("arguments", [("presets", "linear"), ("presets", "show", "linear")])
def test_a_preset_is_shown_by_the_keys_of_relay_toml(relayctl: Relayctl, arguments: tuple[str, ...]) -> None:
    lines = relayctl(*arguments, "--output", "text").stdout.splitlines()
    values = dict(line.split("\t") for line in lines)
    assert values["auth.scheme"] == "hmac"
    assert values["event.detail_type"] == "${headers.linear_event}"


def test_a_preset_is_shown_with_what_it_inherits(relayctl: Relayctl) -> None:
    preset = json.loads(relayctl("presets", "openai", "--output", "json").stdout)
    assert preset["extends"] == "standard-webhooks"
    assert preset["auth"]["key_prefix"] == "whsec_"
    assert preset["delivery_id"] == "${headers.webhook_id}"


def test_an_unknown_preset_is_a_mistake_with_a_suggestion(relayctl: Relayctl) -> None:
    result = relayctl("presets", "linaer")
    assert (result.returncode, result.stderr) == (2, 'No preset is named "linaer"; did you mean "linear"?\n')
