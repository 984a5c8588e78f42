"""Plain HTTP for people: webhooks on one port, the page of the inspector on the other."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay_local.deploy import Stack
from relay_local.process import HOST, LocalAws, LocalAwsError, require_free

WEBHOOKS_PORT = 8080
PAGE_PORT = 8081

_HOP_BY_HOP = {b"host", b"connection", b"content-length", b"transfer-encoding"}


Record = Callable[..., None]
"""Record a request and its answer (see inspector/captures.py)."""


Prepare = Callable[[str, str, str, Mapping[str, str], bytes], None]
"""Prepare the local AWS for a request, by its method, path, query, headers and body, before it is forwarded."""


def webhook_proxy(
    aws: LocalAws, stack: Stack, record: Record = lambda **_: None, prepare: Prepare = lambda *_: None
) -> Starlette:
    """Return an app that forwards `http://127.0.0.1:8080/<path>` to the API, unchanged."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        async with httpx.AsyncClient(verify=aws.ssl_context(), timeout=60) as client:
            yield {"client": client}

    async def forward(request: Request) -> Response:
        query = request.scope["query_string"]
        path = stack.base_path.encode() + request.scope["raw_path"] + (b"?" + query if query else b"")
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _HOP_BY_HOP]
        url = httpx.URL(aws.url).copy_with(raw_path=path)
        body, path_text = await request.body(), request.scope["raw_path"].decode("ascii", "replace")
        await run_in_threadpool(
            prepare, request.method, path_text, query.decode("ascii", "replace"), dict(request.headers), body
        )
        at, begun = time.time(), time.monotonic()
        answer = await request.state.client.request(request.method, url, headers=headers, content=body)
        record(
            at=at,
            seconds=time.monotonic() - begun,
            method=request.method,
            path=path_text,
            query=query.decode("ascii", "replace"),
            headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw],
            body=body,
            status=answer.status_code,
            answer=answer.content,
            request_id=answer.headers.get("apigw-requestid", ""),
        )
        forwarded = {k: v for k, v in answer.headers.items() if k.encode() not in _HOP_BY_HOP | {b"content-encoding"}}
        return Response(answer.content, answer.status_code, forwarded)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Starlette(routes=[Route("/{path:path}", forward, methods=methods)], lifespan=lifespan)


@contextmanager
def serve(app: Starlette, port: int) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 until the block ends; yield the URL. Raise LocalAwsError if the port is in use."""
    require_free(port)
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise LocalAwsError(f"the server on port {port} did not start")
        time.sleep(0.01)  # uvicorn has no event for it; the thread is alive or it ends
    try:
        yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
