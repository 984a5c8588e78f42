"""The names that a stage gives its stack and its secrets, so that two stages can share an account and Region."""

import re

PRODUCTION = "prod"
STACK = "PartnerEventRelay"


def problem(stage: str) -> str | None:
    """Return what was expected of the name of a stage, or None."""
    return (
        None if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", stage) else "expected a letter, then letters, digits or -"
    )


def stack_name(stage: str) -> str:
    """Return the name of a stage's stack: `PartnerEventRelay` for `prod`, `PartnerEventRelay-dev` for `dev`."""
    return STACK if stage == PRODUCTION else f"{STACK}-{stage}"


def secret_prefix(stage: str) -> str:
    """Return how the names of a stage's secrets begin: with nothing for `prod`, with `dev/` for `dev`."""
    return "" if stage == PRODUCTION else f"{stage}/"
