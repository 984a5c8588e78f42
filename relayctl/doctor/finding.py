"""What a check finds, and what it does where something could not be read."""

from dataclasses import dataclass
from enum import StrEnum

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
    """Something that could not be read, and why; `is_denied` if these credentials may not read it."""

    reason: str
    is_denied: bool = False


def ok(check: Check, message: str, where: str = "") -> Finding:
    """Return that all is well."""
    return Finding(check, Result.OK, message, where)


def wrong(check: Check, where: str, message: str, action: str) -> Finding:
    """Return that something is wrong."""
    return Finding(check, Result.WRONG, message, where, action)


def not_checked(check: Check, where: str, unread: Unread) -> Finding:
    """Return that something could not be checked, and why."""
    action = (
        f"give these credentials the permissions of {PERMISSIONS}"
        if unread.is_denied
        else "remove the cause, and run this again"
    )
    return Finding(check, Result.NOT_CHECKED, unread.reason, where, action)
