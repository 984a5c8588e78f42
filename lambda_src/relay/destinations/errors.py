"""What can stand in the way of a change of a destination."""


class DestinationExistsError(Exception):
    """The customer has a destination of this name."""


class SourceOwnedError(Exception):
    """The source belongs to another destination, or is offered to another account."""


class ChangedError(Exception):
    """The destination was changed, deleted or created anew meanwhile."""


class SourceRefusedError(Exception):
    """AWS does not do it; `code` is AWS's."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ThrottledError(OSError):
    """AWS wants fewer calls."""
