"""The steps of AWS's quick start for inbound webhooks: a cached secret, the HMAC, parse, put.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas-furls.html
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import boto3

events: Any = boto3.client("events")
secrets: Any = boto3.client("secretsmanager")
_cache: dict[str, str] = {}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Verify and put."""
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    if "secret" not in _cache:
        _cache["secret"] = secrets.get_secret_value(SecretId="bench/github")["SecretString"]
    expected = "sha256=" + hmac.new(_cache["secret"].encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, event["headers"]["x-hub-signature-256"]):
        return {"statusCode": 401, "body": "{}"}
    payload = json.loads(body)
    answer = events.put_partner_events(
        Entries=[
            {
                "Source": "aws.partner/acme.example/bench",
                "DetailType": event["headers"]["x-github-event"],
                "Detail": json.dumps(payload),
            }
        ]
    )
    print(json.dumps({"failed": answer["FailedEntryCount"]}))
    return {"statusCode": 202, "body": json.dumps({"failed": answer["FailedEntryCount"]})}
