"""Two releases with the canary of production: one that works and is let through, one that fails and is taken back.

The local AWS has no CodeDeploy, so what is decided here is pure, and tested by itself.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from partner_event_relay.functions.function import LIVE_ALIAS
from relay.config import stage_names
from relayctl.walk import require
from tools.first_hour import drills
from tools.first_hour import run as runs
from tools.first_hour.cdk import start_deployment
from tools.first_hour.place import Place
from tools.first_hour.relay import Relay

POST_SECONDS = 0.25
"""Between webhooks: a tenth of them has to give the new version's alarm something to see in every minute."""
ACCEPTED, UNAVAILABLE = 202, 503
TENTH = 0.1


@dataclass
class Release:
    """What was seen during a release: answers by status, the shares of the new version, and the alias before, after."""

    before: str
    after: str = ""
    answers: Counter[int] = field(default_factory=Counter)
    shares: set[float] = field(default_factory=set)
    succeeded: bool = False
    alarms: tuple[str, ...] = ()
    seconds: float = 0

    def summary(self) -> str:
        """Return it in a sentence."""
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.answers.items()))
        shares = ", ".join(f"{share:.0%}" for share in sorted(self.shares)) or "none"
        ended = "succeeded" if self.succeeded else "failed"
        alarms = f"; alarms that went off: {', '.join(self.alarms)}" if self.alarms else ""
        return (
            f"cdk deploy {ended} after {self.seconds:.0f} s; live was version {self.before}, is {self.after}; "
            f"shares of the new version: {shares}; answers: {answers}{alarms}"
        )

    def let_through(self) -> bool:
        """Return whether a version that works got a tenth, then everything, and nobody noticed."""
        only_accepted = set(self.answers) == {ACCEPTED}
        return self.succeeded and self.after != self.before and self.shares == {TENTH} and only_accepted

    def taken_back(self) -> bool:
        """Return whether a version that answers 503 got a tenth, an alarm saw it, and the old one has it all again."""
        watched = any(name.startswith("Canary") for name in self.alarms)
        noticed = set(self.answers) == {ACCEPTED, UNAVAILABLE}
        back = not self.succeeded and self.after == self.before
        return back and watched and noticed and self.shares == {TENTH}


def good(place: Place) -> str:
    """Release a version that works. Return what was seen. Raise UnexpectedError."""
    # Another text each time, so that a step which is taken again releases a version, too.
    note = f"a release that works, {datetime.now(UTC).isoformat()}"
    release = _watch(place, runs.relay_toml(place.run, place.region, note=note))
    require(release.let_through(), release.summary())
    return release.summary()


def bad(place: Place) -> str:
    """Release a version that may not read its secret. Return what was seen. Raise UnexpectedError."""
    run = place.run
    text = runs.relay_toml(run, place.region, note="a release that fails", orders_secret=runs.UNREADABLE)
    name = f"{stage_names.secret_prefix(run.stage(runs.HTTP))}{runs.UNREADABLE}"
    secret = f"arn:{place.partition}:secretsmanager:{place.region}:{run.account}:secret:{name}-*"
    with drills.denied(place, runs.HTTP, ["secretsmanager:GetSecretValue"], secret):
        release = _watch(place, text)
    require(release.taken_back(), release.summary())
    return release.summary()


def _watch(place: Place, relay_toml: str) -> Release:
    relay, begun = Relay(place, runs.HTTP), time.monotonic()
    function = relay.function("Ingest")
    release = Release(before=_alias(place, function)[0])
    command = start_deployment(place, runs.HTTP, relay_toml)
    while command.process.poll() is None:
        release.answers[_status(relay)] += 1
        release.shares |= _alias(place, function)[1]
        time.sleep(POST_SECONDS)
    release.succeeded = command.process.wait() == 0
    release.after, release.seconds = _alias(place, function)[0], time.monotonic() - begun
    release.alarms = tuple(_alarms(place, begun))
    return release


def _status(relay: Relay) -> int:
    """Return the status of an answer; 0 if there was none, which must not end the watch over a release."""
    try:
        return relay.post().status
    except httpx.TransportError:
        return 0


def _alias(place: Place, function: str) -> tuple[str, set[float]]:
    alias = place.client("lambda").get_alias(FunctionName=function, Name=LIVE_ALIAS)
    return alias["FunctionVersion"], set(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}).values())


def _alarms(place: Place, begun: float) -> list[str]:
    """Return which alarms of the stack went off since then, by their construct."""
    since = time.time() - (time.monotonic() - begun)
    cloudwatch = place.client("cloudwatch")
    gone_off = []
    for logical, name in place.resources(runs.HTTP, "AWS::CloudWatch::Alarm"):
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate", MaxRecords=20)
        items = history["AlarmHistoryItems"]
        if any(one["Timestamp"].timestamp() >= since and "to ALARM" in one["HistorySummary"] for one in items):
            gone_off.append(logical.removeprefix("Monitoring"))
    return sorted(gone_off)
