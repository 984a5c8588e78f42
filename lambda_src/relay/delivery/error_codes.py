"""Which failures of PutPartnerEvents are final, in one table. What is not in it is tried again.

The operation documents no codes for entries; PutEvents, its sister, does:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
Codes of a whole request: https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from relay.entry import Accepted, Failed, Outcome

_ENTRY = "PutEventsResultEntry, ErrorCode: not retryable"
_REQUEST = "CommonErrors: the same request is refused again"
_OPERATION = "PutPartnerEvents, Errors"
_RELAY = "found before anything was sent"

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
    "MappingError": _RELAY,
    "NoSuchRegion": _RELAY,
    "NoSuchRoute": _RELAY,
    "ParamValidationError": _RELAY,
}
"""Code to why it is final. Tried again, among others: ThrottlingException, InternalFailure, InternalException,
ServiceUnavailable, RequestTimeoutException, expired or skewed credentials (ExpiredTokenException, RequestExpired,
InvalidSignatureException, UnrecognizedClientException), botocore's connection errors and timeouts, and an answer that
does not account for each entry (InvalidResponse)."""

OF_ONE_ENTRY = {"RequestEntityTooLargeException", "SerializationException", "ValidationError", "ValidationException"}
"""Codes with which one entry can fail a request of many, whose other entries are fine."""


def is_retryable(outcome: Outcome) -> bool:
    """Whether trying again may help."""
    return isinstance(outcome, Failed) and outcome.code not in PERMANENT


def blames_one_entry(outcome: Outcome) -> bool:
    """Whether the request was refused for what may be in another entry of it."""
    return not isinstance(outcome, Accepted) and outcome.code in OF_ONE_ENTRY
