"""Loads a relay.toml of a preset, and says what is wrong with one."""

import re

import pytest

from relay.config.model import Config
from relay.errors import ConfigError
from tests.conftest import Load

SOURCE = 'source = "aws.partner/acme.example/${path.customer}/orders"'
FIXED = 'source = "aws.partner/acme.example/orders"'


def problems(load: Load, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        load(text)
    assert all(re.match(r"relay.toml:[0-9]+: |relay.toml: is not TOML", one) for one in error.value.problems)
    return tuple(re.sub("^relay.toml:[0-9]+", "relay.toml", problem) for problem in error.value.problems)


def preset(load: Load, name: str, auth: str, top: str = "") -> Config:
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
{top}
[[route]]
name = "hook"
path = "/hook"
preset = "{name}"
auth = {{ {auth} }}
event = {{ source = "aws.partner/acme.example/hook" }}
"""
    )
