"""`python -m bench.stub CERTIFICATE.pem`: stands for AWS, fast and always well, over TLS.

It prints its port, and that of the credentials that a restored function asks for. It ends with its standard input.
"""

import json
import os
import ssl
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

    def do_GET(self) -> None:
        """Answer with the credentials of a role."""
        credentials = {"AccessKeyId": "x", "SecretAccessKey": "x", "Token": "x", "Expiration": "2099-01-01T00:00:00Z"}
        self._send(credentials, "application/json")

    def do_POST(self) -> None:
        """Answer one operation of the JSON protocol."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(self._answer(self.headers["X-Amz-Target"].rpartition(".")[2], body), "application/x-amz-json-1.1")

    def _send(self, document: dict[str, Any], content_type: str) -> None:
        answer = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
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
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1])
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    # The handshake is made by the thread of the connection, with its first byte.
    servers[0].socket = context.wrap_socket(servers[0].socket, server_side=True, do_handshake_on_connect=False)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(*(server.server_address[1] for server in servers), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
