"""The page's server, on this machine alone: the page, its stream, and what its buttons do."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.errors import CannotSign, Rejected
from relay.templates import strict_json
from relay_local.emulator import faults
from relay_local.inspector import archive_replay, editor, explain
from relay_local.inspector.captures import Capture
from relay_local.inspector.live import Live
from relay_local.process import ROOT
from relayctl.control import ControlApiError
from relayctl.signing import sign

PAGE = Path(__file__).with_name("page")
BUILT = ROOT / ".build" / "inspector" / "page"
"""What the Makefile bundles: the editor, CodeMirror."""
SCHEMA = ROOT / "relay.schema.json"

# Nothing but the page's own files; what a webhook brings is text, and could do nothing if it were not.
# And no other page may show it in a frame, whose buttons somebody could be led to press.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

MAX_OPTION = 256

_NOT_SENT = {"host", "content-length", "connection", "transfer-encoding"}
_LOCAL = {"127.0.0.1", "localhost"}


def inspector(live: Live, relay_toml: Path) -> Starlette:
    """`GET /` is the page; `GET /events` what the customer has received, `PUT /faults` what goes wrong next."""
    buttons = _Buttons(live, relay_toml)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with live.watching():
            yield

    return Starlette(
        routes=[
            Route("/stream", buttons.stream),
            Route("/events", buttons.events),
            Route("/faults", buttons.faults, methods=["PUT"]),
            Route("/webhooks", buttons.search),
            Route("/webhooks/{number:int}", buttons.webhook),
            Route("/webhooks/{number:int}/replay", buttons.replay, methods=["POST"]),
            Route("/routes/{name}", buttons.route_text),
            Route("/routes/{name}/attempt", buttons.attempt, methods=["POST"]),
            Route("/routes/{name}/compare", buttons.compare, methods=["POST"]),
            Route("/routes/{name}", buttons.save, methods=["PUT"]),
            Route("/destinations/{customer}/{name}/{operation}", buttons.act, methods=["POST"]),
            Route("/replays", buttons.replay_window, methods=["POST"]),
            Route("/dead-letters", buttons.letters),
            Route("/dead-letters/redrive", buttons.redrive, methods=["POST"]),
            Route("/dead-letters/{letter}/redrive", buttons.redrive_one, methods=["POST"]),
            Route("/dead-letters/{letter}/discard", buttons.discard, methods=["POST"]),
            Route("/relay.schema.json", buttons.schema),
            Mount("/built", StaticFiles(directory=BUILT, check_dir=False)),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[Middleware(_OnlyFromHere)],
        exception_handlers={HTTPException: _problem_response},
        lifespan=lifespan,
    )


@dataclass(frozen=True)
class _Buttons:
    """What the page asks for; a mistake is `{"problem": …}` with its status."""

    live: Live
    relay_toml: Path

    async def stream(self, _: Request) -> Response:
        lines = self.live.stream()
        return StreamingResponse(lines, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def events(self, _: Request) -> Response:
        await self.live.receive()
        return JSONResponse(self.live.events.all())

    async def faults(self, request: Request) -> Response:
        document = await _json(request)
        try:
            faults.parse(document)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        answer = await self.live.inject(document)
        return PlainTextResponse(answer.text, answer.status_code)

    async def search(self, request: Request) -> Response:
        """Return the numbers of the webhooks in which `?search=` is found (see search.py)."""
        query = request.query_params.get("search", "")
        return JSONResponse({"webhooks": await self.live.search(query)})

    async def webhook(self, request: Request) -> Response:
        return JSONResponse(self.live.detail(self._captured(request.path_params["number"])))

    async def replay(self, request: Request) -> Response:
        """Post the webhook again, signed now."""
        live, capture = self.live, self._captured(request.path_params["number"])
        route = capture.route(live.session.config)
        if route is None:
            raise HTTPException(422, "No route matches this path: there is no secret to sign it with.")
        target = live.url + capture.path + (f"?{capture.query}" if capture.query else "")
        try:
            secret = live.session.secrets.get(explain.secret_of(capture, route), "")
            signed = sign(route, secret, capture.request(), target)
        except (CannotSign, Rejected) as error:
            raise HTTPException(422, f"This cannot be signed here: {error}.") from error
        forwarded = {name: value for name, value in signed.headers.items() if name not in _NOT_SENT}
        target = live.url + signed.path + (f"?{signed.query}" if signed.query else "")
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.request(capture.method, target, headers=forwarded, content=signed.body)
        return JSONResponse({"status": answer.status_code})

    async def replay_window(self, request: Request) -> Response:
        """Send what was archived in a window again; unless `send` is true, only count it."""
        document = await _object(request)
        chosen = {name: _option(document[name]) for name in archive_replay.OPTIONS if name in document}
        remap, dry_run = document.get("remap") is True, document.get("send") is not True
        try:
            found = await run_in_threadpool(archive_replay.run, self.live.session, chosen, remap=remap, dry_run=dry_run)
        except archive_replay.Mistake as error:
            raise HTTPException(422, str(error)) from error
        return JSONResponse(found)

    async def schema(self, _: Request) -> Response:
        return FileResponse(SCHEMA)

    async def route_text(self, request: Request) -> Response:
        file = self._file()
        block = self._block(request.path_params["name"], file)
        return JSONResponse({"text": block.text, "version": _version(file), "file": self.relay_toml.name})

    async def attempt(self, request: Request) -> Response:
        """Return what another text of the route would make of a webhook; nothing is written."""
        document = await _object(request)
        block = self._block(request.path_params["name"], self._file())
        return JSONResponse(editor.attempt(block, _text(document), self._captured(document.get("webhook"))))

    async def compare(self, request: Request) -> Response:
        """Return what another text of the route would make of all webhooks that are stored; nothing is written."""
        document = await _object(request)
        block = self._block(request.path_params["name"], self._file())
        captures = self.live.captures.all()
        return JSONResponse(await run_in_threadpool(editor.compare, block, _text(document), captures))

    async def save(self, request: Request) -> Response:
        """Write the text of a route, unless the file has changed since the page showed it."""
        document, file = await _object(request), self._file()
        if document.get("version") != _version(file):
            raise HTTPException(409, f"{self.relay_toml.name} has changed meanwhile; open the editor again.")
        text = editor.replace_route(self._block(request.path_params["name"], file), _text(document))
        await run_in_threadpool(self.relay_toml.write_text, text, "utf-8")
        return JSONResponse({"saved": str(self.relay_toml)})

    async def act(self, request: Request) -> Response:
        """Do what a button of a destination says."""
        connections, parameters = self.live.session.connections, request.path_params
        if not connections:
            raise HTTPException(404, "relay.toml has no [destinations].")
        try:
            await run_in_threadpool(
                connections.act, parameters["customer"], parameters["name"], parameters["operation"]
            )
        except (KeyError, StopIteration) as error:
            raise HTTPException(404, "There is no such destination, or no such operation.") from error
        except (ControlApiError, ClientError) as error:
            raise HTTPException(409, str(error)) from error
        return JSONResponse({})

    async def letters(self, _: Request) -> Response:
        return JSONResponse(await self.live.letters.all())

    async def redrive(self, _: Request) -> Response:
        await self.live.letters.redrive_all()
        return JSONResponse({})

    async def redrive_one(self, request: Request) -> Response:
        return await _of_letter(self.live.letters.redrive, request)

    async def discard(self, request: Request) -> Response:
        return await _of_letter(self.live.letters.discard, request)

    def _captured(self, number: object) -> Capture:
        capture = self.live.captures.get(number) if isinstance(number, int) else None
        if capture is None:
            raise HTTPException(404, "This webhook is no longer stored.")
        return capture

    def _file(self) -> str:
        return self.relay_toml.read_text("utf-8")

    def _block(self, name: object, file: str) -> editor.Block:
        try:
            return editor.find(file, str(name))
        except editor.Unusable as error:
            raise HTTPException(404, str(error)) from error


class _OnlyFromHere:
    """No other website that is open in the same browser can look, or press a button."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """https://asgi.readthedocs.io/."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        origin = request.headers.get("origin")
        if request.url.hostname not in _LOCAL or (origin and urlsplit(origin).netloc != request.headers.get("host")):
            await PlainTextResponse("This page is for this machine alone.\n", 403)(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = POLICY
                headers["x-content-type-options"] = "nosniff"
                headers["x-frame-options"] = "DENY"
            await send(message)

        await self._app(scope, receive, send_with_policy)


async def _problem_response(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is the handler of those
    return JSONResponse({"problem": error.detail}, error.status_code)


async def _of_letter(operation: Callable[[str], Awaitable[None]], request: Request) -> Response:
    try:
        await operation(request.path_params["letter"])
    except KeyError as error:
        raise HTTPException(404, "This dead letter is no longer in the queue.") from error
    return JSONResponse({})


async def _json(request: Request) -> Any:
    try:
        return strict_json.parse((await request.body()).decode())
    except ValueError as error:
        raise HTTPException(400, f"expected JSON: {error}") from error


async def _object(request: Request) -> dict[str, Any]:
    value = await _json(request)
    if not isinstance(value, dict):
        raise HTTPException(400, "expected a JSON object")
    return value


def _option(value: object) -> str:
    """Return the value of a command's option: one that can be passed to a program."""
    if not isinstance(value, str) or len(value) > MAX_OPTION or not value.isprintable():
        raise HTTPException(400, f"expected a text of at most {MAX_OPTION} printable characters")
    return value


def _text(document: Mapping[str, Any]) -> str:
    """Return the text that a route is to have; it can be written to a file."""
    text = document.get("text", "")
    if not isinstance(text, str) or any("\ud800" <= character <= "\udfff" for character in text):
        raise HTTPException(400, "expected text")
    return text


def _version(file: str) -> str:
    return hashlib.sha256(file.encode()).hexdigest()
