"""The steps of the afternoon: cold starts, a million webhooks, and a step to 10,000 a second, each beside a model."""

import re
import time
from collections import Counter
from functools import partial
from typing import Any

from partner_event_relay.functions.function import LIVE_ALIAS
from relayctl.walk import Step, require, until
from tools.first_hour import expected, sender, steps
from tools.first_hour import run as runs
from tools.first_hour.expected import COLD_STARTS, PHASES, STEP, VERSIONS, WARM
from tools.first_hour.place import Place
from tools.first_hour.relay import Relay
from tools.first_hour.run import LOAD
from tools.first_hour.sender import Sent, percentile
from tools.load.ledger import Tally, count

BLOCK = 2_000_000
"""How far the numbers of two loads are apart."""
DRAIN_SECONDS = 900
LOG_SECONDS = 120
_START = re.compile(r"(Init|Restore) Duration: ([0-9.]+) ms")


def make_sender(place: Place) -> str:
    """Make the function that sends, and the queue that counts."""
    sender.create(place)
    return f"stack {place.run.stack_name(runs.SENDER)}"


def cold(place: Place, *, snap_start: bool, block: int) -> str:
    """Release a version, send so many webhooks at once that as many environments start, and read their reports."""
    client, function = place.client("lambda"), Relay(place, LOAD).function("Ingest")
    begun, sent = time.time(), Sent()
    for number in range(VERSIONS):
        _publish(client, function, snap_start=snap_start, note=f"cold start {number} of {begun:.0f}")
        merged = sender.send(place, sender.burst(COLD_STARTS, block * BLOCK + number * COLD_STARTS))
        sent.answers.update(merged.answers)
        sent.latency.update(merged.latency)
    group = client.get_function_configuration(FunctionName=function, Qualifier=LIVE_ALIAS)["LoggingConfig"]["LogGroup"]
    starts: list[float] = []

    def are_there() -> bool:
        pages = place.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=group, filterPattern="REPORT", startTime=int(begun * 1000))
        starts[:] = [ms for page in found for event in page["events"] if (ms := start_ms(event["message"])) is not None]
        return len(starts) >= COLD_STARTS * VERSIONS

    until(are_there, LOG_SECONDS)
    require(starts, f"no report of a cold start; answers: {dict(sent.answers)}")
    kind = "a restore" if snap_start else f"about {expected.COLD_START_MS} ms"
    counts = Counter(starts)
    p50, p99 = (percentile(counts, each) for each in (50, 99))
    return f"{len(starts)} cold starts, p50 {p50:.0f} ms, p99 {p99:.0f} ms (expected: {kind}); {told(sent)}"


def start_ms(report: str) -> float | None:
    """Return the milliseconds of Init or Restore in a line REPORT, None for a warm call.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html
    """
    found = _START.search(report)
    return float(found[2]) if found else None


def loaded(place: Place, phase: str, *, block: int) -> str:
    """Send an open load, count every webhook by its number, and say what was seen beside what was expected."""
    load = PHASES[place.run.local][phase]
    sent, arrived, room = Sent(), Tally(), BLOCK // load.times
    for number in range(load.times):
        first = block * BLOCK + number * room
        part = sender.send(place, sender.plan(load.rate, load.seconds, first))
        sent.answers.update(part.answers)
        sent.latency.update(part.latency)
        sent.lateness.update(part.lateness)
        sent.acknowledged.merge(part.acknowledged)
        sender.receive(place, arrived)
    relay = Relay(place, LOAD)
    drained = until(lambda: relay.waiting() == 0, DRAIN_SECONDS)
    sender.receive(place, arrived)
    counted = count(sent.acknowledged, arrived, Tally())
    if phase == WARM:
        model = f"expected: about {expected.warm_ms() + expected.FRONT_MS:.0f} ms and the network"
    else:
        model = f"expected: about {expected.accepted_a_second()} accepted a second, the others 429 or 503"
    seen = (
        f"{told(sent)}; {model}; {sent.accepted / (load.seconds * load.times):.0f} accepted a second;"
        f" lost {counted.lost} of {counted.acknowledged}, twice {counted.twice};"
        f" the retry queue was {'empty' if drained is not None else 'not empty'} afterwards"
    )
    require(sent.accepted and not counted.lost and (phase == STEP or sent.accepted == sent.webhooks), seen)
    return seen


def told(sent: Sent) -> str:
    """Return answers, latencies and how late the senders were, in a sentence."""
    answers = ", ".join(f"{number} x {status}" for status, number in sorted(sent.answers.items()))
    times = ", ".join(f"p{each:g} {percentile(sent.latency, each) * 1000:.0f} ms" for each in (50, 99, 99.9))
    late = f"; senders late by {percentile(sent.lateness, 99) * 1000:.1f} ms at p99" if sent.lateness else ""
    return f"{answers}; {times}{late}"


def _publish(client: Any, function: str, *, snap_start: bool, note: str) -> None:
    """Publish a version of its own and send everything to it: none of its environments has started yet."""
    apply = "PublishedVersions" if snap_start else "None"
    client.update_function_configuration(FunctionName=function, Description=note, SnapStart={"ApplyOn": apply})
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    version = client.publish_version(FunctionName=function, Description=note)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
    client.update_alias(FunctionName=function, Name=LIVE_ALIAS, FunctionVersion=version)


NO_REPORTS = "its cold starts are this machine's, and it has no SnapStart"
STEPS = (
    Step("bootstrap", "the Region has the CDK's bootstrap stack", steps.bootstrap),
    Step("sender", "the function that sends is there, and the queue that counts", make_sender),
    Step("deploy-load", "cdk deploy creates the stack", partial(steps.deploy, front=LOAD), ["bootstrap"]),
    Step(
        "cold-snap-start",
        f"{COLD_STARTS * VERSIONS} cold starts from a snapshot are reported",
        partial(cold, snap_start=True, block=1),
        ["deploy-load", "sender"],
        NO_REPORTS,
    ),
    Step(
        "cold-plain",
        f"{COLD_STARTS * VERSIONS} cold starts without SnapStart are reported",
        partial(cold, snap_start=False, block=2),
        ["deploy-load", "sender"],
        NO_REPORTS,
    ),
    Step(
        "warm",
        "a million webhooks at 625 a second are all answered 202, and none is lost",
        partial(loaded, phase=WARM, block=3),
        ["deploy-load", "sender"],
    ),
    Step(
        "step",
        "of 10,000 webhooks a second, from nothing, whatever was answered 202 has arrived",
        partial(loaded, phase=STEP, block=4),
        ["deploy-load", "sender"],
    ),
)
