"""What a check finds, and what it does where something could not be read."""

from dataclasses import dataclass, replace
from enum import StrEnum

from relay.config import stage_names

RUNBOOK = "docs/how-to/operations.md"
PERMISSIONS = "docs/how-to/permissions.md#look-at-everything"


class Check(StrEnum):
    """The checks, in the order in which they are shown."""

    CLOCK = "clock"
    SECRETS = "secrets"
    STAGES = "stages"
    SOURCES = "sources"
    DESTINATIONS = "destinations"
    QUEUES = "queues"
    WEBHOOKS = "webhooks"


class Result(StrEnum):
    """How a check ended. Everything but OK makes the exit code 1."""

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check: `where` it is, and what to do, as a command or a section of the documentation."""

    check: Check
    result: Result
    message: str
    where: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, and why; `is_denied` if these credentials may not read it.

    `action` is what to do, if that is more than to remove the cause.
    """

    reason: str
    is_denied: bool = False
    action: str = ""


def for_stack(finding: Finding, stack: str) -> Finding:
    """Return the finding with the commands to do something about it for the stage of `stack`."""
    stage = stage_names.stage_of(stack)
    if stage in {None, stage_names.PRODUCTION}:
        return finding
    return replace(finding, action=finding.action.replace("relayctl ", f"relayctl --stage {stage} "))


def ok(check: Check, message: str, where: str = "") -> Finding:
    """Return that all is well."""
    return Finding(check, Result.OK, message, where)


def wrong(check: Check, where: str, message: str, action: str) -> Finding:
    """Return that something is wrong."""
    return Finding(check, Result.WRONG, message, where, action)


def not_checked(check: Check, where: str, unread: Unread) -> Finding:
    """Return that something could not be checked, and why."""
    action = unread.action or "remove the cause, and run this again"
    if unread.is_denied:
        action = f"give these credentials the permissions of {PERMISSIONS}"
    return Finding(check, Result.NOT_CHECKED, unread.reason, where, action)
