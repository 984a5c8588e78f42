"""`relayctl destinations` against the control API over HTTP, each request signed as AWS wants it."""

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from relay.control.grant import Grant, Scope
from relay.control.page_tokens import LINK, read
from relay.destinations.model import SourceState, SourceStatus
from relay.handover.render import Form, render
from tests.relayctl.assistant import connect
from tests.relayctl.conftest import Relayctl
from tests.unit.control.gateway import Gateway, StartResponse
from tests.unit.control.world import World
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tests.unit.page.browser import KEY, URL, Site

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "the session token")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEYS.access_key,
    "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
    "AWS_SESSION_TOKEN": KEYS.token or "",
    "AWS_DEFAULT_REGION": "us-east-1",
}
CREATE = ("destinations", "create", "c42", "prod", "--account", "222222222222", "--destination-region", "us-east-1")


class SigningGateway:
    """The control API behind IAM authorization: a request that botocore would sign otherwise is answered 403."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = _Body(body)
        if environ.get("HTTP_AUTHORIZATION") != self._expected(environ, body):
            start_response("403 Forbidden", [("content-type", "application/json")])
            return [b'{"message":"Forbidden"}']
        return self._gateway(environ, start_response)

    def _expected(self, environ: dict[str, Any], body: bytes) -> str:
        """Return the Authorization header that botocore would make of this request."""
        sent = environ.get("HTTP_AUTHORIZATION", "")
        names = sent.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        variables = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in names} | {
            "content-type": "CONTENT_TYPE"
        }
        headers = {name: environ.get(variables[name], "") for name in names}
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        url = f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}{query}"
        request = AWSRequest(environ["REQUEST_METHOD"], url, headers, body)
        request.context["timestamp"] = headers.get("x-amz-date", "")
        auth = SigV4Auth(KEYS, "execute-api", "us-east-1")
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return f"{sent.rpartition('Signature=')[0]}Signature={signature}"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        return self._content[:size]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the control API listens."""
    gateway = SigningGateway(Gateway(world.control, Site(world).access, URL))
    with make_server("127.0.0.1", 0, gateway, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_destination_is_created_and_shown(relayctl: Relayctl, url: str) -> None:
    environment = ENVIRONMENT | {"RELAY_CONTROL_URL": url}
    created = relayctl(
        *CREATE, "--detail-types", "order.*", "--metadata", "plan=gold", "--output", "json", **environment
    )
    assert created.returncode == 0, created.stderr
    assert created.stderr.endswith(": relayctl destinations handover c42 prod --as cloudformation\n")
    found = json.loads(created.stdout)
    assert (found["detail_types"], found["metadata"]) == (["order.*"], {"plan": "gold"})
    shown = relayctl("destinations", "show", "c42", "prod", **environment)
    assert "aws.partner/acme.example/c42/prod-id0000" in shown.stdout
    assert "source-pending" in shown.stdout


def test_creating_what_is_there_is_refused_and_changes_nothing(relayctl: Relayctl, world: World, url: str) -> None:
    environment = ENVIRONMENT | {"RELAY_CONTROL_URL": url}
    relayctl(*CREATE, **environment)
    again = relayctl(*CREATE, "--description", "other", **environment)
    assert again.returncode == 1
    assert again.stderr == "412 X: The destination exists.\n"
    assert world.control.get("c42", "prod").description == ""


def test_update_changes_only_what_is_given(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination(description="kept", detail_types=("a", "b"))
    updated = relayctl(
        "destinations", "update", "c42", "prod", "--detail-types", "c", **ENVIRONMENT, RELAY_CONTROL_URL=url
    )
    assert updated.returncode == 0, updated.stderr
    found = world.control.get("c42", "prod")
    assert (found.detail_types, found.description) == (("c",), "kept")


def test_all_destinations_are_listed_through_every_page(relayctl: Relayctl, world: World, url: str) -> None:
    for number in range(120):
        found = destination(customer=f"c{number:03}", id=f"i{number}", source=f"s{number}")
        world.rows[found.customer, found.name] = found
    listed = relayctl("destinations", "list", "--output", "json", **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert [row["customer"] for row in json.loads(listed.stdout)] == [f"c{number:03}" for number in range(120)]


def test_pending_destinations_are_found(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination(SourceState(SourceStatus.PENDING))
    world.rows["c43", "prod"] = destination(customer="c43", source="s")
    options = ("--source-status", "pending", "--output", "text")
    listed = relayctl("destinations", "list", *options, **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ["c42"]


def test_a_destination_is_paused_resumed_released_and_pinged(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination(replace(ACTIVE, settling_since=NOW))
    environment = ENVIRONMENT | {"RELAY_CONTROL_URL": url}
    assert "paused" in relayctl("destinations", "pause", "c42", "prod", **environment).stdout
    assert "enabled" in relayctl("destinations", "resume", "c42", "prod", **environment).stdout
    released = relayctl("destinations", "release", "c42", "prod", "--since", "2026-11-25T10:00:00Z", **environment)
    assert released.returncode == 0, released.stderr
    assert world.rows["c42", "prod"].state.restoring_since == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert relayctl("destinations", "ping", "c42", "prod", **environment).stdout == "event-1\n"


def test_an_assistant_lists_pauses_resumes_and_pings_destinations_and_is_told_what_is_not_there(
    world: World, url: str, tmp_path: Path
) -> None:
    world.rows["c42", "prod"] = destination(ACTIVE)
    world.rows["c43", "prod"] = destination(SourceState(SourceStatus.PENDING), customer="c43", source="s")
    options = ("--control-url", url, "--allow-changes")
    with connect(tmp_path / "messages", *options, **ENVIRONMENT) as assistant:
        rows = assistant.call("destinations_list", customer="c43", source_status="pending").value
        assert [row["customer"] for row in rows] == ["c43"]
        listed = assistant.call("destinations_list", limit=1)
        assert (len(listed.value), listed.texts[1].startswith("Only the first 1 rows are shown")) == (1, True)
        prod = {"customer": "c42", "name": "prod"}
        assert assistant.call("destinations_pause", **prod).value["status"] == "paused"
        assert assistant.call("destinations_show", **prod).value["status"] == "paused"
        assert assistant.call("destinations_resume", **prod).value["status"] == "enabled"
        assert assistant.call("destinations_release", **prod, since="2026-11-25T10:00:00Z").failed is False
        assert world.rows["c42", "prod"].state.restoring_since == datetime(2026, 11, 25, 10, tzinfo=UTC)
        assert assistant.call("destinations_ping", **prod).value == {"event_id": "event-1"}
        unknown = assistant.call("destinations_show", customer="c42", name="nowhere")
        assert (unknown.failed, len(unknown.texts)) == (True, 1)
        assert unknown.texts[0].endswith("404 X: Customer c42 has no destination nowhere.")


def test_the_hand_over_is_printed_as_it_is_deployed(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination(detail_types=("order.*",))
    printed = relayctl(
        "destinations", "handover", "c42", "prod", "--as", "cloudformation", **ENVIRONMENT, RELAY_CONTROL_URL=url
    )
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == render(world.rows["c42", "prod"], Form.CLOUDFORMATION)


def test_a_link_is_printed_and_opens_the_page_for_whom_it_names(relayctl: Relayctl, url: str) -> None:
    environment = ENVIRONMENT | {"RELAY_CONTROL_URL": url}
    options = ("--scope", "read", "--actor", "support@acme.example", "--return-url", "https://app.acme.example/")
    for wanted, grant in (
        ((), Grant("c42", Scope.MANAGE, "operator")),
        (options, Grant("c42", Scope.READ, "support@acme.example", "https://app.acme.example/")),
    ):
        printed = relayctl("destinations", "link", "c42", *wanted, **environment)
        assert printed.returncode == 0, printed.stderr
        page, _, token = printed.stdout.removesuffix("\n").partition("#token=")
        assert page == URL
        assert read(token, LINK, [KEY], NOW)[0] == grant


def test_all_links_and_sessions_of_a_customer_are_ended(relayctl: Relayctl, world: World, url: str) -> None:
    ended = relayctl("destinations", "revoke", "c42", **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert world.revoked == {"c42": NOW}


def test_a_deletion_asks_first(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination()
    environment = ENVIRONMENT | {"RELAY_CONTROL_URL": url}
    refused = relayctl("destinations", "delete", "c42", "prod", given="n\n", **environment)
    assert (refused.returncode, list(world.rows)) == (1, [("c42", "prod")])
    assert relayctl("destinations", "delete", "c42", "prod", "--yes", **environment).returncode == 0
    assert world.rows == {}


def test_a_refusal_of_the_api_is_one_line(relayctl: Relayctl, url: str) -> None:
    failed = relayctl("destinations", "show", "c42", "nowhere", **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "404 X: Customer c42 has no destination nowhere.\n"


def test_credentials_that_may_not_call_it_are_told_what_they_need(relayctl: Relayctl, url: str) -> None:
    other = ENVIRONMENT | {"AWS_SECRET_ACCESS_KEY": "another", "RELAY_CONTROL_URL": url}
    failed = relayctl("destinations", "list", **other)
    assert failed.returncode == 1
    assert "execute-api:Invoke" in failed.stderr


def test_without_credentials_nothing_is_sent(relayctl: Relayctl, url: str) -> None:
    failed = relayctl("destinations", "list", AWS_DEFAULT_REGION="us-east-1", RELAY_CONTROL_URL=url)
    assert failed.returncode == 1
    assert "credentials" in failed.stderr.lower()


def test_a_path_trick_in_a_name_stays_in_its_segment(relayctl: Relayctl, world: World, url: str) -> None:
    world.rows["c42", "prod"] = destination()
    failed = relayctl("destinations", "show", "c42/destinations/prod?", "x", **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert failed.returncode == 1


@pytest.mark.parametrize("pair", ["plan", ""])
def test_metadata_without_a_value_is_a_mistake(relayctl: Relayctl, url: str, pair: str) -> None:
    failed = relayctl(*CREATE, "--metadata", pair, **ENVIRONMENT, RELAY_CONTROL_URL=url)
    assert failed.returncode == 2
