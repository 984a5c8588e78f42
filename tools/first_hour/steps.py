"""The steps of the hour in one Region: what each expects, what it needs, and how it looks."""

import hashlib
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import httpx

from partner_event_relay.functions.function import LIVE_ALIAS
from relayctl.walk import Step, require, until
from tools.first_hour import canary, cdk, drills, receiver
from tools.first_hour import run as runs
from tools.first_hour.place import Place, ssl_context
from tools.first_hour.relay import Answer, Relay, customer
from tools.first_hour.run import HTTP, REST

ACCEPTED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 202, 401, 403, 404
SPREAD_SECONDS = 120
"""How long a change of IAM, of an alias or of WAF may take to be everywhere."""
LARGE = 20_000
PUT = ("events:PutEvents", "events:PutPartnerEvents")
WEBHOOKS = 3


def bootstrap(place: Place) -> str:
    """Bootstrap the Region for the CDK, if nobody has."""
    if version := place.bootstrapped():
        return f"the bootstrap stack was there, version {version}"
    cdk.bootstrap(place)
    return f"made the bootstrap stack, version {place.bootstrapped()}; it stays"


def make_receiver(place: Place) -> str:
    """Make the queue that stands for the customer."""
    receiver.create(place)
    return f"stack {place.run.stack_name(runs.RECEIVER)}"


def deploy(place: Place, front: str) -> str:
    """Deploy the stack of a front."""
    cdk.start_deployment(place, front, runs.relay_toml(place.run, place.region)).finish()
    stack = place.stack(front) or {}
    return f"stack {place.run.stack_name(front)}: {stack.get('StackStatus')}"


def relayed(place: Place, front: str) -> str:
    """Post a webhook of each sender, and look for its event."""
    relay, receives = Relay(place, front), customer(place)
    answers = [relay.post(route) for route in ("orders", "github")]
    for answer in answers:
        require(answer.status == ACCEPTED and answer.document["accepted"] == 1, _told(answer))
    seconds = receives.arrived(answer.mark for answer in answers)
    for answer in answers:
        event = receives.events[answer.mark]
        require(
            (event["source"], event["account"], event["region"]) == (place.run.source, place.run.account, place.region),
            f"the envelope has source {event['source']}, region {event['region']} and another account or source",
        )
    return f"two answers of 202, two events on the default bus {seconds:.1f} s later"


def refused(place: Place, front: str) -> str:
    """Post what is forged, and ask for what is not there."""
    relay = Relay(place, front)
    forged, nowhere = relay.post_unsigned("orders"), relay.get("/nowhere")
    kind = nowhere.headers.get("content-type", "")
    seen = f"forged: {forged.status}; unknown path: {nowhere.status_code} {kind}"
    not_found = (nowhere.status_code, kind) == (NOT_FOUND, "application/problem+json")
    require(forged.status == UNAUTHORIZED and not_found, seen)
    return seen


def claim_check(place: Place, front: str) -> str:
    """Post a webhook too large for an event, and fetch what the event's URL leads to."""
    relay, receives = Relay(place, front), customer(place)
    answer = relay.post(size=LARGE)
    require(answer.status == ACCEPTED, _told(answer))
    digest = hashlib.sha256(answer.body).hexdigest()
    receives.arrived([digest])
    url = receives.events[digest]["detail"]["claim"]["url"]
    fetched = httpx.get(url, verify=ssl_context(), timeout=60)  # a redirect would be an answer other than 200
    host = urlsplit(url).hostname or ""
    where = "its host is the local AWS's" if place.run.local else f"host {host.partition('.')[2]}"
    seen = f"GET of the presigned URL: {fetched.status_code}, {len(fetched.content)} bytes; {where}"
    regional = place.run.local or f".s3.{place.region}." in host
    require(fetched.status_code == httpx.codes.OK and fetched.content == answer.body and regional, seen)
    return seen


def dead_letter(place: Place, front: str) -> str:
    """Take the permission to put events, then give it back and redrive what was dead-lettered."""
    relay, receives = Relay(place, front), customer(place)
    letters: list[Answer] = []
    answers: list[Answer] = []

    def refused_now() -> bool:
        answers.append(relay.post())
        letters.extend(one for one in answers[-1:] if one.document.get("dead_lettered"))
        return bool(letters)

    with drills.denied(place, front, PUT):
        took = until(refused_now, SPREAD_SECONDS)
    require(took is not None, f"nothing was dead-lettered within {SPREAD_SECONDS} s of the Deny")
    back = until(lambda: _accepts(relay, answers), SPREAD_SECONDS)
    require(back is not None, f"nothing was accepted within {SPREAD_SECONDS} s after the Deny was gone")
    require(all(one.status == ACCEPTED for one in answers), "an answer was not 202")
    dead = [one for one in answers if one.document["dead_lettered"]]
    moved = _redrive(place, relay, len(dead))
    seconds = receives.arrived(one.mark for one in answers)
    return (
        f"{len(dead)} dead letter(s) with {letters[0].error_codes()} {took:.0f} s after the Deny, accepted again "
        f"{back:.0f} s after it was gone; {moved} redriven, all {len(answers)} events arrived {seconds:.1f} s later"
    )


