"""Send each AWS request of the functions to the local AWS of the Region for which it is signed.

On AWS the host name says the Region. Two local AWSs have no such names, so each Region's functions get one of these
proxies as AWS_ENDPOINT_URL. What is for their own Region passes unchanged.

IAM is global on AWS, but a local AWS does not know the roles of the other: what is for the other Region is signed as
the root user of the account, so the policy of the function's role is not enforced there.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from relay_local.process import HOST, PARTNER, LocalAws

CONNECT_SECONDS = 1.0
"""A Region that is lost takes no connection; the kernel of this machine goes on taking them for a stopped process."""
MOST = 1 << 16  # bytes
_SCOPE = re.compile(rb"Credential=([^/]+)/[0-9]+/([^/]+)/")
_TOKEN = re.compile(rb"\r\nx-amz-security-token:[^\r]*", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def region_of(head: bytes) -> str | None:
    """Return the Region for which a request is signed, None if it is not signed."""
    scope = _SCOPE.search(head)
    return scope[2].decode() if scope else None


def as_root(head: bytes) -> bytes:
    """Return the head of a request as the root user of the relay's account would send it."""
    return _TOKEN.sub(b"", _SCOPE.sub(lambda scope: scope[0].replace(scope[1], PARTNER.encode(), 1), head))


class Router:
    """The proxies, one for each Region's functions. `regions` are the local AWSs, as soon as they run."""

    def __init__(self) -> None:
        self.regions: dict[str, LocalAws] = {}
        self.urls: dict[str, str] = {}
        self._trust: dict[str, ssl.SSLContext] = {}
        self._servers: list[asyncio.Server] = []

    async def listen(self, home: str) -> None:
        """Serve the functions of a Region, at `urls[home]`."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._forward(home, reader, writer)
            writer.transport.abort()

        server = await asyncio.start_server(serve, HOST, 0, limit=MOST)
        self._servers.append(server)
        self.urls[home] = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Serve nobody any more."""
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self, home: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward a connection: an AWS client has one for each service and Region, so the first request decides."""
        head = await reader.readuntil(b"\r\n\r\n")
        region = region_of(head) or home
        answers, requests = await self._connect(region)
        back = asyncio.create_task(_copy(answers, writer))
        try:
            while True:
                requests.write(head if region == home else as_root(head))
                length = _LENGTH.search(head)
                await _pass(reader, requests, int(length[1]) if length else 0)
                head = await reader.readuntil(b"\r\n\r\n")
        finally:
            back.cancel()
            requests.transport.abort()

    async def _connect(self, region: str) -> Stream:
        aws = self.regions[region]
        parts, trust = urlsplit(aws.url), self._trust.setdefault(region, aws.ssl_context())
        opening = asyncio.open_connection(parts.hostname, parts.port, ssl=trust)
        return await asyncio.wait_for(opening, CONNECT_SECONDS)


@contextmanager
def routers(regions: Sequence[str]) -> Iterator[Router]:
    """Serve the functions of each Region, in a thread, until the block ends."""
    router, loop = Router(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        for region in regions:
            asyncio.run_coroutine_threadsafe(router.listen(region), loop).result()
        yield router
    finally:
        asyncio.run_coroutine_threadsafe(router.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy answers, until the local AWS closes the connection."""
    with suppress(OSError):
        while content := await reader.read(MOST):
            writer.write(content)
            await writer.drain()
    writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
    """Copy a body of so many bytes. Raise IncompleteReadError."""
    await writer.drain()
    while length:
        content = await reader.readexactly(min(length, MOST))
        writer.write(content)
        await writer.drain()
        length -= len(content)
