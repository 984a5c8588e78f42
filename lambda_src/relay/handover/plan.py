"""What a customer needs on their side: the names, within AWS's limits, and the rules. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.destinations.model import Destination, is_subscribed
from relay.entry import SOURCE

MAX_STEM = 48
"""Characters of an archive's name, the tightest limit; a log delivery's name has 60, a queue's 80.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
"""
MAX_SINGLE_RULES = 20
"""Rules with one detail-type each. With a hundred, the template would be too large for `aws cloudformation deploy`
(51,200 bytes), and a bus in Cape Town or Milan has no room for them (100 rules).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""
MAX_PATTERN = 2048
"""Characters of an event pattern, unless an account has asked for more."""
CATCH_ALL = "everything-to-log"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on the customer's bus. Its name is unique on that bus, and at most 64 characters long."""

    name: str
    description: str
    pattern: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made in the customer's account. `stem` begins the names that are unique in an account and Region."""

    source: str
    account: str
    region: str
    stem: str
    rules: Sequence[Rule]
    catch_all: Rule

    @property
    def event_log(self) -> str:
        """Return the log group of the events; EventBridge's console offers only those below /aws/events/."""
        return f"/aws/events/{self.stem}"

    @property
    def bus_log(self) -> str:
        """Return the log group of the bus's own log; below this prefix no policy grows with each delivery."""
        return f"/aws/vendedlogs/events/event-bus/{self.stem}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in the customer's account and Region."""
        partitions = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        found = (name for start, name in partitions.items() if self.region.startswith(f"{start}-"))
        return f"arn:{next(found, 'aws')}:{service}:{self.region}:{self.account}:{resource}"


def make_plan(destination: Destination) -> Plan:
    """Return what the customer of this destination needs. Raise ValueError unless its source can be one."""
    if not (
        re.fullmatch(SOURCE, destination.source)
        and re.fullmatch(r"[0-9]{12}", destination.aws_account_id)
        and re.fullmatch(r"[a-z0-9-]+", destination.aws_region)
    ):
        raise ValueError(f"{destination.label} has no partner event source in an AWS account and Region")
    everything = {"source": [destination.source]}
    return Plan(
        destination.source,
        destination.aws_account_id,
        destination.aws_region,
        _stem(destination),
        [
            Rule(f"events-{number}", _description(patterns), _event_pattern(patterns) or everything)
            for number, patterns in enumerate(_groups(_disjoint(destination.detail_types)), 1)
        ],
        Rule(CATCH_ALL, "Every event, to look at", everything),
    )


def _disjoint(patterns: Sequence[str]) -> list[str]:
    """Return the patterns without those that another one covers: what two rules match arrives twice."""
    unique = list(dict.fromkeys(patterns))
    return [one for one in unique if not any(other != one and is_subscribed([other], one) for other in unique)]


def _groups(patterns: Sequence[str]) -> list[list[str]]:
    """Return the patterns of each rule: one, or if there are many as many as a rule has room for."""
    if len(patterns) <= MAX_SINGLE_RULES:
        return [[pattern] for pattern in patterns]
    groups: list[list[str]] = [[]]
    for pattern in patterns:
        if len(json.dumps(_event_pattern([*groups[-1], pattern]))) > MAX_PATTERN:
            groups.append([])
        groups[-1].append(pattern)
    return groups


def _description(patterns: Sequence[str]) -> str:
    more = f" and {len(patterns) - 1} more" if len(patterns) > 1 else ""
    return f"Detail-type {patterns[0]}{more}"


def _event_pattern(patterns: Sequence[str]) -> dict[str, Any] | None:
    """Return the event pattern of these detail-types, None for all."""
    if "*" in patterns:
        return None
    return {"detail-type": [{"prefix": each[:-1]} if each.endswith("*") else each for each in patterns]}


def _stem(destination: Destination) -> str:
    """Return `partner-acme-example-prod-k3x9qa`: characters that every name may have, unique by the id."""
    parts = ((destination.source.split("/")[1], 18), (destination.name, 14), (destination.id, 6))
    return "-".join(["partner", *(_slug(text, length) for text, length in parts)])[:MAX_STEM]


def _slug(text: str, length: int) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:length].strip("-")
