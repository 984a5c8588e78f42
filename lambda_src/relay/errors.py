"""What can go wrong, and who has to act on it.

RelayError
|-- ConfigError        the operator: relay.toml is wrong; the function does not start
|-- MappingError       the operator: an authentic webhook that relay.toml cannot map; it is dead-lettered
|-- CannotSign         nobody: only the sender has the key; raised by tools that sign test requests
`-- Rejected           the sender: the webhook was not accepted (4xx, 5xx)
    |-- BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict, PayloadTooLarge,
    |   UnsupportedMediaType
    |-- InternalError  us: a bug; the sender keeps the webhook and tries again
    `-- Unavailable    nobody is to blame; the sender keeps the webhook and tries again
"""

from collections.abc import Sequence


class RelayError(Exception):
    """Every error this package raises on purpose."""


class ConfigError(RelayError):
    """relay.toml, or the event catalog, cannot be used. `problems` has one readable sentence for each mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class MappingError(RelayError):
    """A template gave no usable value. The message names route, field and expression, never the payload."""


class CannotSign(RelayError):
    """The relay cannot sign requests for this scheme, only the sender can; the message says why."""


class Rejected(RelayError):
    """The webhook was not accepted: an HTTP status, a title that is the same for every such answer, and a detail.

    `reason` is for the log alone, where the sender must not learn it.
    """

    status = 400
    title = "Bad Request"

    def __init__(self, detail: str, *, reason: str = "", headers: dict[str, str] | None = None) -> None:
        self.detail = detail
        self.reason = reason or detail
        self.headers = headers or {}
        super().__init__(self.reason)


class BadRequest(Rejected):
    """The body is missing, not base64 although flagged so, or not what its content type says."""


class Unauthorized(Rejected):
    """Not proven to come from the sender. The answer never says which check failed; `reason` does."""

    status = 401
    title = "Unauthorized"

    def __init__(self, reason: str) -> None:
        super().__init__("The webhook could not be authenticated.", reason=reason)


class Forbidden(Rejected):
    """A handshake with a verify token that is not ours."""

    status = 403
    title = "Forbidden"


class NotFound(Rejected):
    """No route matches the path."""

    status = 404
    title = "Not Found"


class MethodNotAllowed(Rejected):
    """A route matches the path, but not the method."""

    status = 405
    title = "Method Not Allowed"

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{method} is not allowed here; use {allow}.", headers={"allow": allow})


class Conflict(Rejected):
    """Another request for the same webhook is being processed: the sender should try again."""

    status = 409
    title = "Conflict"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"retry-after": "30"})


class PayloadTooLarge(Rejected):
    """The body, or an entry made of it, is over a limit of relay.toml."""

    status = 413
    title = "Content Too Large"


class UnsupportedMediaType(Rejected):
    """The body has a Content-Encoding that the relay cannot undo.

    `Accept-Encoding` says which it can: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3.
    """

    status = 415
    title = "Unsupported Media Type"

    def __init__(self, detail: str, accepted: Sequence[str]) -> None:
        super().__init__(detail, headers={"accept-encoding": ", ".join(accepted)})


class InternalError(Rejected):
    """A bug of the relay's. Without Retry-After: nobody knows when it will be mended, and senders retry a 500 as it is.

    https://www.rfc-editor.org/rfc/rfc9110#section-15.6.1
    """

    status = 500
    title = "Internal Server Error"

    def __init__(self, reason: str) -> None:
        super().__init__("The relay failed. The webhook was not accepted; send it again.", reason=reason)


class Unavailable(Rejected):
    """The webhook could not be stored or authenticated now: the sender still owns it and should try again."""

    status = 503
    title = "Service Unavailable"

    def __init__(self, detail: str, *, reason: str = "", retry_after: int = 30) -> None:
        super().__init__(detail, reason=reason, headers={"retry-after": str(retry_after)})
