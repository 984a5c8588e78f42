"""The claim check: a detail too large for an event waits in the overflow bucket, and the event says where.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html: "store it in S3 and include a link".
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from relay.entry import Entry, rfc3339
from relay.templates import strict_json


@dataclass(frozen=True, slots=True)
class ClaimCheckStore:
    """Where details are left and fetched. `keep` gives bucket and key of a text, or raises OSError.

    `presign` gives a URL that lets whoever has it fetch a key for some seconds: at most as long as the credentials of
    the function that made it live, which AWS does not promise to be more than some hours.
    """

    keep: Callable[[str], tuple[str, str]]
    presign: Callable[[str, int], str]
    seconds: int


def store_detail(entry: Entry, fields: Mapping[str, Any], counter: ClaimCheckStore, now: datetime) -> Entry:
    """`entry` with a claim for its detail, beside `fields`. Raises OSError if the detail cannot be left."""
    content = entry.detail.encode()
    bucket, key = counter.keep(entry.detail)
    claim = {
        "url": counter.presign(key, counter.seconds),
        "bucket": bucket,
        "key": key,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "expires_at": rfc3339(now + timedelta(seconds=counter.seconds)),
    }
    return replace(entry, detail=strict_json.dump({**fields, "claim": claim}), claim=key)


def refresh_url(entry: Entry, counter: ClaimCheckStore, now: datetime) -> Entry:
    """`entry` with a URL as good as new, if it has a claim: it may have waited for longer than a URL lives."""
    if not entry.claim:
        return entry
    detail = json.loads(entry.detail)
    detail["claim"] |= {
        "url": counter.presign(entry.claim, counter.seconds),
        "expires_at": rfc3339(now + timedelta(seconds=counter.seconds)),
    }
    return replace(entry, detail=strict_json.dump(detail))
