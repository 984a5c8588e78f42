"""Send what changes to every open page: the customer's events, the queues, the faults."""

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool

from relay.destinations.model import Destination, Status
from relay_local.inspector import explain, search, terminal
from relay_local.inspector.captures import MAX_CAPTURES, Capture, Captures, Events, summary
from relay_local.inspector.dead_letters import DeadLetters
from relay_local.inspector.fates import Fates
from relay_local.inspector.mapped import Mapped
from relay_local.process import PARTNER
from relay_local.session import Session
from relayctl.dead_letter_queue import DeadLetterQueue

EVENTS_SECONDS = 0.3
COUNTS_SECONDS = 1.0
HEARTBEAT_SECONDS = 15
MAX_BEHIND = 2000
FAULTS = "/_partner_bus/faults"
DELIVERY_LOG = "/_partner_bus/delivery-log"

Message = dict[str, Any] | None


class Live:
    """One deployed session, as the page sees it. `url` is where webhooks are posted; `say` prints a line for each."""

    def __init__(self, session: Session, say: Callable[[str], None] = lambda _: None) -> None:
        self.session = session
        self._say = say
        self.url = ""
        self.captures = Captures()
        self.events = Events()
        self.faults: Any = []
        self.fates = Fates()
        self._mapped: dict[int, Mapped] = {}
        self._requests: dict[str, int] = {}
        self._last_line = 0
        self._counts: dict[str, Any] = {}
        self._chart: list[dict[str, Any]] = []
        self._pages: set[asyncio.Queue[Message]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._receiving = asyncio.Lock()
        self._trust = session.aws.ssl_context()
        outputs = session.stack.outputs
        sqs = session.aws.client("sqs", PARTNER, session.stack.region)
        self._queues = DeadLetterQueue.of_stack(sqs, outputs)
        self.letters = DeadLetters(self._queues, self.fates, self._details, self._tell_changed)

    def record(self, **fields: Any) -> None:
        """Record a request and its answer, from any thread, and say in the terminal what came of it."""
        capture = self.captures.add(**fields)
        for line in terminal.lines(capture, self.session.config, self._explanations(capture)):
            self._say(line)
        if self._loop:
            with contextlib.suppress(RuntimeError):  # no page is open any more
                self._loop.call_soon_threadsafe(self._announce, capture)

    def _announce(self, capture: Capture) -> None:
        webhook_id = explain.webhook_id(capture, self.session.config)
        results = capture.answer_document().get("entries")
        if webhook_id and isinstance(results, list):
            at = capture.at + capture.seconds
            self.fates.answered(capture.id, webhook_id, results, at, self.events.arrived)
            self._requests[capture.request_id] = capture.id
            while len(self._requests) > MAX_CAPTURES:
                self.fates.forget(self._requests.pop(next(iter(self._requests))))
        self._tell({"type": "webhook", "webhook": self.summary(capture)})

    def summary(self, capture: Capture) -> dict[str, Any]:
        """Return what the list shows of a webhook."""
        return summary(capture, self.session.config, self.mapped(capture), self.fates.counts(capture.id))

    def mapped(self, capture: Capture) -> Mapped:
        """Return what the webhook was mapped to; it is mapped once."""
        if capture.id not in self._mapped:
            self._mapped[capture.id] = explain.in_short(capture, self._surroundings())
            while len(self._mapped) > MAX_CAPTURES:
                del self._mapped[min(self._mapped)]
        return self._mapped[capture.id]

    async def search(self, query: str) -> list[int]:
        """Return the numbers of the webhooks in which a query is found, oldest first."""
        terms = search.parse(query)
        rows = [(capture, self.summary(capture)) for capture in self.captures.all()]
        ids = {
            capture.id: [step.event_id for steps in self.fates.steps(capture.id).values() for step in steps]
            for capture, _ in rows
        }
        return await run_in_threadpool(
            lambda: [
                capture.id for capture, row in rows if search.matches(terms, capture, _fields(row), ids[capture.id])
            ]
        )

    def detail(self, capture: Capture) -> dict[str, Any]:
        """Return what the page shows when a webhook is opened."""
        return self.summary(capture) | explain.detail(capture, self._surroundings(), self.fates.steps(capture.id))

    def _explanations(self, capture: Capture) -> terminal.Explanations:
        met = self._surroundings()
        return terminal.Explanations(
            lambda: explain.reason(capture, met), lambda: explain.why_unsent(capture, met), self.letters.advice
        )

    def _surroundings(self) -> explain.Surroundings:
        session = self.session
        find = functools.cache(self._find) if session.connections else None  # a webhook names a customer many times
        return explain.Surroundings(session.config, session.secrets, self.events, self.url, find)

    def destinations(self) -> list[dict[str, Any]]:
        """Return what the page shows of the customers' destinations."""
        connections = self.session.connections
        return connections.rows() if connections else []

    def _find(self, customer: str) -> list[Destination]:
        """Return a customer's destinations as if none were disabled, so that each result of an answer has its entry."""
        found = self.session.connections.find(customer) if self.session.connections else []
        return [replace(each, status=Status.ENABLED) for each in found]

    async def receive(self) -> None:
        """Take what has reached the customer."""
        async with self._receiving:
            arrived = await run_in_threadpool(lambda: list(self.session.customer.received()))
        now = time.time()
        for event in arrived:
            self.events.add(event, now)
        if arrived:
            self._tell({"type": "events"})
            self._tell_changed(self.fates.arrived(event["id"], now) for event in arrived)

    async def follow(self) -> None:
        """Read what the functions have logged of entries, and tell which webhooks have changed by it."""
        async with httpx.AsyncClient(verify=self._trust) as client:
            answer = await client.get(f"{self.session.aws.url}{DELIVERY_LOG}", params={"after": self._last_line})
        log = answer.json()
        self._last_line = log["last"]
        self._tell_changed([self._logged(line) for line in log["lines"]])

    def _logged(self, line: dict[str, Any]) -> int | None:
        """Take a line of the delivery log. Return the number of the webhook that has changed by it, or None."""
        if "correlation_id" in line:  # of the webhook itself: its answer says the same, but for the attempts
            number = self._requests.get(line["correlation_id"])
            if number is not None:
                self.fates.put(number, line["index"], line.get("attempts") or 0)
            return None
        at = datetime.fromisoformat(line["timestamp"]).timestamp()
        return self.fates.logged(line, at, self.events.arrived)

    def _tell_changed(self, numbers: Iterable[int | None]) -> None:
        """Tell what the list shows now of webhooks that have changed; None is no webhook."""
        captures = [self.captures.get(number) for number in dict.fromkeys(numbers) if number is not None]
        if rows := [self.summary(capture) for capture in captures if capture]:
            self._tell({"type": "changed", "webhooks": rows})

    async def stream(self) -> AsyncIterator[str]:
        """Stream server-sent events: everything there is, then every change. https://html.spec.whatwg.org/#server-sent-events."""
        page: asyncio.Queue[Message] = asyncio.Queue(MAX_BEHIND)
        self._pages.add(page)
        try:
            message: Message = {
                "type": "everything",
                "webhooks": [self.summary(capture) for capture in self.captures.all()],
                "chart": self.captures.chart(),
                "counts": self._counts,
                "routes": [(route.name, route.path) for route in self.session.config.routes],
                "url": self.url,
            }
            while message is not None:
                yield f"data: {json.dumps(message)}\n\n"
                while True:
                    try:
                        message = await asyncio.wait_for(page.get(), HEARTBEAT_SECONDS)
                        break
                    except TimeoutError:
                        yield ": still here\n\n"
        finally:
            self._pages.discard(page)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Follow the customer and the queues until the block ends."""
        self._loop = asyncio.get_running_loop()
        watchers = [
            asyncio.create_task(self._watch(self.receive, EVENTS_SECONDS)),
            asyncio.create_task(self._watch(self._count, COUNTS_SECONDS)),
            asyncio.create_task(self._watch(self.follow, COUNTS_SECONDS)),
        ]
        try:
            yield
        finally:
            self._loop = None
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    def end(self) -> None:
        """End the stream of every page, so that the server can stop."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._tell, None)

    def _details(self, number: int) -> list[str]:
        capture = self.captures.get(number)
        entries = explain.detail(capture, self._surroundings())["entries"] if capture else []
        return [entry["wire"]["Detail"] for entry in entries]

    async def inject(self, faults: Any) -> httpx.Response:
        """Put faults in force (see relay_local/emulator/faults.py)."""
        async with httpx.AsyncClient(verify=self._trust) as client:
            answer = await client.put(f"{self.session.aws.url}{FAULTS}", json=faults)
        if answer.is_success:
            self.faults = faults
            await self._count()
        return answer

    async def _watch(self, look: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            with contextlib.suppress(BotoCoreError, ClientError, httpx.HTTPError):  # it will answer the next time
                await look()
            await asyncio.sleep(seconds)

    async def _count(self) -> None:
        if self.faults:  # some hold for a number of requests
            async with httpx.AsyncClient(verify=self._trust) as client:
                answer = await client.get(f"{self.session.aws.url}{FAULTS}")
            self.faults = [] if answer.text.startswith("0 ") else self.faults
        waiting, dead = await run_in_threadpool(
            lambda: (self._messages(self._queues.retry_url), self._messages(self._queues.url))
        )
        destinations = await run_in_threadpool(self.destinations)
        counts = {"retry": waiting, "dead_letters": dead, "faults": self.faults, "destinations": destinations}
        chart = self.captures.chart()[-2:]
        if (counts, chart) != (self._counts, self._chart):
            self._counts, self._chart = counts, chart
            self._tell({"type": "counts", "counts": counts, "chart": chart})

    def _messages(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self._queues.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def _tell(self, message: Message) -> None:
        for page in list(self._pages):
            if page.full():  # it does not read; its browser will connect again and get everything
                self._pages.discard(page)
                while not page.empty():
                    page.get_nowait()
                page.put_nowait(None)
            else:
                page.put_nowait(message)


def _fields(row: dict[str, Any]) -> dict[str, list[str]]:
    """Return what can be searched by its name."""
    return {
        "type": row["types"],
        "source": row["sources"],
        "customer": row["customers"],
        "route": [row["route"] or ""],
        "path": [row["path"]],
        "status": [str(row["status"])],
        "result": [row["result"].replace("_", "-")],
    }
