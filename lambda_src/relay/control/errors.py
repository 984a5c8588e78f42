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


def owned(source: str) -> ControlError:
    """Return the answer for a source that is somebody else's."""
    return ControlError(409, "source-owned", f"{source} belongs to another destination or account.", field="source")


def refused(error: Exception) -> ControlError:
    """Return the answer for what AWS refused."""
    code = getattr(error, "code", "")
    if code == "LimitExceededException":
        return ControlError(503, "source-limit", "AWS allows no more partner event sources; ask for a higher limit.")
    if code == "OperationDisabledException":
        return ControlError(
            422, "region-not-available", "AWS has not enabled this partner in the Region.", field="aws_region"
        )
    return ControlError(503, "source-not-created", "AWS did not create the source.", f"{code}: {error}")
