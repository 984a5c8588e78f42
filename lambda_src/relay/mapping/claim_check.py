"""The claim check: a detail too large for an event waits in the overflow bucket, and the event says where.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html: "store it in S3 and include a link".
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from relay.entry import Entry, rfc3339
from relay.templates import strict_json


class ClaimCheckStore(NamedTuple):
    """Where large details are stored. `store` returns the bucket and key of a text, or raises OSError.

    `presign` returns a URL with which anybody can read a key for some seconds, but no longer than the credentials of
    the function that signed it live: AWS promises no more than some hours. `url_seconds` is for how long to ask.
    """

    store: Callable[[str], tuple[str, str]]
    presign: Callable[[str, int], str]
    url_seconds: int


def store_detail(entry: Entry, fields: Mapping[str, Any], store: ClaimCheckStore, now: datetime) -> Entry:
    """Store the detail, and return `entry` with a claim check instead, beside `fields`. Raise OSError."""
    content = entry.detail.encode()
    bucket, key = store.store(entry.detail)
    claim = {
        "url": store.presign(key, store.url_seconds),
        "bucket": bucket,
        "key": key,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "expires_at": rfc3339(now + timedelta(seconds=store.url_seconds)),
    }
    return replace(entry, detail=strict_json.dump({**fields, "claim": claim}), claim=key)


def refresh_url(entry: Entry, store: ClaimCheckStore, now: datetime) -> Entry:
    """Return `entry` with a fresh URL if it carries a claim check; the old one may have expired in the queue.

    Raise OSError, or NotJSON.
    """
    if not entry.claim:
        return entry
    detail = json.loads(entry.detail)
    detail["claim"] |= {
        "url": store.presign(entry.claim, store.url_seconds),
        "expires_at": rfc3339(now + timedelta(seconds=store.url_seconds)),
    }
    return replace(entry, detail=strict_json.dump(detail))
