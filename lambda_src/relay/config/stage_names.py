"""The names that a stage gives its stack and its secrets, so that two stages can share an account and Region."""

import re

PRODUCTION = "prod"
STACK = "PartnerEventRelay"


def problem(stage: str) -> str | None:
    """Return what was expected of the name of a stage, or None."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", stage):
        return "expected a letter, then letters, digits or -"
    # Its parameters would have names that Parameter Store takes from nobody.
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    return "expected no name that begins with aws or ssm" if stage.lower().startswith(("aws", "ssm")) else None


def stack_name(stage: str) -> str:
    """Return the name of a stage's stack: `PartnerEventRelay` for `prod`, `PartnerEventRelay-dev` for `dev`."""
    return STACK if stage == PRODUCTION else f"{STACK}-{stage}"


def stage_of(stack: str) -> str | None:
    """Return the stage of a stack by its name, None if it is no stage's."""
    if stack == STACK:
        return PRODUCTION
    stage = stack.removeprefix(f"{STACK}-")
    return None if stage == stack or problem(stage) else stage


def secret_prefix(stage: str) -> str:
    """Return how the names of a stage's secrets begin: with nothing for `prod`, with `dev/` for `dev`."""
    return "" if stage == PRODUCTION else f"{stage}/"
