"""Runs inside the emulated Python, with the function's package alone: imports everything, answers two webhooks."""

import base64
import json
import os
import platform
import time
from types import SimpleNamespace
from typing import Any

assert (platform.machine(), platform.python_version_tuple()[:2]) == ("aarch64", ("3", "13"))
QUEUE = "https://sqs.us-east-1.amazonaws.com/111111111111/queue"
os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "RETRY_QUEUE_URL": QUEUE,
    "DEAD_LETTER_QUEUE_URL": QUEUE,
    "OVERFLOW_BUCKET": "bucket",
    "POWERTOOLS_SERVICE_NAME": "relay",
    "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
}

import boto3
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relay import ingest, redeliver, source_health

# RFC 8032, section 7.1, test 1.
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)


def answer(body: bytes, signature: bytes, timestamp: str) -> int:
    """Return the status that the function answers a webhook with."""
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/discord",
        "rawQueryString": "",
        "headers": {"x-signature-ed25519": signature.hex(), "x-signature-timestamp": timestamp},
        "requestContext": {
            "domainName": "example.execute-api.us-east-1.amazonaws.com",
            "http": {"method": "POST", "path": "/discord", "sourceIp": "192.0.2.1"},
            "requestId": "id",
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    context: Any = SimpleNamespace(
        function_name="ingest",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:111111111111:function:ingest",
        aws_request_id="id",
        get_remaining_time_in_millis=lambda: 20_000,
    )
    return int(ingest.handler(event, context)["statusCode"])


timestamp, body = str(int(time.time())), json.dumps({"type": 0}).encode()
signature = KEY.sign(timestamp.encode() + body)
assert answer(body, signature, timestamp) == 204
assert answer(body, bytes(64), timestamp) == 401
assert jwt.decode(jwt.encode({"a": 1}, KEY, "EdDSA"), KEY.public_key(), ["EdDSA"]) == {"a": 1}
assert boto3.client("sqs").meta.region_name == "us-east-1"
assert callable(redeliver.handler)
assert callable(source_health.handler)
