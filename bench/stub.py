"""`python -m bench.stub`: stands for AWS, fast and always well; prints its port. It ends with its standard input."""

import json
import os
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.events import SECRET

_KEYS = {"pk": {"S": "customer#octo-org"}, "id": {"S": "k3x9qa"}, "customer": {"S": "octo-org"}, "name": {"S": "prod"}}
DESTINATION = [
    {
        **_KEYS,
        "sk": {"S": "destination#prod"},
        "aws_account_id": {"S": "222222222222"},
        "aws_region": {"S": "us-east-1"},
        "source": {"S": "aws.partner/acme.example/octo-org/prod-k3x9qa"},
        "detail_types": {"L": [{"S": "*"}]},
        "status": {"S": "enabled"},
        "version": {"N": "1"},
    },
    {
        **_KEYS,
        "sk": {"S": "status#prod"},
        "source_status": {"S": "active"},
        "source_status_at": {"S": "2026-11-25T12:00:00+00:00"},
        "was_active": {"BOOL": True},
    },
]


class Handler(BaseHTTPRequestHandler):
    """PutPartnerEvents, GetSecretValue, Query of a customer's destinations, PutRecord of the archive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer one operation of the JSON protocol."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(self._answer(self.headers["X-Amz-Target"].rpartition(".")[2], body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetSecretValue":
            return {"Name": body["SecretId"], "SecretString": SECRET}
        if operation == "Query":
            return {"Items": DESTINATION, "Count": len(DESTINATION)}
        if operation == "PutRecord":
            return {"RecordId": str(uuid.uuid4()), "Encrypted": False}
        assert operation == "PutPartnerEvents", operation  # noqa: S101 - anything else was not to be measured
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in body["Entries"]]}

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def main() -> None:
    """Serve until standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
