"""One run: its id, the names of what it makes, what its steps have shown. Pure but for `save` and `load`."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from relay.config import stage_names
from relayctl.walk import FAILED, NOT_REACHED, Result

TAG = "partner-event-relay:first-hour"
"""Each stack of a run has this tag with the run's id; a stack without it is never touched."""
HTTP, REST, RECEIVER = "http", "rest", "receiver"
LOAD, SENDER = "load", "sender"
"""The stacks of the afternoon: a relay with what the account's quotas carry, and what sends to it."""
ORDERS, UNREADABLE = "first-hour/orders", "first-hour/unreadable"
THROTTLES = ("rate_per_second", "burst", "route_rate_per_second")
# Two that every account has enabled: those opened after March 2019 are off by default.
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
REGIONS = ("us-east-1", "eu-north-1")


@dataclass
class Run:
    """A run. `account` is where it works, `local`: on the local AWS; `afternoon`: it measures load."""

    id: str
    account: str
    regions: Sequence[str]
    local: bool
    commit: str
    began: str
    results: list[Result] = field(default_factory=list)
    afternoon: bool = False

    @property
    def source(self) -> str:
        """Return the source of the events that this run makes."""
        return f"relay-first-hour.{self.id}"

    def stage(self, front: str) -> str:
        """Return the name of the stage whose stack has this front."""
        return f"hour-{self.id}-{front}"

    def stack_name(self, part: str) -> str:
        """Return the name of the stack of a front, or of the receiver."""
        return stage_names.stack_name(self.stage(part))

    def secret_name(self, front: str, route: str) -> str:
        """Return the name of a route's secret in Secrets Manager."""
        return f"{stage_names.secret_prefix(self.stage(front))}first-hour/{route}"

    def result(self, region: str, step: str) -> Result | None:
        """Return what the step has shown there, or None."""
        return next((one for one in self.results if (one.region, one.step) == (region, step)), None)

    def record(self, result: Result) -> None:
        """Take the result, instead of an earlier one of the same step."""
        known = self.result(result.region, result.step)
        self.results = [one for one in self.results if one is not known]
        self.results.append(result)

    @property
    def failed(self) -> list[Result]:
        """Return what has not shown what was expected."""
        return [one for one in self.results if one.status in {FAILED, NOT_REACHED}]


def new(  # noqa: PLR0913 - by name
    account: str, regions: Sequence[str], commit: str, began: str, *, local: bool, afternoon: bool = False
) -> Run:
    """Return a run with an id that no other has."""
    return Run(secrets.token_hex(3), account, tuple(regions), local, commit, began, afternoon=afternoon)


def save(run: Run, path: Path) -> None:
    """Write the run, whole or not at all."""
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(run), indent=1), "utf-8")
    draft.replace(path)


def load(path: Path) -> Run:
    """Return the run that `save` wrote. Raise OSError if there is none."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Run(**document | {"results": [Result(**one) for one in document["results"]]})


def stage(values: dict[str, Any], front: str, *, local: bool) -> dict[str, Any]:
    """Return the stage of a front: `values` are those of the stage `dev`, and what it lacks is switched on.

    The HTTP API is released as in production (canary, SnapStart), where there is anything to see of it. That of the
    afternoon has no canary, and takes what the account's quotas carry.
    """
    like_production = front == HTTP and not local
    made = {
        **values,
        "retain": False,
        "front": HTTP if front == LOAD else front,
        "generate_secrets": True,
        "canary": like_production,
        "snap_start": like_production or (front == LOAD and not local),
    }
    return made | (dict.fromkeys(THROTTLES, 0) if front == LOAD else {})


def relay_toml(run: Run, region: str, *, note: str = "first", orders_secret: str = ORDERS) -> str:
    """Return the run's relay.toml: two senders, an ordinary event bus, claim checks over 16 KB.

    Another `note` makes another version of the function. With another `orders_secret` a third route keeps the first
    one in the file: the version before still needs its permission.
    """
    text = _RELAY_TOML.format(id=run.id, note=note, region=region, source=run.source, secret=orders_secret)
    return text if orders_secret == ORDERS else text + _KEPT.format(source=run.source, secret=ORDERS)


_RELAY_TOML = """\
# first hour {id}: {note}
partner = "aws.partner/first-hour.example"
regions = ["{region}"]
limits = {{ entry = "16 KiB" }}

[[route]]
name = "orders"
path = "/orders"
bus = "default"
on_oversize = "claim-check"
auth = {{ scheme = "standard-webhooks", secret = "{secret}" }}
event = {{ source = "{source}", detail_type = "${{body.type}}" }}

[[route]]
name = "github"
path = "/github"
preset = "github"
bus = "default"
auth = {{ secret = "first-hour/github" }}
event = {{ source = "{source}" }}
"""
_KEPT = """
[[route]]
name = "orders-before"
path = "/orders-before"
bus = "default"
auth = {{ scheme = "standard-webhooks", secret = "{secret}" }}
event = {{ source = "{source}", detail_type = "${{body.type}}" }}
"""
