"""API Gateway in front of the control API: a WSGI application that makes the events an HTTP API makes."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

from relay.control import api
from relay.control.page_access import PageAccess
from relay.control.service import Control

BACKEND = "arn:aws:sts::111111111111:assumed-role/backend/session"
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """Serves the control API, and its document at /openapi.json."""

    def __init__(self, control: Control, access: PageAccess | None = None, page_url: str = "") -> None:
        self.app = api.build(control, access, page_url)
        self.document = api.openapi(self.app, "1.0.0")

    def request(
        self, method: str, path: str, body: Any = None, *, query: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers of the answer."""
        text = body if isinstance(body, str) else None if body is None else json.dumps(body)
        answer = api.resolve(self.app, event(method, path, text, query, headers or {}), None)
        content = answer.get("body")
        found = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
        return answer["statusCode"], json.loads(content) if content else None, found

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        if environ["PATH_INFO"] == "/openapi.json":
            start_response("200 OK", [("content-type", "application/json")])
            return [json.dumps(self.document).encode()]
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode("utf-8", "replace")
        made = event(environ["REQUEST_METHOD"], environ["PATH_INFO"], body or None, environ["QUERY_STRING"], headers)
        answer = api.resolve(self.app, made, None)
        sent = [(name, str(value)) for name, value in (answer.get("headers") or {}).items()]
        start_response(f"{answer['statusCode']} X", sent)
        return [(answer.get("body") or "").encode()]


def event(method: str, path: str, body: str | None, query: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return payload format 2.0 of a request that IAM has authorized."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **headers},
        "queryStringParameters": parameters or None,
        "requestContext": {
            "http": {"method": method, "path": unquote(path)},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "authorizer": {"iam": {"userArn": BACKEND, "accountId": "111111111111"}},
        },
        "body": body,
        "isBase64Encoded": False,
    }
