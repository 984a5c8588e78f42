"""What API Gateway gives the function: signed GitHub webhooks of several sizes, and some with many events."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRET = "It's a Secret to Everybody"
MESSAGES = "100 messages"
PUSH = Path(__file__).parents[1] / "relay_local" / "samples" / "github-push.json"


def all_events() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each event with its name."""
    for name, size in (("1 KB", 1000), ("64 KB", 64_000), ("900 KB", 900_000)):
        yield name, event("/github", json.dumps({"commits": ["x" * 100] * (size // 104)}).encode())
    yield "7 KB", event("/github", PUSH.read_bytes())
    item = {"type": "order.created", "customer": "c42", "order": {"number": 1001, "note": "x" * 100}}
    for count in (20, 200):
        yield f"{count} events", event("/batch", json.dumps({"events": [item] * count}).encode())
    yield MESSAGES, {"Records": [_record(number) for number in range(100)]}


def _record(number: int) -> dict[str, Any]:
    """Return a message of the retry queue, of about 1 KB, as Lambda hands it on."""
    entry = {
        "Time": "2026-11-23T07:09:54Z",
        "Source": "aws.partner/acme.example/bench",
        "Resources": [],
        "DetailType": "push",
        "Detail": json.dumps({"commits": ["x" * 100] * 6}),
    }
    message = {
        "version": 1,
        "route": "github",
        "webhook_id": str(number),
        "received_at": "2026-11-23T07:09:54Z",
        "region": "us-east-1",
        "attempts": 1,
        "error": {"code": "ThrottlingException", "message": ""},
        "entry": entry,
    }
    return {
        "messageId": str(number),
        "receiptHandle": f"handle-{number}",
        "body": json.dumps(message),
        # Far in the future, so that it is never too old to be tried again.
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "4000000000000"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:111111111111:retry",
        "awsRegion": "us-east-1",
    }


def event(path: str, body: bytes) -> dict[str, Any]:
    """Return an event in payload format 2.0."""
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""}
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "x-github-event": "push",
            "x-hub-signature-256": signature,
        },
        "requestContext": {"http": http, "requestId": "JKJaXmPLvHcESHA=", "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