def outage(place: Place, front: str) -> str:
    """Let EventBridge be unreachable for both functions, then let the retry queue drain."""
    relay, receives = Relay(place, front), customer(place)
    answers: list[Answer] = []

    def queued_now() -> bool:
        answers.append(relay.post())
        return bool(answers[-1].document.get("queued"))

    with drills.outage(place, front):
        require(until(queued_now, SPREAD_SECONDS) is not None, "nothing was queued")
        answers.extend(relay.post() for _ in range(WEBHOOKS - 1))
        queued = [one for one in answers if one.document.get("queued")]
        receives.look()
        early = [one for one in queued if one.mark in receives.events]
        waiting = relay.waiting()
    require(all(one.status == ACCEPTED for one in answers) and len(queued) >= WEBHOOKS, "an answer was not 202, queued")
    require(not early, f"{len(early)} of the queued events arrived during the outage")
    seconds = receives.arrived((one.mark for one in answers), seconds=5 * SPREAD_SECONDS)
    drained = until(lambda: relay.waiting() == 0, SPREAD_SECONDS)
    require(drained is not None, "the events arrived, but the retry queue is not empty")
    return (
        f"{len(queued)} webhooks answered 202 and queued ({queued[0].error_codes()}), about {waiting} messages waited; "
        f"all arrived {seconds:.0f} s after the outage, and the retry queue is empty"
    )


def snap_start(place: Place) -> str:
    """Look whether the live version starts from a snapshot, and what a restore took."""
    client, function = place.client("lambda"), Relay(place, HTTP).function("Ingest")
    live = client.get_function_configuration(FunctionName=function, Qualifier=LIVE_ALIAS)
    status = live.get("SnapStart", {}).get("OptimizationStatus", "none")
    require(status == "On", f"SnapStart of the live version: {status}")
    group = live["LoggingConfig"]["LogGroup"]
    reports = place.client("logs").filter_log_events(logGroupName=group, filterPattern='"Restore Duration"')["events"]
    lines = [one["message"].partition("Restore Duration")[2].split("\t")[0].strip(": \n") for one in reports]
    require(lines, "SnapStart is on, and no log line has a Restore Duration")
    return f"SnapStart is on; restores took {', '.join(lines[:5])}"


def firewall(place: Place) -> str:
    """Post a genuine webhook that quotes an attack, and ask for a path that only scanners know."""
    relay, receives = Relay(place, REST), customer(place)

    def blocked() -> bool:
        answer = relay.get("/WEB-INF/web.xml")
        return answer.status_code == FORBIDDEN and '"Forbidden"' in answer.text

    took = until(blocked, SPREAD_SECONDS)
    require(took is not None, f"a path for scanners was not answered 403 within {SPREAD_SECONDS} s")
    quoted = relay.post(text="${jndi:ldap://example.invalid/a} <script>alert(1)</script> ../../etc/passwd")
    require(quoted.status == ACCEPTED, f"the webhook that quotes an attack: {_told(quoted)}")
    receives.arrived([quoted.mark])
    return f"scanner's path: 403 after {took:.0f} s; a webhook that quotes an attack: 202, and its event arrived"


def _accepts(relay: Relay, answers: list[Answer]) -> bool:
    answers.append(relay.post())
    return bool(answers[-1].document.get("accepted"))


def _redrive(place: Place, relay: Relay, letters: int) -> int:
    sqs, source = place.client("sqs"), relay.outputs["DeadLetterQueueArn"]
    sqs.start_message_move_task(SourceArn=source, DestinationArn=relay.outputs["RetryQueueArn"])

    def task() -> dict[str, object]:
        found: dict[str, object] = sqs.list_message_move_tasks(SourceArn=source)["Results"][0]
        return found

    require(until(lambda: task()["Status"] != "RUNNING", SPREAD_SECONDS) is not None, "the redrive did not end")
    ended = task()
    moved = int(str(ended.get("ApproximateNumberOfMessagesMoved", 0)))
    require(ended["Status"] == "COMPLETED" and moved >= letters, f"redrive: {ended['Status']}, {moved} of {letters}")
    return moved


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.document}"


def _of_front(front: str) -> list[Step[Place]]:
    needs = [f"deploy-{front}"]
    return [
        Step(f"deploy-{front}", "cdk deploy creates the stack", partial(deploy, front=front), ["bootstrap"]),
        Step(
            f"relay-{front}",
            "a webhook of each sender is answered 202, and its event is on the default bus in the right envelope",
            partial(relayed, front=front),
            ["receiver", *needs],
        ),
        Step(
            f"refuse-{front}",
            "a forged webhook is answered 401, an unknown path 404, as problem+json",
            partial(refused, front=front),
            needs,
        ),
    ]


STEPS: Sequence[Step[Place]] = (
    Step("bootstrap", "the Region has the CDK's bootstrap stack", bootstrap),
    Step("receiver", "a rule on the default bus fills a queue", make_receiver),
    *_of_front(HTTP),
    Step(
        "claim-check",
        "a webhook over the limit becomes an event whose presigned URL names the Region and answers 200 with its bytes",
        partial(claim_check, front=HTTP),
        ["relay-http"],
    ),
    Step(
        "dead-letter",
        "without permission to put, a webhook is answered 202 and dead-lettered; with it, a redrive delivers it",
        partial(dead_letter, front=HTTP),
        ["relay-http"],
    ),
    Step(
        "outage",
        "while EventBridge cannot be reached, webhooks are answered 202 and queued; afterwards the queue drains",
        partial(outage, front=HTTP),
        ["relay-http"],
    ),
    Step("snap-start", "the live version starts from a snapshot", snap_start, ["relay-http"], "it has no SnapStart"),
    Step(
        "canary-good",
        "a release that works gets a tenth of the webhooks for ten minutes, then all, and no answer is other than 202",
        canary.good,
        ["relay-http"],
        "it has no CodeDeploy",
    ),
    Step(
        "canary-bad",
        "a release that answers 503 is seen by its own alarm and taken back",
        canary.bad,
        ["canary-good"],
        "it has no CodeDeploy, and no alarm goes off",
    ),
    *_of_front(REST),
    Step(
        "firewall",
        "AWS WAF answers 403 to a scanner, and lets a signed webhook through that quotes an attack",
        firewall,
        ["relay-rest"],
        "it has no AWS WAF",
    ),
)
