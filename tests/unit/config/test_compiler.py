"""The module that the functions import says what relay.toml says: every option of it."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from relay.config import compiler, parse
from relay.config.model import Config
from tests import every_preset

ROOT = Path(__file__).parents[3]
REST = """
partner = "aws.partner/acme.example"
regions = ["us-east-1", "eu-west-1"]
public_url = "https://hooks.acme.example"
claim_check_ttl = "2 h"
transport = "boto3"
[limits]
body = "2 MB"
entry = "256 KiB"
request = "200 KiB"
entries = 200
[log]
entries = false
[destinations]
cache = "1 min"
hold = "never"
settle = "1 min"
release_rate = 7
ping = "Test"
[destinations.page]
title = "Acme"
color = "#0B5fff"
[[route]]
name = "slow"
path = "/slow"
response_body = "ok"
retry_for = "5 s"
delivery_id = "${body.id}"
dedupe = true
allow_forgeable_source = true
auth = { scheme = "bearer", secret = "acme/slow" }
[route.event]
source = "aws.partner/acme.example/\\u00e9${body.name || 'none'}"
each = "${body.items}"
when = "${item.kind == 'a'}"
time = "${item.time}"
resources = "${item.resources}"
detail = "${item.detail}"
detail_type = "quoted \\" and ' and \\\\"
[[route]]
name = "two-regions"
path = "/two-regions"
failover_region = "eu-west-1"
auth = { scheme = "bearer", secret = "acme/two" }
event = { source = "aws.partner/acme.example/two", detail_type = "x" }
[[route]]
name = "large"
path = "/large"
on_oversize = "claim-check"
delivery = "queued"
allow_forgeable_source = true
auth = { scheme = "api-key", secret = "acme/large", token = "${headers.x_key}" }
event = { source = "aws.partner/acme.example/${path.a}", detail_type = "x", claim_check_detail = "${body.part}" }
"""

OF_EVERY_SCHEME = {
    "CertificateScheme.certificate",  # takes a certificate, and is a text as others are
    *(f"{scheme}.signs_decoded" for scheme in ("CertificateScheme", "JwtScheme", "SharedSecretScheme")),
    "CertificateScheme.secret",  # there is none
}


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> list[Config]:
    files = ("relay.toml", "tests/infra/everything.toml")
    presets = every_preset.load(tmp_path_factory.mktemp("presets"))
    return [presets, parse(REST, "rest"), *(parse((ROOT / name).read_text("utf-8"), name) for name in files)]


def test_the_compiled_form_equals_what_was_read(configs: list[Config]) -> None:
    for config in configs:
        text = compiler.dump(config)
        module: dict[str, Any] = {}
        exec(compile(text, "relay_toml.py", "exec"), module)
        assert module["CONFIG"] == config
        assert compiler.dump(module["CONFIG"]) == text  # also what two equal values may differ in


def test_every_option_is_compiled_somewhere_with_another_value_than_its_default(configs: list[Config]) -> None:
    changed, all_of_them = set(), set()
    for value, name, default in (each for config in configs for each in options(config)):
        option = f"{type(value).__name__}.{name}"
        all_of_them.add(option)
        if getattr(value, name) != default:
            changed.add(option)
    assert {option for option in all_of_them - changed if option not in OF_EVERY_SCHEME} == set()
    assert {"Config.archive", "Page.color", "Route.enroll", "JwtScheme.claims"} <= changed


def options(value: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield each attribute of each value in a configuration that has a default."""
    if isinstance(value, dict | list) or type(value) is tuple:
        children = [*value.values()] if isinstance(value, dict) else list(value)
    elif is_dataclass(value):
        for field in fields(value):
            default = field.default_factory() if field.default_factory is not MISSING else field.default
            yield value, field.name, default
        children = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, tuple) and hasattr(value, "_field_defaults"):
        for name, default in value._field_defaults.items():
            yield value, name, default
        children = list(value)
    else:
        return
    for child in children:
        yield from options(child)


def test_what_cannot_be_written_stops_the_deployment() -> None:
    with pytest.raises(TypeError, match="object cannot be compiled"):
        compiler.dump(object())  # type: ignore[arg-type]  # no such value is in a configuration
