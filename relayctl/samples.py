"""Sample webhooks in files, as commands read them instead of the archive."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relay.archive.record import ArchivedWebhook
from relay.config.model import Config
from relay.errors import Rejected
from relay.http import body_formats, routing
from relay.http.request import Request
from relayctl import inputs, output

INDEX = "samples.toml"
"""Lists whole requests: a `[[sample]]` has the `path` of the URL, `headers`, and the file of its `body`."""


def read(folder: Path, config: Config) -> Iterator[ArchivedWebhook]:
    """Yield the samples of a folder as webhooks that came now.

    They are those of its samples.toml, or files ROUTE/NAME with the body alone. Exit with code 2 if there are none, or
    one cannot be read or belongs to no route.
    """
    if (folder / INDEX).is_file():
        yield from _listed(folder, config)
        return
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    if not paths:
        output.fail(f"{folder}: expected files such as {folder}/ROUTE/order.json, or {folder}/{INDEX}", output.MISTAKE)
    for path in paths:
        route = inputs.find_route(config, path.parent.name)
        headers = {"content-type": body_formats.media_type(route.body_format)}
        url_path = "/".join(segment.strip("{}") for segment in route.path.split("/"))
        request = Request("POST", url_path, "", headers, inputs.read_payload(path), path.name)
        yield ArchivedWebhook(route.name, path.name, datetime.now(UTC), "", request)


def _listed(folder: Path, config: Config) -> Iterator[ArchivedWebhook]:
    index = folder / INDEX
    try:
        tables = tomllib.loads(index.read_text("utf-8"))["sample"]
        requests = [_request(table, folder) for table in tables]
        routes = [routing.match_route(config.routes, "POST", request.path)[0] for request in requests]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        output.fail(f"{index}: expected tables [[sample]] with path, headers and body: {error}", output.MISTAKE)
    except Rejected as error:
        output.fail(f"{index}: {error.detail}", output.MISTAKE)
    for route, request in zip(routes, requests, strict=True):
        yield ArchivedWebhook(route.name, request.request_id, datetime.now(UTC), "", request)


def _request(table: Mapping[str, Any], folder: Path) -> Request:
    path, _, query = table["path"].partition("?")
    headers = {name.lower(): value for name, value in table["headers"].items()}
    return Request("POST", path, query, headers, inputs.read_payload(folder / table["body"]), table["body"])
