"""`relayctl rehearse` against the deployed stack, in two Regions: what passes, what fails, and what is left."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay_local import proxy
from relay_local.connections import control_url
from relay_local.deploy import CUSTOMER, STACK, STAGE
from relay_local.process import PARTNER, ROOT
from relayctl.rehearsal.naming import PREFIX
from relayctl.rehearsal.questionnaire import FILL
from tests.e2e.conftest import Relay
from tests.e2e.test_redelivery import Inject, faults

__all__ = ["faults"]  # a fixture

REGIONS = ("us-east-1", "eu-west-1")
EXAMPLE = ROOT / "docs/reference/partner-evidence-example.md"
PAYLOAD = (
    '{"events": [{"type": "order.created", "customer": "${customer}", "created_at": "2026-11-23T07:09:54Z", '
    '"resources": ["order/1001"], "number": 1001}]}'
)
HEAD = """\
# Example of partner-evidence.md

This page shows the file that `relayctl rehearse` writes; [Rehearse AWS's validation](../how-to/rehearse.md) says how.
A test makes it with the shipped relay.toml on the local AWS; ids, times and durations in it are replaced.

"""


class Rehearsal:
    """The command, with a profile for the customer's account. `environment` may name another control API."""

    def __init__(self, relay: Relay, folder: Path) -> None:
        self._relay, self.evidence = relay, folder / "partner-evidence.md"
        self._payload = folder / "order.json"
        self._payload.write_text(PAYLOAD)
        credentials = folder / "credentials"
        credentials.write_text(f"[customer]\naws_access_key_id = {CUSTOMER}\naws_secret_access_key = test\n")
        session = relay.session
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            **session.aws.environment(PARTNER, session.stack.region),
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_CONFIG_FILE": str(folder / "none"),
            "RELAY_CONTROL_URL": control_url(session.aws, session.stack),
            "RELAY_STAGE": STAGE,
        }

    @contextmanager
    def start(self, *arguments: str, regions: Sequence[str] = REGIONS) -> Iterator["subprocess.Popen[str]"]:
        """Run it until it ends or the block does; it writes to standard error."""
        command = [str(Path(sys.executable).with_name("relayctl")), "rehearse", "--customer-profile", "customer"]
        command += [part for region in regions for part in ("--region", region)]
        command += ["--payload", str(self._payload), "--url", f"{self._relay.url}/orders"]
        command += ["--output", str(self.evidence), *arguments]
        started = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            yield started
        finally:
            started.kill()
            started.communicate()

    def run(self, *arguments: str, regions: Sequence[str] = REGIONS) -> tuple[int, str]:
        """Return its exit code, and what it said."""
        with self.start("--yes", *arguments, regions=regions) as started:
            _, told = started.communicate(timeout=400)
            return started.returncode, told

    def results(self) -> dict[str, dict[str, str]]:
        """Return the result of each step by Region, from the evidence."""
        found: dict[str, dict[str, str]] = {}
        region = ""
        for line in self.evidence.read_text("utf-8").splitlines():
            region = line.removeprefix("## What was shown in ") if line.startswith("## ") else region
            cells = re.split(r" (?<!\\)\| ", line)
            if region in REGIONS and line.endswith(" |") and cells[4].startswith("**"):
                found.setdefault(region, {})[cells[0].removeprefix("| ")] = cells[4].strip("*")
        return found

    def steps(self, status: str) -> list[tuple[str, str]]:
        """Return region and name of each step with this result."""
        return [
            (region, step) for region, steps in self.results().items() for step, seen in steps.items() if seen == status
        ]

    def left(self) -> list[str]:
        """Return what any rehearsal has left, on both sides."""
        aws, connections = self._relay.session.aws, self._relay.session.connections
        assert connections
        found = [str(each["customer"]) for each in connections.api.pages("/v1/destinations", {})]
        for region in REGIONS:
            events, sqs = aws.client("events", CUSTOMER, region), aws.client("sqs", CUSTOMER, region)
            sources = aws.client("events", PARTNER, region).list_partner_event_sources(NamePrefix="aws.partner/")
            found += [str(each["Name"]) for each in sources["PartnerEventSources"]]
            found += [str(bus["Name"]) for bus in events.list_event_buses()["EventBuses"]]
            found += sqs.list_queues().get("QueueUrls", [])
        return [name for name in found if PREFIX in name]


