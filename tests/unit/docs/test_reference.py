"""The reference pages list what there is, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from partner_event_relay.stages import Stage
from relay.telemetry import Metric
from relayctl.main import app

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs/reference"


def first_cells(text: str) -> list[str]:
    """Return the pieces of code in the first cell of each row of a table."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


def test_the_page_of_metrics_has_every_metric_and_every_log_line() -> None:
    metrics, _, lines = (REFERENCE / "metrics-and-logs.md").read_text("utf-8").partition("## Log lines")
    assert sorted(first_cells(metrics)) == sorted(Metric)
    modules = ("telemetry.py", "source_telemetry.py", "destination_telemetry.py")
    source = "".join((ROOT / "lambda_src/relay" / module).read_text("utf-8") for module in modules)
    messages = re.findall(r"(?:\b(?:logger\.\w+|log|_write)\(\s*|\"message\": )\"([^\"]+)\"", source)
    lines, _, _ = lines.partition("### The delivery log")  # its table has the keys of one line
    assert sorted(first_cells(lines)) == sorted(messages)


def test_the_page_of_stages_has_every_key() -> None:
    page = (REFERENCE / "stages.md").read_text("utf-8")
    assert sorted(first_cells(page)) == sorted(field.name for field in fields(Stage) if field.name != "name")


def test_the_page_of_relayctl_has_every_command() -> None:
    page = (REFERENCE / "relayctl.md").read_text("utf-8")
    commands = re.findall(r"^\| `relayctl ([a-z -]+?)(?: -?-?[A-Z].*?)?` \|", page, re.MULTILINE)
    assert sorted(commands) == sorted(names(typer.main.get_command(app)))


def test_the_page_of_the_control_api_has_every_code_of_a_problem() -> None:
    _, _, problems = (REFERENCE / "control-api.md").read_text("utf-8").partition("## Problems")
    rooms = (ROOT / "lambda_src/relay" / room for room in ("control", "page"))
    source = "".join(module.read_text("utf-8") for room in rooms for module in room.glob("*.py"))
    codes = re.findall(r"ControlError\(\s*[\w.]+,\s*\"([^\"]+)\"", source)
    assert sorted(first_cells(problems)) == sorted(set(codes))


def names(command: Any, before: str = "") -> Iterator[str]:
    """Return the names of all commands below `command` that help shows, and of groups that do something themselves."""
    for name, below in command.commands.items():
        if below.hidden:
            continue
        is_group = hasattr(below, "commands")
        if not is_group or below.invoke_without_command:
            yield before + name
        if is_group:
            yield from names(below, f"{before}{name} ")
