"""The findings of cdk-nag that do not apply are in one table, and each is about something that exists."""

from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

from partner_event_relay import nag
from partner_event_relay.relay import Relay
from partner_event_relay.stages import PROD
from relay import config
from tests.infra.conftest import ROOT

EVERYTHING = config.load(Path(__file__).with_name("everything.toml"))


@pytest.fixture(scope="module")
def relays() -> list[Relay]:
    """Return a relay with every option, for each front."""
    return [relay_of("http"), relay_of("rest"), relay_of("url")]


def relay_of(front: str) -> Relay:
    code = lambda_.Code.from_asset(str(ROOT / "lambda_src"), exclude=["**/__pycache__"])
    return Relay(
        cdk.Stack(cdk.App(), f"Relay-{front}"),
        "Relay",
        config=EVERYTHING,
        stage=replace(PROD, front=front, generate_secrets=True),
        code=code,
        control_code=code,
        architecture=lambda_.Architecture.ARM_64,
    )


@pytest.mark.parametrize("path", sorted({suppression.path for suppression in nag.SUPPRESSIONS}))
def test_every_suppression_is_for_a_construct_that_exists(relays: list[Relay], path: str) -> None:
    assert any(nag._descendant(relay, path) for relay in relays)


def test_no_suppression_is_there_twice() -> None:
    keys = [(suppression.path, suppression.rule) for suppression in nag.SUPPRESSIONS]
    assert len(keys) == len(set(keys))
