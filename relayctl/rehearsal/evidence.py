"""partner-evidence.md: what a rehearsal has shown, and what AWS's questionnaire asks. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.catalog.event_type import EventType
from relay.config.model import Config
from relayctl.rehearsal.asked import ASKED
from relayctl.rehearsal.place import Place
from relayctl.rehearsal.questionnaire import FIELDS, FILL, answers
from relayctl.walk import NOT_SHOWN, STATUSES, Result, Step, table

COLUMNS = ("step", "asked", "expected", "seen", "result", "began", "seconds")


@dataclass(frozen=True)
class Rehearsal:
    """What is known of one rehearsal. `began` is in UTC; `answers` are those to the questions, by Region."""

    id: str
    began: datetime
    relay: Config
    local: bool
    publisher: str
    consumer: str
    regions: Sequence[str]
    catalog: Sequence[EventType]
    steps: Sequence[Step[Place]]
    results: Sequence[Result]
    samples: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, str]]


def as_markdown(rehearsal: Rehearsal) -> str:
    """Return the evidence, in Markdown with one sentence a line."""
    return "\n".join(
        [
            *_head(rehearsal),
            *_registration(rehearsal),
            *_walk(rehearsal),
            *_not_shown(rehearsal),
            *_questionnaire(rehearsal),
            *_events(rehearsal),
            *_questions(rehearsal),
            "",
        ]
    )


def _head(rehearsal: Rehearsal) -> Iterator[str]:
    counts = Counter(result.status for result in rehearsal.results)
    where = "the local AWS, which is not AWS" if rehearsal.local else "AWS"
    yield f"# Evidence for AWS's validation of {rehearsal.relay.partner}"
    yield ""
    yield f"Rehearsal {rehearsal.id}, on {where}, from {rehearsal.began:%Y-%m-%d %H:%M:%S} (UTC)."
    yield ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status]) + "."


def _registration(rehearsal: Rehearsal) -> Iterator[str]:
    yield from ("", "## Registration", "")
    known = [
        ("Domain", f"`{rehearsal.relay.partner.removeprefix('aws.partner/')}`"),
        ("Regions", ", ".join(rehearsal.relay.regions)),
        ("Regions of this rehearsal", ", ".join(rehearsal.regions)),
        ("Account that publishes", rehearsal.publisher),
        ("Account that consumes, in tests", rehearsal.consumer),
    ]
    yield from table(("asked", "answer"), [*known, *((name, f"{FILL}: {hint}") for name, hint in FIELDS)])


def _walk(rehearsal: Rehearsal) -> Iterator[str]:
    yield from ("", "## What AWS asks", "")
    rows = [(name, asked.text, f"[{asked.page}]({asked.url})") for name, asked in ASKED.items()]
    yield from table(("asked", "in AWS's words", "page"), rows)
    asked_by = {step.name: ", ".join(step.asked) for step in rehearsal.steps}
    for region in rehearsal.regions:
        yield from ("", f"## What was shown in {region}", "")
        yield from table(
            COLUMNS,
            [
                (
                    result.step,
                    asked_by.get(result.step, ""),
                    result.expected,
                    result.seen,
                    f"**{result.status}**",
                    result.began,
                    f"{result.seconds:.0f}",
                )
                for result in rehearsal.results
                if result.region == region
            ],
        )


def _not_shown(rehearsal: Rehearsal) -> Iterator[str]:
    yield from ("", "## What was not shown", "")
    for result in rehearsal.results:
        if result.status == NOT_SHOWN:
            yield f"- {result.region}, {result.step}: {result.seen}."
    yield "- The seven days after which AWS deletes a `PENDING` source: the rehearsal deletes the source itself."
    yield "- Throttling and outages of EventBridge: nobody can ask AWS for them; the relay's own tests inject them."
    if rehearsal.local:
        yield "- AWS: every step ran on the local AWS, whose documentation says what it assumes."


def _questionnaire(rehearsal: Rehearsal) -> Iterator[str]:
    yield from ("", "## Answers to the questionnaire", "", answers(rehearsal.relay))


def _events(rehearsal: Rehearsal) -> Iterator[str]:
    source = f"{rehearsal.relay.partner}/CUSTOMER/DESTINATION-ID"
    region = rehearsal.regions[0]
    yield from ("", "## Detail-types and sample events", "")
    if rehearsal.catalog:
        rows = [(f"`{each.detail_type}`", each.description, str(each.since)) for each in rehearsal.catalog]
        yield from table(("detail-type", "description", "since"), rows)
        for each in rehearsal.catalog:
            event = each.sample_event(source=source, account=rehearsal.consumer, region=region, time=rehearsal.began)
            yield from ("", f"A sample of `{each.detail_type}`:", "", *_json(event))
    else:
        yield f"{FILL}: every detail-type with a sample event; there is no event catalog."
    for sample in rehearsal.samples[:1]:
        yield from ("", "An event that arrived in the customer's account:", "", *_json(sample))


def _json(value: Mapping[str, Any]) -> Iterator[str]:
    yield from ("```json", json.dumps(value, indent=2, ensure_ascii=False), "```")


def _questions(rehearsal: Rehearsal) -> Iterator[str]:
    yield from ("", "## What only AWS can answer", "")
    if rehearsal.local:
        yield "The local AWS answers what we assume, which proves nothing; a rehearsal on AWS measures it."
    else:
        yield "No document says this; it was measured in this rehearsal."
    yield ""
    questions = list(dict.fromkeys(question for found in rehearsal.answers.values() for question in found))
    rows = [
        (question, *(rehearsal.answers[region][question] for region in rehearsal.regions)) for question in questions
    ]
    yield from table(("question", *rehearsal.regions), rows)
