"""Plain HTTP for people: webhooks on one port, the customer's view and the faults on the other."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from local.aws import HOST, LocalAws, LocalAwsError, require_free
from local.deploy import Customer, Stack

WEBHOOKS_PORT = 8080
VIEW_PORT = 8081
KEPT_EVENTS = 10_000

_HOP_BY_HOP = {b"host", b"connection", b"content-length", b"transfer-encoding"}


def webhooks(aws: LocalAws, stack: Stack) -> Starlette:
    """`http://127.0.0.1:8080/<path>`, as the API's URL would be: everything goes to the API, as it came."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        async with httpx.AsyncClient(verify=aws.ssl_context(), timeout=60) as client:
            yield {"client": client}

    async def forward(request: Request) -> Response:
        query = request.scope["query_string"]
        path = stack.base_path.encode() + request.scope["raw_path"] + (b"?" + query if query else b"")
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _HOP_BY_HOP]
        url = httpx.URL(aws.url).copy_with(raw_path=path)
        answer = await request.state.client.request(request.method, url, headers=headers, content=await request.body())
        kept = {k: v for k, v in answer.headers.items() if k.encode() not in _HOP_BY_HOP | {b"content-encoding"}}
        return Response(answer.content, answer.status_code, kept)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Starlette(routes=[Route("/{path:path}", forward, methods=methods)], lifespan=lifespan)


def view(aws: LocalAws, customer: Customer) -> Starlette:
    """`GET /events`: what the customer's queue has received. `PUT /faults`: what goes wrong next (see faults.py)."""
    events: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)

    async def get_events(_: Request) -> Response:
        events.extend(await run_in_threadpool(lambda: list(customer.received())))
        return JSONResponse(list(events))

    async def put_faults(request: Request) -> Response:
        async with httpx.AsyncClient(verify=aws.ssl_context()) as client:
            answer = await client.put(f"{aws.url}/_partner_bus/faults", content=await request.body())
        return PlainTextResponse(answer.text, answer.status_code)

    async def home(_: Request) -> Response:
        return RedirectResponse("/events")

    routes = [Route("/", home), Route("/events", get_events), Route("/faults", put_faults, methods=["PUT"])]
    return Starlette(routes=routes)


@contextmanager
def serving(app: Starlette, port: int) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 until the block ends; gives the URL. Raises LocalAwsError if the port is in use."""
    require_free(port)
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise LocalAwsError(f"the server on port {port} did not start")
        time.sleep(0.01)
    try:
        yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