@pytest.fixture
def rehearsal(relay: Relay, tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(relay, tmp_path)
    yield made
    assert made.left() == []


@contextmanager
def a_quick_reconciler(relay: Relay) -> Iterator[None]:
    """Invoke the reconciler every few seconds: two looks a minute apart are needed; its schedule may need three."""
    client, ended = relay.client("lambda"), threading.Event()
    names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
    [name] = [name for name in names if name.startswith(STACK) and "Reconciler" in name]

    def invoke() -> None:
        while not ended.wait(5):
            client.invoke(FunctionName=name, Payload=b"{}")

    thread = threading.Thread(target=invoke)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def normalized(evidence: str) -> str:
    """Return the evidence without what differs from run to run."""
    for pattern, replacement in (
        (rf"{PREFIX}[0-9a-f]{{6}}", f"{PREFIX}1a2b3c"),
        (r"^Rehearsal [0-9a-f]{6}", "Rehearsal 1a2b3c"),
        (r"/(prod|other)-[0-9a-z]{6}\b", r"/\1-x1y2z3"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\)", "2026-11-26 10:00:00 (UTC)"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "2026-11-26T10:00:00+00:00"),
        (r'"time": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', '"time": "2026-11-26T10:00:00Z"'),
        (r'"id": "[0-9a-f-]{36}"', '"id": "11111111-2222-3333-4444-555555555555"'),
        (r"(^\|.*) \d+ \|$", r"\1 1 |"),
        (r"\b\d+ s (after|later)", r"1 s \1"),
        (r"\| \d+ s (?=\|)", "| 1 s "),
    ):
        evidence = re.sub(pattern, replacement, evidence, flags=re.MULTILINE)
    return evidence


def test_every_step_passes_in_both_regions_and_the_evidence_is_the_committed_example(
    relay: Relay, rehearsal: Rehearsal, request: pytest.FixtureRequest
) -> None:
    with a_quick_reconciler(relay):
        code, told = rehearsal.run()
    assert code == 0, told
    assert set(rehearsal.results()) == set(REGIONS)
    assert rehearsal.steps("failed") == rehearsal.steps("not reached") == []
    assert rehearsal.steps("not shown here") == []
    evidence = rehearsal.evidence.read_text("utf-8")
    assert FILL in evidence
    made = HEAD + normalized(evidence)
    if request.config.getoption("--update-evidence"):
        EXAMPLE.write_text(made, "utf-8")
    assert made == EXAMPLE.read_text("utf-8"), (
        "if the change is meant: pytest tests/e2e/test_rehearse.py --update-evidence"
    )


def test_events_that_do_not_arrive_fail_that_step_and_the_exit_code_is_1(
    relay: Relay, rehearsal: Rehearsal, faults: Inject
) -> None:
    lost = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "11111111-2222-3333-4444-555555555555"}]})
    # The first request is the ping of the step before; the second one is answered, and nothing is delivered.
    faults([{"requests": 1, "region": REGIONS[0]}, {"requests": 1, "region": REGIONS[0], "garbage": lost}])
    with a_quick_reconciler(relay):
        code, told = rehearsal.run(regions=REGIONS[:1])
    assert code == 1, told
    assert rehearsal.steps("failed") == [(REGIONS[0], "receive")]
    assert rehearsal.steps("not reached") == [(REGIONS[0], "metadata")]
    assert f"failed: {REGIONS[0]} receive: EventBridge accepted 1, and 1 did not arrive" in told


@contextmanager
def wrong_account(relay: Relay) -> Iterator[str]:
    """Serve the control API, but with another account in each PUT."""
    url = control_url(relay.session.aws, relay.session.stack)

    def forward(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        if path.startswith("/v1"):  # everything else is the customers' page, which nobody signs for
            content = body.replace(CUSTOMER.encode(), b"333333333333") if method == "PUT" else body
            signed = AWSRequest(method, url + path, {"content-type": "application/json"}, content)
            SigV4Auth(Credentials(PARTNER, "test"), "execute-api", relay.session.stack.region).add_auth(signed)
            body, headers = content, dict(signed.headers)
        with relay.session.aws.http() as client:
            return client.request(method, url + path, headers=headers, content=body)

    async def answer(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        kept = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        path = request.url.path + query
        answered = await run_in_threadpool(forward, request.method, path, await request.body(), kept)
        return Response(answered.content, answered.status_code, {"content-type": answered.headers["content-type"]})

    methods = ["GET", "POST", "PUT", "DELETE"]
    with proxy.serve(Starlette(routes=[Route("/{path:path}", answer, methods=methods)]), 0) as served:
        yield served


def test_a_source_in_the_wrong_account_fails_its_creation_and_nothing_else_is_tried(
    relay: Relay, rehearsal: Rehearsal
) -> None:
    with wrong_account(relay) as url:
        rehearsal.environment["RELAY_CONTROL_URL"] = url
        code, told = rehearsal.run(regions=REGIONS[:1])
    assert code == 1, told
    assert rehearsal.steps("failed") == [(REGIONS[0], "create")]
    assert [step for _, step in rehearsal.steps("passed")] == ["page", "no-access", "clean-up"]


def test_what_a_killed_rehearsal_has_left_is_found_and_deleted(rehearsal: Rehearsal) -> None:
    with rehearsal.start("--yes") as started:
        assert started.stderr
        for line in started.stderr:
            if line.startswith(f"{REGIONS[0]} receive:"):
                started.send_signal(signal.SIGKILL)
                break
        else:
            pytest.fail("it ended before it could be killed")
    assert rehearsal.left()
    code, told = rehearsal.run("--clean-up")
    assert (code, rehearsal.left()) == (0, []), told


def test_nothing_is_made_before_somebody_has_agreed(rehearsal: Rehearsal) -> None:
    with rehearsal.start() as started:
        _, told = started.communicate(timeout=60)
    assert started.returncode == 1
    assert "Make sources in account" in told
