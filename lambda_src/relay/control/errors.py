"""What the control API refuses, each with the HTTP status and the `code` a program reads."""

from typing import Any


class ControlError(Exception):
    """A refused request: becomes an RFC 9457 problem with `code` and the members of `extra` beside it."""

    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = extra
        super().__init__(detail)


def not_found(customer: str, name: str) -> ControlError:
    """Return the answer for a destination that does not exist."""
    return ControlError(404, "not-found", f"Customer {customer} has no destination {name}.")


def conflict(detail: str) -> ControlError:
    """Return the answer for a destination that somebody else changed meanwhile."""
    return ControlError(409, "changed", detail)
