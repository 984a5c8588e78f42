"""`python -m tools.load.aws_stub`: bench's stub of AWS, which also knows whose event has arrived how often.

`GET /arrived` answers a byte for each webhook. `POST /sink` stands for a receiver that is not AWS. Prints its port, and
ends with its standard input.
"""

import os
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from bench import stub
from tools.load import webhooks
from tools.load.ledger import Tally

ARRIVED, SINK = "/arrived", "/sink"
arrived, lock = Tally(), threading.Lock()


class Handler(stub.Handler):
    """The operations of bench's stub, and what has arrived."""

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        """Answer how often each webhook has arrived."""
        with lock:
            self._reply(bytes(arrived))

    def do_POST(self) -> None:  # noqa: N802 - likewise
        """Take what was forwarded as it came, or an operation of AWS."""
        if self.path != SINK:
            super().do_POST()
            return
        _arrive(self.rfile.read(int(self.headers["Content-Length"])))
        self._reply(b"{}")

    def _answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        for entry in body.get("Entries", ()):
            _arrive(entry["Detail"].encode())
        return super()._answer(operation, body)

    def _reply(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _arrive(detail: bytes) -> None:
    number = webhooks.number_of(detail)
    with lock:
        arrived.add(number)


def main() -> None:
    """Serve until standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
