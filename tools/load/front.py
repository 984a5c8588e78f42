"""`python -m tools.load.front COMMAND…`: HTTP in front of one execution environment, which the command starts.

It stands for API Gateway as far as a function sees it: an event of payload format 2.0, and one webhook at a time; the
others wait. Prints its port and the environment's process id, and ends with its standard input.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

MOST = 1 << 22  # bytes of a line


async def main() -> None:
    """Serve until standard input ends."""
    environment = await asyncio.create_subprocess_exec(
        *sys.argv[1:],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MOST,
    )
    turn = asyncio.Lock()  # first come, first served

    async def invoke(event: dict[str, Any]) -> dict[str, Any]:
        assert environment.stdin  # noqa: S101 - both are pipes
        assert environment.stdout  # noqa: S101 # it is a pipe
        async with turn:
            environment.stdin.write(json.dumps(event).encode() + b"\n")
            line = await environment.stdout.readline()
        answer: dict[str, Any] = json.loads(line)["answer"]
        return answer

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, path, headers = head
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = await invoke(_event(method, path, headers, body))
            content = answer.get("body", "").encode()
            writer.write(b"HTTP/1.1 %d\r\nContent-Length: %d\r\n\r\n%b" % (answer["statusCode"], len(content), content))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=MOST)
    print(server.sockets[0].getsockname()[1], environment.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    environment.kill()
    os._exit(0)  # whoever still waits for an answer gets none


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, Mapping[str, str]] | None:
    """Return method, path and headers of the next request, or None if there is none."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = text.strip().split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _event(method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""}
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "requestContext": {"http": http, "requestId": "load", "stage": "$default"},
        "body": body.decode(),  # as an HTTP API passes JSON on
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    asyncio.run(main())
