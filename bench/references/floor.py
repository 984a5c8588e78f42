"""The least there can be: one request that was signed before, over a connection that is kept."""

import base64
import http.client
import json
import os
import ssl
from typing import Any
from urllib.parse import urlsplit

_url = urlsplit(os.environ["AWS_ENDPOINT_URL"])
_connection = http.client.HTTPSConnection(
    _url.hostname or "", _url.port, context=ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
)
_headers = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSEvents.PutPartnerEvents",
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261123/us-east-1/events/aws4_request, Signature=" + "0" * 64,
}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Put the body."""
    detail = base64.b64decode(event["body"]).decode()
    entry = {"Source": "aws.partner/acme.example/bench", "DetailType": "push", "Detail": detail}
    _connection.request("POST", "/", json.dumps({"Entries": [entry]}), _headers)
    _connection.getresponse().read()
    return {"statusCode": 202, "body": "{}"}
