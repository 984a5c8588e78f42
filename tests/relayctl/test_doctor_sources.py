"""The checks of `relayctl doctor` on destinations and sources, on what could be read: no network."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relay.config.model import Config
from relayctl.doctor.destinations import check_destinations
from relayctl.doctor.finding import Result
from relayctl.doctor.sources import Names, States, check_sources, sources_of_routes
from tests.relayctl.findings import DENIED, NOW, PARTNER, REGION, problems, relay

__all__ = ["relay"]  # fixture


def row(**values: Any) -> dict[str, Any]:
    """Return a destination as the control API does: active, and two days old."""
    base = {
        "customer": "c42",
        "name": "prod",
        "aws_account_id": "222222222222",
        "aws_region": REGION,
        "source": f"{PARTNER}/c42/prod-id",
        "status": "enabled",
        "status_reason": None,
        "source_status": "active",
        "created_at": (NOW - timedelta(days=2)).isoformat(),
    }
    return base | values


def created(ago: timedelta) -> str:
    return (NOW - ago).isoformat()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"status": "paused"},
        {"source_status": "pending", "created_at": created(timedelta(hours=23))},
        {"source_status": "unknown", "created_at": created(timedelta(minutes=9))},
    ],
)
def test_a_destination_that_can_receive_or_is_just_being_connected_is_well(values: dict[str, Any]) -> None:
    assert problems(check_destinations([row(**values)], NOW)) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"source_status": "missing"}, "is gone"),
        ({"source_status": "pending"}, "attached no event bus"),
        ({"source_status": "unknown"}, "has not looked"),
        ({"status": "disabled", "status_reason": "never-attached"}, "disabled (never-attached)"),
    ],
)
def test_a_destination_that_cannot_receive_is_named_with_what_to_do(values: dict[str, Any], told: str) -> None:
    [finding] = check_destinations([row(), row(customer="c43", **values)], NOW)
    assert (finding.result, finding.where) == (Result.WRONG, "c43/prod (account 222222222222, us-east-1)")
    assert told in finding.message


SOURCES: Names = {REGION: {f"{PARTNER}/c42/prod-id", f"{PARTNER}/shop"}, "eu-west-1": {f"{PARTNER}/far"}}


def test_sources_that_all_belong_to_a_destination_or_a_route_are_well(relay: Config) -> None:
    [finding] = check_sources(relay, SOURCES, [row()], {}, NOW)
    assert (finding.result, finding.message[:2]) == (Result.OK, "3,")


def test_a_source_that_is_nobodys_is_an_orphan(relay: Config) -> None:
    names = {**SOURCES, REGION: {*SOURCES[REGION], f"{PARTNER}/c7/prod-old"}}  # type: ignore[misc]  # they were read
    assert problems(check_sources(relay, names, [row()], {}, NOW)) == [(f"us-east-1 {PARTNER}/c7/prod-old", "wrong")]


def test_while_the_destinations_are_unknown_nobody_is_called_an_orphan(relay: Config) -> None:
    assert problems(check_sources(relay, SOURCES, DENIED, {}, NOW)) == [("destinations", "not checked")]


def test_a_destination_whose_source_is_in_no_list_is_missing_unless_it_is_new(relay: Config) -> None:
    names = {**SOURCES, REGION: {f"{PARTNER}/shop"}}
    assert problems(check_sources(relay, names, [row()], {}, NOW)) == [(f"us-east-1 {PARTNER}/c42/prod-id", "wrong")]
    new = row(created_at=created(timedelta(minutes=9)))
    assert problems(check_sources(relay, names, [new], {}, NOW)) == []


def test_what_the_registry_knows_to_be_missing_is_told_by_the_destinations_alone(relay: Config) -> None:
    names = {**SOURCES, REGION: {f"{PARTNER}/shop"}}
    assert problems(check_sources(relay, names, [row(source_status="missing")], {}, NOW)) == []


def test_a_routes_fixed_source_that_does_not_exist_in_its_region_is_missing(relay: Config) -> None:
    names: Names = {REGION: {f"{PARTNER}/far"}, "eu-west-1": {f"{PARTNER}/shop"}}
    findings = check_sources(relay, names, [], {}, NOW)
    assert problems(findings)[:2] == [(f"us-east-1 {PARTNER}/shop", "wrong"), (f"eu-west-1 {PARTNER}/far", "wrong")]
    assert f"relayctl sources create {PARTNER}/shop ACCOUNT --region us-east-1" in findings[0].action


def test_a_source_that_is_missing_where_its_route_fails_over_to_is_named(relay: Config) -> None:
    routes = tuple(replace(route, failover_region="eu-west-1") for route in relay.routes if route.name != "far")
    config = replace(relay, routes=routes)
    names: Names = {
        REGION: {f"{PARTNER}/shop", f"{PARTNER}/github/there", f"{PARTNER}/github/missing"},
        "eu-west-1": {f"{PARTNER}/github/there"},
    }
    findings = check_sources(config, names, [], {}, NOW)
    assert problems(findings) == [
        (f"eu-west-1 {PARTNER}/github/missing", "wrong"),
        (f"eu-west-1 {PARTNER}/shop", "wrong"),
    ]
    assert findings[0].action == f"relayctl sources create {PARTNER}/github/missing ACCOUNT --region eu-west-1"


def test_the_state_is_asked_of_routes_own_sources_and_not_of_destinations(relay: Config) -> None:
    names = {**SOURCES, REGION: {*SOURCES[REGION], f"{PARTNER}/github/octo", f"{PARTNER}/other"}}  # type: ignore[misc]  # they were read
    assert sources_of_routes(relay, names, [row()]) == [
        ("eu-west-1", f"{PARTNER}/far"),
        (REGION, f"{PARTNER}/github/octo"),
        (REGION, f"{PARTNER}/shop"),
    ]


@pytest.mark.parametrize(("state", "section"), [("PENDING", "#sourcespending"), ("DELETED", "#sourcesdeleted")])
def test_a_routes_source_that_does_not_deliver_is_named_with_its_section(
    relay: Config, state: str, section: str
) -> None:
    states: States = {(REGION, f"{PARTNER}/shop"): ["ACTIVE", state], ("eu-west-1", f"{PARTNER}/far"): ["ACTIVE"]}
    [finding] = check_sources(relay, SOURCES, [row()], states, NOW)
    assert (finding.where, finding.result) == (f"us-east-1 {PARTNER}/shop", Result.WRONG)
    assert state in finding.message
    assert section in finding.action
