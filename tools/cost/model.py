"""The model: what a million webhooks and an idle month cost. Pure: figures in, dollars out."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cost import prices

Measured = Mapping[str, Mapping[str, Any]]
MEASURED: Measured = tomllib.loads(Path(__file__).with_name("measured.toml").read_text("utf-8"))
MONTH = 30 * 86400  # seconds
MILLION = 1_000_000
HTTP, REST, URL = "http", "rest", "url"
TRACED = 0.05
"""The share of busy calls that Lambda traces; it does not let anybody change it."""


@dataclass(frozen=True)
class Webhook:
    """What is sent and how it is received: a webhook becomes so many `entries`, all of which EventBridge accepts."""

    front: str = HTTP
    entries: int = 1
    log_entries: bool = True
    tracing: bool = False
    archive: bool = False
    dedupe: bool = False
    is_uncached_customer: bool = False
    queued: bool = False


@dataclass(frozen=True)
class Cost:
    """A part of the bill. `how` says what it was made of, for the page."""

    part: str
    usd: float
    how: str


def per_million(webhook: Webhook, measured: Measured = MEASURED) -> Iterator[Cost]:
    """Yield what a million webhooks of up to 64 KB cost, part by part."""
    if webhook.front == HTTP:
        yield Cost("HTTP API", prices.HTTP_API.usd, "for each 512 KB begun of a body")
    if webhook.front == REST:
        yield Cost("REST API", prices.REST_API.usd, "")
        yield Cost("AWS WAF", prices.WAF_REQUESTS.usd, "what it stops or counts is logged, too")
    yield Cost("Lambda, requests", prices.LAMBDA_REQUESTS.usd, "")
    yield _time(webhook, measured)
    yield _logs(webhook, measured["log"])
    if webhook.log_entries:
        yield Cost("Contributor Insights", prices.INSIGHT_LINES.usd * webhook.entries, "a line for each entry")
    if webhook.tracing:
        yield Cost("X-Ray", TRACED * prices.TRACES.usd, f"{TRACED:.0%} of the calls")
    yield from _options(webhook, measured["requests"])


def total(webhook: Webhook, measured: Measured = MEASURED) -> float:
    """Return the dollars for a million webhooks."""
    return sum(cost.usd for cost in per_million(webhook, measured))


def log_bytes(webhook: Webhook, log: Mapping[str, Any] = MEASURED["log"]) -> int:
    """Return the bytes that a webhook leaves in all logs."""
    more = (webhook.entries - 1) * log["more_entries"]
    lines = log["entry"] + more if webhook.log_entries else log["webhook"]
    return int(lines + (0 if webhook.front == URL else log["access"]))


def per_month(routes: int, front: str = HTTP, destinations: int = 0, measured: Measured = MEASURED) -> Iterator[Cost]:
    """Yield what a month of the stage `prod` costs, whatever comes, with so many routes that are used.

    With customers' destinations it is what their reconciler may cost at most.
    """
    stack, memory = measured["stack"], measured["lambda"]["memory_gb"]
    yield Cost("SnapStart", memory * MONTH * prices.SNAP_START_CACHE.usd, "the ingest function; twice that in a canary")
    yield Cost("alarms", stack["alarm_metrics"] * prices.ALARM_METRIC.usd, f"{stack['alarm_metrics']} metrics")
    rules = stack["insight_rules"]
    yield Cost("Contributor Insights", rules * prices.INSIGHT_RULE.usd, f"{rules} rules")
    yield Cost("dashboard", prices.DASHBOARD.usd, "")
    metrics = stack["service_metrics"]
    yield Cost("metrics of the service", metrics * prices.METRIC.usd, f"up to {metrics}")
    receives = stack["pollers"] * MONTH / 20
    yield Cost(
        "empty receives",
        receives / MILLION * prices.SQS.usd,
        f"{stack['pollers']} pollers of the retry and the delivery queue",
    )
    if front == REST:
        rules = stack["waf_rules"]
        yield Cost("AWS WAF", prices.WAF_ACL.usd + rules * prices.WAF_RULE.usd, f"{rules} rules")
    metrics = stack["route_metrics"] + (0 if front == URL else stack["api_route_metrics"])
    yield Cost("metrics of the routes", routes * metrics * prices.METRIC.usd, f"{metrics} of each that is used")
    yield Cost("secrets", routes * prices.SECRET.usd, "one for each route")
    if destinations:
        yield from _reconciler(destinations, measured)


def _reconciler(destinations: int, measured: Measured) -> Iterator[Cost]:
    """Yield what it costs to read the registry and to ask for each source every minute, which is the most it does."""
    figures, runs = measured["reconciler"], MONTH / 60
    seconds = min(figures["most_seconds"], destinations / figures["looks_per_second"])
    usd = runs * seconds * measured["lambda"]["memory_gb"] * prices.LAMBDA_TIME.usd
    yield Cost("reconciler", usd, f"at most {seconds:.0f} s of each minute")
    reads = math.ceil(destinations * figures["destination_kb"] / 4)
    yield Cost("registry", runs * reads / MILLION * prices.DYNAMODB_READ.usd, f"{reads} reads in each run")


def _time(webhook: Webhook, measured: Measured) -> Cost:
    function, requests = measured["lambda"], measured["requests"]
    puts = math.ceil(webhook.entries / requests["entries_a_put"])
    own = function["own_ms"] + (webhook.entries - 1) * function["entry_ms"]
    milliseconds = own + puts * function["eventbridge_ms"]
    usd = milliseconds / 1000 * function["memory_gb"] * prices.LAMBDA_TIME.usd * MILLION
    return Cost("Lambda, time", usd, f"{milliseconds:.1f} ms: {own:.1f} ms of ours, the rest EventBridge's answer")


def _logs(webhook: Webhook, log: Mapping[str, Any]) -> Cost:
    size = log_bytes(webhook, log)
    return Cost("CloudWatch Logs", size * MILLION / 1e9 * prices.LOGS.usd, f"{size} bytes")


def _options(webhook: Webhook, requests: Mapping[str, Any]) -> Iterator[Cost]:
    if webhook.archive:
        yield Cost("Firehose", requests["archive_kb"] * prices.FIREHOSE.usd, "a record of up to 5 KB")
    if webhook.dedupe:
        writes, reads = requests["dedupe_writes"], requests["dedupe_reads"]
        usd = writes * prices.DYNAMODB_WRITE.usd + reads * prices.DYNAMODB_READ.usd
        yield Cost("DynamoDB, `dedupe`", usd, f"{writes} writes, {reads} read")
    if webhook.queued:
        calls = (
            math.ceil(webhook.entries / requests["entries_a_send"]) + 2 * webhook.entries / requests["entries_a_send"]
        )
        usd = calls * prices.SQS.usd + webhook.entries / requests["entries_a_put"] * prices.LAMBDA_REQUESTS.usd
        yield Cost("SQS and Lambda, queued delivery", usd, "sent at once, received and deleted in full batches")
    if webhook.is_uncached_customer:
        yield Cost("DynamoDB, destinations", prices.DYNAMODB_READ.usd, "one Query")
