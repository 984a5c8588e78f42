"""The adapter to `PutPartnerEvents`, and to `PutEvents` for ordinary buses.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
"""

from collections.abc import Sequence

from relay.aws.api import EVENTS, NO_RETRY, AwsCall, AwsError
from relay.entry import Accepted, Entry, Failed, Outcome


def put_entries(call: AwsCall, entries: Sequence[Entry]) -> list[Outcome]:
    """Put 1 to 20 entries (10 for a bus) of one Region and return what became of each, in order.

    A request that fails as a whole is the same failure for each entry; nothing is raised.
    """
    first = entries[0]
    operation = "PutEvents" if first.bus else "PutPartnerEvents"
    parameters = {
        "Entries": [{**entry.wire(), "Time": int(entry.time.replace(microsecond=0).timestamp())} for entry in entries]
    }
    try:
        answer = call(EVENTS, first.region, operation, parameters, NO_RETRY)
        return [_outcome(result) for _, result in zip(entries, answer["Entries"], strict=True)]
    except AwsError as error:
        failure = Failed(error.code, error.message, is_of_request=True)
    except (KeyError, TypeError, ValueError) as error:
        message = f"the answer does not account for each entry: {error}"
        failure = Failed("InvalidResponse", message, is_of_request=True)
    return [failure] * len(entries)


def _outcome(result: object) -> Outcome:
    match result:
        # An error wins over an event id beside it: a duplicate is better than a lost event.
        case {"ErrorCode": str(code), **rest} if code:
            return Failed(code, str(rest.get("ErrorMessage") or ""))
        case {"EventId": str(event_id)} if event_id:
            return Accepted(event_id)
    raise ValueError("an entry has neither EventId nor ErrorCode")
