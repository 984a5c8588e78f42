"""A rule writes into a log group only by a policy that AWS would accept for it."""

import json
from typing import Any

import pytest

from relay_local.emulator.log_targets import may_write

GROUP = "arn:aws:logs:us-east-1:222222222222:log-group:/aws/events/partner"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": f"{GROUP}:*",
}


def policy(**changes: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT | changes]})


def test_a_policy_for_this_group_and_for_all_below_a_prefix_lets_events_in() -> None:
    assert may_write([policy()], GROUP)
    assert may_write([policy(Resource="*", Action="logs:CreateLogStream"), policy(Action="logs:PutLogEvents")], GROUP)


@pytest.mark.parametrize(
    "changes",
    [
        {"Resource": GROUP},
        {"Resource": f"{GROUP}-2:*"},
        {"Action": "logs:PutLogEvents"},
        {"Effect": "Deny"},
        {"Principal": {"Service": "events.amazonaws.com"}},
    ],
)
def test_any_other_policy_does_not(changes: dict[str, Any]) -> None:
    assert not may_write([policy(**changes)], GROUP)


def test_without_a_policy_nothing_is_written() -> None:
    assert not may_write([], GROUP)
