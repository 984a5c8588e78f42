"""The page about cost: the model's figures in sentences and tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.cost import prices
from tools.cost.model import (
    HTTP,
    MEASURED,
    MILLION,
    REST,
    URL,
    Cost,
    Webhook,
    log_bytes,
    per_million,
    per_month,
    total,
)
from tools.cost.prices import Price

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "cost.md"

FRONTS = {HTTP: "HTTP API", REST: "REST API with AWS WAF", URL: "function URL"}
GOALS = {HTTP: 1.65, URL: 0.60}
GOAL_OF_AN_EVENT = 0.09
LOG_GOAL = 500


@dataclass(frozen=True)
class Relay:
    """An example: so many millions of webhooks in a month, to so many routes."""

    millions: float
    routes: int
    webhook: Webhook
    destinations: int = 0


OPTIONS = {
    "as shipped": Webhook(),
    "`[log] entries = false`": Webhook(log_entries=False),
    "`tracing = true`": Webhook(tracing=True),
    "`[archive]`": Webhook(archive=True),
    "`dedupe`": Webhook(dedupe=True),
    '`delivery = "queued"`': Webhook(queued=True),
    "destinations, each customer seldom": Webhook(is_uncached_customer=True),
    "20 events in each webhook": Webhook(entries=20),
}

EXAMPLES = {
    "5 M webhooks a month, 4 routes": Relay(5, 4, Webhook()),
    "the same, REST API with AWS WAF": Relay(5, 4, Webhook(front=REST)),
    "the same, function URL": Relay(5, 4, Webhook(front=URL)),
    "5 M webhooks, 50 routes": Relay(5, 50, Webhook()),
    "5 M webhooks, 1 route for 1,000 customers with a destination each, and the archive": Relay(
        5, 1, Webhook(archive=True, is_uncached_customer=True), destinations=1000
    ),
    "100 M webhooks, 4 routes": Relay(100, 4, Webhook()),
}

TEMPLATE = Path(__file__).with_name("page.template.md")


def page() -> str:
    """Return the text of the page."""
    one, twenty, month_of_one = Webhook(), Webhook(entries=20), list(per_month(1))
    return TEMPLATE.read_text("utf-8").format(
        **MEASURED["log"],
        eventbridge_ms=MEASURED["lambda"]["eventbridge_ms"],
        customer=prices.CUSTOMER_EVENTS.usd,
        event=total(twenty) / 20,
        no_entries=total(replace(twenty, log_entries=False)) / 20,
        one=total(one),
        bytes=log_bytes(one),
        millisecond=MEASURED["lambda"]["memory_gb"] * prices.LAMBDA_TIME.usd * 1000,
        sqs=prices.SQS.usd,
        s3_write=prices.S3_WRITE.usd,
        s3=prices.S3_STORAGE.usd,
        storage=prices.LOG_STORAGE.usd,
        restore=MEASURED["lambda"]["memory_gb"] * prices.SNAP_START_RESTORE.usd * MILLION,
        waf=prices.WAF_ACL.usd + MEASURED["stack"]["waf_rules"] * prices.WAF_RULE.usd,
        as_of=prices.AS_OF,
        examples=_rows(_examples()),
        options=_rows(_options()),
        parts=_rows(_costs(per_million(one), total(one))),
        month=_rows(_costs(month_of_one, sum(cost.usd for cost in month_of_one))),
        goals=_rows(_goals()),
        prices=_rows(_prices()),
    )


def _examples() -> Iterator[Sequence[str]]:
    for name, relay in EXAMPLES.items():
        webhooks = relay.millions * total(relay.webhook)
        rest = sum(cost.usd for cost in per_month(relay.routes, relay.webhook.front, relay.destinations))
        yield name, f"${webhooks:.2f}", f"${rest:.2f}", f"**${webhooks + rest:.0f}**"


def _options() -> Iterator[Sequence[str]]:
    for name, webhook in OPTIONS.items():
        yield name, *(f"${total(replace(webhook, front=front)):.2f}" for front in FRONTS)


def _costs(costs: Iterable[Cost], whole: float) -> Iterator[Sequence[str]]:
    for cost in costs:
        yield cost.part, f"${cost.usd:.2f}", cost.how
    yield "**all**", f"**${whole:.2f}**", ""


def _goals() -> Iterator[Sequence[str]]:
    for front, goal in GOALS.items():
        yield f"a million webhooks, {FRONTS[front]}", f"${goal:.2f}", f"${total(Webhook(front=front)):.2f}"
    event, goal = total(Webhook(entries=20)) / 20, GOAL_OF_AN_EVENT
    yield "a million events, 20 in each webhook, HTTP API", f"${goal:.2f}", f"${event:.2f}"
    yield "bytes of log for a webhook, HTTP API", str(LOG_GOAL), str(log_bytes(Webhook()))


def _prices() -> Iterator[Sequence[str]]:
    for name, price in vars(prices).items():
        if isinstance(price, Price):
            star = "*" if price.is_secondary else ""
            what = name.replace("_", " ").lower()
            yield what, f"{price.usd:.10f}".rstrip("0").rstrip(".") + star, price.unit, f"[page]({price.source})"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
