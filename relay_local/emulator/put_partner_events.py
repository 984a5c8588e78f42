"""The rules of PutPartnerEvents: which entries are taken, which fail alone, and when the request fails whole. Pure.

Sources: the botocore model (constraints, which fail the request), the API reference (required members) and, for the
codes and words of entries that fail alone, those of PutEvents: PutPartnerEvents documents none.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from relay_local.emulator.partner_sources import AwsError, PartnerSource, check_source_name, constraint_error

MAX_ENTRIES = 20
MAX_DETAIL_TYPE = 128
MAX_RESOURCE = 2048
# The aggregate is documented as 256 KB, while partners send single entries of 1 MB: hence a parameter.
MAX_REQUEST_BYTES = 1024 * 1024
REQUIRED = ("Source", "DetailType", "Detail")

Entry = dict[str, Any]
Failure = tuple[str, str]


def check_request(entries: Any, max_request_bytes: int = MAX_REQUEST_BYTES) -> None:
    """Raise AwsError if the request fails as a whole."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AwsError("SerializationException", "Start of list found where not expected")
    if not entries:
        raise constraint_error("entries", entries, "have length greater than or equal to 1")
    if len(entries) > MAX_ENTRIES:
        raise constraint_error(
            "entries", f"[{len(entries)} entries]", f"have length less than or equal to {MAX_ENTRIES}"
        )
    for number, entry in enumerate(entries, 1):
        _check_model(entry, f"entries.{number}.member")
    if not any(all(entry.get(member) for member in REQUIRED) for entry in entries):
        raise AwsError("ValidationException", f"No entry has {', '.join(REQUIRED)}.")
    if sum(map(size, entries)) >= max_request_bytes:  # they have to be *less than* that
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")


def _check_model(entry: Entry, where: str) -> None:
    texts = [entry.get(member) for member in REQUIRED] + list(entry.get("Resources") or [])
    if not all(text is None or isinstance(text, str) for text in texts):
        raise AwsError("SerializationException", "class java.lang.String was expected")
    if entry.get("Source"):
        check_source_name(f"{where}.source", entry["Source"])
    for resource in entry.get("Resources") or []:
        if len(resource) > MAX_RESOURCE:
            raise constraint_error(f"{where}.resources", resource, f"have length less than or equal to {MAX_RESOURCE}")


def entry_failure(entry: Entry, source: PartnerSource | None) -> Failure | None:
    """Return why this entry fails alone; None if it is taken. `source` is the partner's source of that name, if any."""
    for member in REQUIRED:
        if not entry.get(member):
            return "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
    if len(entry["DetailType"]) > MAX_DETAIL_TYPE:
        reason = f"Length must be at most {MAX_DETAIL_TYPE}."
        return "InvalidArgument", f"Parameter DetailType is not valid. Reason: {reason}"
    if not _is_json_object(entry["Detail"]):
        return "MalformedDetail", "Detail is malformed."
    if source is None:
        return "NotAuthorizedForSourceException", f"Not authorized for the source {entry['Source']}."
    return None


def put(
    entries: Sequence[Entry],
    source_of: Callable[[str], PartnerSource | None],
    injected: Callable[[int], Failure | None],
    new_id: Callable[[], str],
) -> tuple[list[dict[str, str]], list[tuple[PartnerSource, Entry, str]]]:
    """Return the result of each entry, in order, and the deliveries: to ACTIVE sources only."""
    results, deliveries = [], []
    for index, entry in enumerate(entries):
        source = source_of(entry.get("Source") or "")
        if failure := entry_failure(entry, source) or injected(index):
            results.append({"ErrorCode": failure[0], "ErrorMessage": failure[1]})
            continue
        event_id = new_id()
        results.append({"EventId": event_id})
        if source and source.state == "ACTIVE":
            deliveries.append((source, entry, event_id))
    return results, deliveries


def size(entry: Entry) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size."""
    texts = [entry.get(member) or "" for member in REQUIRED] + list(entry.get("Resources") or [])
    return (14 if entry.get("Time") is not None else 0) + sum(len(text.encode()) for text in texts)


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_refuse_constant), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
