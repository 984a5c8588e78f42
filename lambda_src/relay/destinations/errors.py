"""What can stand in the way of a change of a destination."""


class DestinationError(Exception):
    """A change of one destination is refused; the others are not concerned."""


class DestinationExistsError(DestinationError):
    """The customer has a destination of this name."""


class SourceOwnedError(DestinationError):
    """The source belongs to another destination, or is offered to another account."""


class ChangedError(DestinationError):
    """The destination was changed, deleted or created anew meanwhile."""


class SourceRefusedError(DestinationError):
    """AWS does not do it; `code` is AWS's."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ThrottledError(OSError):
    """AWS wants fewer calls."""
