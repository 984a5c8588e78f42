"""What the control API refuses, each with the HTTP status and the `code` a program reads."""

from typing import Any


class ControlError(Exception):
    """A refused request: becomes an RFC 9457 problem with `code` and the members of `extra` beside it.

    `cause` is what AWS said. It may name the account and the roles of the relay, which are no concern of customers.
    """

    def __init__(self, status: int, code: str, detail: str, cause: str = "", **extra: Any) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.cause = cause
        self.extra = extra
        super().__init__(detail)

    def without_cause(self) -> "ControlError":
        """Return the refusal as a customer may see it."""
        return ControlError(self.status, self.code, self.detail, **self.extra)


def not_found(customer: str, name: str) -> ControlError:
    """Return the answer for a destination that does not exist."""
    return ControlError(404, "not-found", f"Customer {customer} has no destination {name}.")


def conflict(detail: str) -> ControlError:
    """Return the answer for a destination that somebody else changed meanwhile."""
    return ControlError(409, "changed", detail)
