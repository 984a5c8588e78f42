"""relay.toml: what is accepted, the defaults, and a file that cannot be read."""

from pathlib import Path

import pytest

from relay import config
from relay.config.model import Limits
from relay.errors import ConfigError
from tests.conftest import RELAY_TOML, Load

SHIPPED = Path(__file__).parents[3] / "relay.toml"


def test_the_shipped_file_is_accepted() -> None:
    assert [route.name for route in config.load(SHIPPED).routes] == ["orders", "github", "stripe", "shopify"]


def test_the_defaults_are_those_of_the_design(load: Load) -> None:
    loaded = load(RELAY_TOML)
    assert loaded.limits == Limits(1048576, 1_000_000, 262143, 5000)


@pytest.mark.parametrize("regions", ['"us-east-1"', '["us-east-1"]'])
def test_a_list_of_one_may_be_written_as_a_text(load: Load, regions: str) -> None:
    assert load(RELAY_TOML.replace('["us-east-1", "eu-west-1"]', regions)).regions == ("us-east-1",)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"relay.toml: cannot be read: No such file"):
        config.load(tmp_path / "relay.toml")


def test_the_transport_is_one_of_two(load: Load) -> None:
    assert load('transport = "boto3"\n' + RELAY_TOML).transport == "boto3"
    with pytest.raises(ConfigError, match=r'transport: expected one of .*, got "curl"'):
        load('transport = "curl"\n' + RELAY_TOML)
