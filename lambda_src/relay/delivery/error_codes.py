"""The errors of PutPartnerEvents that are permanent, in one table. Any other is retried.

The operation documents no codes for entries; PutEvents, its sister, does:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
Codes of a whole request: https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from relay.entry import Accepted, Failed, Outcome

_ENTRY = "PutEventsResultEntry, ErrorCode: not retryable"
_REQUEST = "CommonErrors: the same request is refused again"
_OPERATION = "PutPartnerEvents, Errors"
BEFORE_SENDING = "found before anything was sent"

PERMANENT = {
    "AccessDeniedException": _ENTRY,
    "InvalidAccountIdException": _ENTRY,
    "InvalidArgument": _ENTRY,
    "MalformedDetail": _ENTRY,
    "NotAuthorizedForDetailTypeException": _ENTRY,
    "NotAuthorizedForSourceException": _ENTRY,
    "RedactionFailure": _ENTRY,
    "AccessDenied": _REQUEST,
    "IncompleteSignature": _REQUEST,
    "InvalidAction": _REQUEST,
    "MalformedHttpRequestException": _REQUEST,
    "MissingAuthenticationToken": _REQUEST,
    "NotAuthorized": _REQUEST,
    "OptInRequired": _REQUEST,
    "RequestEntityTooLargeException": _REQUEST,
    "SerializationException": _REQUEST,
    "ValidationError": _REQUEST,
    "ValidationException": _REQUEST,
    "OperationDisabledException": _OPERATION,
    "MappingChanged": BEFORE_SENDING,
    "MappingError": BEFORE_SENDING,
    "NoSuchRegion": BEFORE_SENDING,
    "NoSuchRoute": BEFORE_SENDING,
    "ParamValidationError": BEFORE_SENDING,
}
"""Code to why it is permanent. Retried are, among others: ThrottlingException, InternalFailure, InternalException,
ServiceUnavailable, RequestTimeoutException, expired or skewed credentials (ExpiredTokenException, RequestExpired,
InvalidSignatureException, UnrecognizedClientException), botocore's connection errors and timeouts, and a response that
does not account for each entry (InvalidResponse)."""

OF_ONE_ENTRY = {"RequestEntityTooLargeException", "SerializationException", "ValidationError", "ValidationException"}
"""Codes with which one bad entry fails a whole request."""


def is_retryable(outcome: Outcome) -> bool:
    """Return whether a retry may help. A whole request that is refused because of a source may be another's fault."""
    if not isinstance(outcome, Failed):
        return False
    return outcome.code not in PERMANENT or (outcome.is_of_request and outcome.code in REFUSES_SOURCE)


def blames_one_entry(outcome: Outcome) -> bool:
    """Return whether the whole request may have been refused because of one entry in it."""
    return not isinstance(outcome, Accepted) and outcome.code in OF_ONE_ENTRY


HELD, HOLD_FAILED = "Held", "HoldFailed"
"""Codes of a message: it is held for its destination, or was to be held and is in a queue instead."""

QUEUED = "Queued"
"""Code of a message that nobody has tried to deliver yet: its route has `delivery = "queued"`."""

CIRCUIT_OPEN = "CircuitOpen"
"""Code of a message that was not tried, because EventBridge in its Region had just failed: see circuit_breaker.py."""

REFUSES_SOURCE = {"InvalidAccountIdException", "NotAuthorizedForSourceException", "ResourceNotFoundException"}
"""Codes with which an entry is refused because of its source, whatever is in it. No document says which of them
PutPartnerEvents gives for a source that was deleted, has expired or belongs to somebody else."""


REFUSES_RELAY = {
    "AccessDenied",
    "AccessDeniedException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OperationDisabledException",
    "OptInRequired",
}
"""Codes with which the relay itself is refused, whatever it sends: its role, its account, or it is no partner here."""


def is_of_service(failed: Failed) -> bool:
    """Return whether EventBridge itself has failed: neither the entry nor its source is to blame."""
    return is_retryable(failed) and failed.code not in REFUSES_SOURCE


def refuses_relay(outcome: Outcome) -> bool:
    """Return whether every entry will be refused until somebody has mended the relay's permissions."""
    return isinstance(outcome, Failed) and outcome.code in REFUSES_RELAY


def refuses_source(outcome: Outcome) -> bool:
    """Return whether EventBridge refused an entry because of its source: it may be taken once the source is back."""
    return isinstance(outcome, Failed) and outcome.code in REFUSES_SOURCE and not outcome.is_of_request
