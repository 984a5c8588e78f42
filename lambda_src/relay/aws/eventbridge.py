"""The adapter to `PutPartnerEvents`, and to `PutEvents` for ordinary buses: wire names and nothing else.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPartnerEvents.html
"""

from collections.abc import Sequence

from relay.aws.api import EVENTS, NO_RETRY, AwsCall, AwsError
from relay.delivery.deliver import Send
from relay.entry import Accepted, Entry, Failed, Outcome


def sender(call: AwsCall) -> Send:
    """Puts 1 to 20 entries (10 for a bus) of one Region. One that fails whole is the same outcome for each of them."""

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        first = entries[0]
        operation = "PutEvents" if first.bus else "PutPartnerEvents"
        wire = [{**entry.wire(), "Time": int(entry.time.replace(microsecond=0).timestamp())} for entry in entries]
        try:
            answer = call(EVENTS, first.region, operation, {"Entries": wire}, NO_RETRY)
            return [_outcome(result) for _, result in zip(entries, answer["Entries"], strict=True)]
        except AwsError as error:
            failed = Failed(error.code, error.message)
        except (KeyError, TypeError, ValueError) as error:
            failed = Failed("InvalidResponse", f"the answer does not account for each entry: {error}")
        return [failed] * len(entries)

    return send


def _outcome(result: object) -> Outcome:
    match result:
        case {"ErrorCode": str(code), **rest} if code:  # whatever stands beside it: what may be lost is put again
            return Failed(code, str(rest.get("ErrorMessage") or ""))
        case {"EventId": str(event_id)} if event_id:
            return Accepted(event_id)
    raise ValueError("an entry has neither EventId nor ErrorCode")
