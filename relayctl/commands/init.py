"""`relayctl init`: a new project with a relay in it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from relay.config import presets
from relay.config.regions import region_problem
from relay.errors import ConfigError
from relayctl import output
from relayctl.completion import complete_preset
from relayctl.starter import DEFAULT_SENDER, Project

DEFAULT_REGION = "us-east-1"


def create(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to write; it is made if it does not exist.")
    ] = Path(),
    partner: Annotated[
        str | None, typer.Option(help="Your EventBridge partner name, such as aws.partner/acme.example.")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="A Region where partner events may be put. Can be repeated.")
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option(
            help="The preset of the first route (`relayctl presets`); standard-webhooks for a sender of yours.",
            autocompletion=complete_preset,
        ),
    ] = None,
    bus: Annotated[
        str, typer.Option(help="Put the events to this ordinary event bus, for as long as you are no partner.")
    ] = "",
) -> None:
    """Write a project with a relay: app.py, cdk.json, relay.toml, requirements.txt, README.md and .gitignore.

    On a terminal it asks for what no option says. It never overwrites a file.

    Example: relayctl init relay --partner aws.partner/acme.example --region us-east-1 --sender github

    Exit codes: 0 the files are written, 1 one of them exists, 2 a mistake.
    """
    is_terminal = sys.stdin.isatty()
    if partner is None:
        if not is_terminal:
            output.fail("Use --partner: the name that AWS gave you, such as aws.partner/acme.example.", output.MISTAKE)
        partner = typer.prompt("Your EventBridge partner name, such as aws.partner/acme.example")
    if not region:
        region = typer.prompt("Regions", DEFAULT_REGION).replace(",", " ").split() if is_terminal else [DEFAULT_REGION]
    if sender is None:
        sender = typer.prompt("Preset of the first sender", DEFAULT_SENDER) if is_terminal else DEFAULT_SENDER
    _write(folder, _files(Project(str(partner), [*region], str(sender), bus)))
    output.print_message(f"{folder / 'README.md'} says what to do next.")


def _files(project: Project) -> dict[str, str]:
    """Return the text of each file, or print what is wrong with what was given and exit with code 2."""
    for name in project.regions:
        if problem := region_problem(name):
            output.fail(f'--region: {problem}, got "{name}"', output.MISTAKE)
    if project.sender not in presets.load():
        reason = f'--sender: no preset is named "{project.sender}"'
        output.fail(f"{reason}; `relayctl presets --search TEXT` finds one", output.MISTAKE)
    try:
        return dict(project.files())
    except ConfigError as error:
        mistakes = "\n".join(error.problems)
        hint = (
            f"This relay.toml would have mistakes. If {project.sender} needs a value that only you have, begin with"
            f" another sender, and add the route that `relayctl presets show {project.sender}` prints."
        )
        output.fail(f"{mistakes}\n{hint}", output.MISTAKE)


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write the files, or none of them if one exists: exit with code 1."""
    if existing := [name for name in texts if (folder / name).exists()]:
        output.fail(
            f"{', '.join(existing)}: in {folder.resolve()} already. Nothing was written: choose another FOLDER."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
            print(folder / name)
    except OSError as error:
        output.fail(f"{error.filename}: {error.strerror}")
