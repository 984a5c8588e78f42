"""The adapter to the partner event source of one destination: created, deleted, looked at.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreatePartnerEventSource.html
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws import partner_sources
from relay.aws.boto3_clients import describe_error
from relay.destinations.errors import SourceOwnedError, SourceRefusedError, ThrottledError
from relay.destinations.model import Destination, SourceStatus
from relay.destinations.reconcile import Look

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_STATES = {"ACTIVE": SourceStatus.ACTIVE, "PENDING": SourceStatus.PENDING}
_MISSING = "ResourceNotFoundException"
_EXISTS = "ResourceAlreadyExistsException"
# Not AccessDeniedException: that is a mistake in our own role, and says nothing about the destination.
_REFUSED = {"LimitExceededException", "OperationDisabledException", "ValidationException"}
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}


class DestinationSources:
    """The sources of all destinations; `client` returns the client of a Region. Raises OSError where AWS is away."""

    def __init__(self, client: Callable[[str], "EventBridgeClient"] = partner_sources.client) -> None:
        self._client = client

    def create(self, destination: Destination) -> None:
        """Offer the source to the destination's account; do nothing if it is offered to that account already.

        Raise SourceOwnedError if it is offered to another account, SourceRefusedError if AWS does not create it.
        """
        try:
            self._client(destination.aws_region).create_partner_event_source(
                Name=destination.source, Account=destination.aws_account_id
            )
        except (ClientError, BotoCoreError) as error:
            if _code(error) != _EXISTS:
                _raise(error)
            if self.look(destination)[0].state is None:
                raise SourceOwnedError from error

    def delete(self, destination: Destination) -> None:
        """Take the source from the destination's account; do nothing if it is gone."""
        try:
            self._client(destination.aws_region).delete_partner_event_source(
                Name=destination.source, Account=destination.aws_account_id
            )
        except (ClientError, BotoCoreError) as error:
            if _code(error) != _MISSING:
                _raise(error)

    def look(self, destination: Destination) -> tuple[Look, datetime]:
        """Return what AWS says of the source in the destination's account, and AWS's own time.

        A source that is not offered to that account, or deleted, is none.
        """
        operation: Any = self._client(destination.aws_region).list_partner_event_source_accounts
        now = datetime.now(UTC)
        token: dict[str, str] = {}
        while True:
            try:
                page = operation(EventSourceName=destination.source, **token)
            except (ClientError, BotoCoreError) as error:
                if _code(error) == _MISSING and isinstance(error, ClientError):
                    return Look(None), _time(error.response, now)
                _raise(error)
            now = _time(page, now)
            for account in page.get("PartnerEventSourceAccounts", []):
                if account["Account"] == destination.aws_account_id:
                    return Look(_STATES.get(account["State"]), account.get("ExpirationTime")), now
            if not page.get("NextToken"):
                return Look(None), now
            token = {"NextToken": page["NextToken"]}


def _time(response: Any, otherwise: datetime) -> datetime:
    """Return when AWS answered, by its own clock."""
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return otherwise


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _raise(error: Exception) -> NoReturn:
    code = _code(error)
    if code in _THROTTLED:
        raise ThrottledError(describe_error(error)) from error
    if code in _REFUSED:
        raise SourceRefusedError(code, str(error)) from error
    raise OSError(f"partner event sources: {describe_error(error)}") from error
