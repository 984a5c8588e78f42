"""Write the customer's side of a destination as a CloudFormation template, Terraform, a script or steps. Pure.

Each form is a file beside this module, with `@name` where a value goes. Every value goes in as one quoted text of the
form's own language, in comments too: nothing in a detail-type can end the text it stands in.
"""

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from relay.destinations.model import Destination
from relay.handover.plan import Plan, Rule, make_plan
from relay.handover.quoting import to_hcl, to_shell, to_yaml
from relay.handover.script import add_rule, event_log_policy, put_alarm, queue_attributes

_PLACE = re.compile(r"@(?:\{([a-z_]+)\}|([a-z_]+))")


class Form(StrEnum):
    """What a hand-over can be written as."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    CLI = "cli"
    CONSOLE = "console"


def render(destination: Destination, form: Form | str) -> str:
    """Return what the customer of `destination` deploys, runs or reads.

    `cloudformation` is YAML, `terraform` a root module, `cli` a bash script, `console` Markdown.
    Raise ValueError for an unknown form, and for a destination without a source that can be one.
    """
    write = {
        Form.CLOUDFORMATION: _cloudformation,
        Form.TERRAFORM: _terraform,
        Form.CLI: _cli,
        Form.CONSOLE: _console,
    }[Form(form)]
    return write(make_plan(destination))


def _cloudformation(plan: Plan) -> str:
    rules = [
        _fill("cloudformation_rule.yaml", _rule_values(rule, to_yaml) | {"number": str(number)})
        for number, rule in enumerate(plan.rules, 1)
    ]
    return _fill("cloudformation.yaml", _values(plan, to_yaml) | {"rules": "\n".join(rules)})


def _terraform(plan: Plan) -> str:
    rules = [
        f"    {to_hcl(rule.name)} = {{ description = {to_hcl(rule.description)}, "
        f"pattern = jsonencode({to_hcl(rule.pattern)}) }}"
        for rule in plan.rules
    ]
    return _fill("terraform.tf", _values(plan, to_hcl) | {"rules": "\n".join(rules)})


def _cli(plan: Plan) -> str:
    queue, dead_letter_queue = (plan.arn("sqs", f"{plan.stem}-{name}") for name in ("events", "dead-letters"))
    to_queue = {"Id": "queue", "Arn": queue, "DeadLetterConfig": {"Arn": dead_letter_queue}}
    to_log = {"Id": "log", "Arn": plan.arn("logs", f"log-group:{plan.event_log}")}
    values = {
        "bus_arn": plan.arn("events", f"event-bus/{plan.source}"),
        "queue_attributes": queue_attributes(plan, queue),
        "dead_letter_queue_attributes": queue_attributes(plan, dead_letter_queue),
        "event_log_policy": event_log_policy(plan),
        "bus_log_destination": {"destinationResourceArn": plan.arn("logs", f"log-group:{plan.bus_log}")},
    }
    rules = [*(add_rule(plan, rule, to_queue) for rule in plan.rules), add_rule(plan, plan.catch_all, to_log)]
    lines = {"rules": "\n".join(rules), "alarms": "\n".join(put_alarm(plan, rule) for rule in plan.rules)}
    return _fill("cli.sh", _values(plan, to_shell) | {key: to_shell(value) for key, value in values.items()} | lines)


def _console(plan: Plan) -> str:
    console = f"https://{plan.region}.console.aws.amazon.com"
    events = f"{console}/events/home?region={plan.region}#"
    links = {
        "partner_sources_url": f"{events}/partners",
        "rules_url": f"{events}/rules",
        "archives_url": f"{events}/archives",
        "alarms_url": f"{console}/cloudwatch/home?region={plan.region}#alarmsV2:",
    }
    # In a fence of its own a JSON text, which is one line, cannot end the fence.
    rules = [f"   `{rule.name}`\n\n   ```json\n   {json.dumps(rule.pattern)}\n   ```\n" for rule in plan.rules]
    notes = "\n".join(f"- {line}" for line in _notes())
    texts = {"rules": "\n".join(rules), "notes": notes, "catch_all_json": json.dumps(plan.catch_all.pattern)}
    return _fill("console.md", _values(plan, str) | links | texts)


def _values(plan: Plan, quote: Callable[[Any], str]) -> dict[str, str]:
    """Return what all forms have, quoted for one of them."""
    values = {name: getattr(plan, name) for name in ("source", "account", "region", "stem", "event_log", "bus_log")}
    quoted = {name: quote(value) for name, value in values.items()}
    catch_all = {f"catch_all_{name}": text for name, text in _rule_values(plan.catch_all, quote).items()}
    return {**quoted, **catch_all, "notes": _commented(_notes())}


def _rule_values(rule: Rule, quote: Callable[[Any], str]) -> dict[str, str]:
    return {name: quote(getattr(rule, name)) for name in ("name", "description", "pattern")}


def _notes() -> list[str]:
    return _read("notes.txt").splitlines()


def _commented(lines: list[str]) -> str:
    wrapped = (textwrap.wrap(line, 110, initial_indent="# - ", subsequent_indent="#   ") for line in lines)
    return "\n".join(line for lines in wrapped for line in lines)


def _fill(file: str, values: Mapping[str, str]) -> str:
    """Return the text of a file with each `@name` replaced, once: what a value contains is never replaced again."""
    return _PLACE.sub(lambda place: values[place[1] or place[2]], _read(file))


def _read(file: str) -> str:
    return (Path(__file__).parent / file).read_text("utf-8")
