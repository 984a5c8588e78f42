"""The control API over HTTP: statuses, entity tags, problems, pages."""

import base64
import json
from dataclasses import replace
from datetime import datetime

import pytest
from openapi_spec_validator import validate

from relay.control import api
from relay.control.problems import MAX_BODY_BYTES
from relay.control.service import Control
from relay.destinations.errors import SourceRefusedError
from relay.destinations.model import Destination, SourceState, SourceStatus
from relay.destinations.reconcile import Look
from relay.handover.render import Form, render
from tests.unit.control.gateway import BACKEND, Gateway, event
from tests.unit.control.world import SETTINGS, World
from tests.unit.destinations.destinations import ACTIVE, NOW, destination
from tools import openapi

PATH = "/v1/customers/c42/destinations/prod"
WANTED = {"aws_account_id": "222222222222", "aws_region": "us-east-1"}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway(world.control)


def test_a_put_creates_and_then_confirms(gateway: Gateway) -> None:
    status, created, headers = gateway.request("PUT", PATH, WANTED)
    assert status == 201
    assert (created["type"], created["source"]) == ("eventbridge_partner", "aws.partner/acme.example/c42/prod-id0000")
    assert (created["detail_types"], created["updated_by"]) == (["*"], BACKEND)
    assert (created["holding"], created["held"]["webhooks"]) == ("source-pending", 0)
    assert headers["etag"] == '"id0000-1"'
    again = gateway.request("PUT", PATH, WANTED)
    assert (again[0], again[1] | {"effective_at": None}) == (200, created | {"effective_at": None})


def test_a_first_destination_is_in_force_a_second_later(gateway: Gateway) -> None:
    assert gateway.request("PUT", PATH, WANTED)[1]["effective_at"] == "2026-11-25T12:00:01Z"
    second = gateway.request("PUT", "/v1/customers/c42/destinations/stage", WANTED)[1]
    assert second["effective_at"] == "2026-11-25T12:00:30Z"


def test_entity_tags_protect_from_lost_updates(gateway: Gateway) -> None:
    _, _, headers = gateway.request("PUT", PATH, WANTED)
    changed = WANTED | {"description": "new"}
    assert gateway.request("PUT", PATH, changed, headers={"if-match": headers["etag"]})[0] == 200
    assert gateway.request("PUT", PATH, WANTED, headers={"if-match": headers["etag"]})[0] == 412
    assert gateway.request("PUT", PATH, changed, headers={"if-none-match": "*"})[0] == 412
    assert gateway.request("PUT", PATH, changed, headers={"if-none-match": "x"})[0] == 400


def test_a_refusal_is_a_problem_with_a_code_and_a_field(gateway: Gateway) -> None:
    gateway.request("PUT", PATH, WANTED)
    status, problem, headers = gateway.request("PUT", PATH, WANTED | {"aws_account_id": "333333333333"})
    assert headers["content-type"] == "application/problem+json"
    assert problem == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "aws_account_id cannot change; delete the destination and create another.",
        "code": "immutable",
        "field": "aws_account_id",
        "request_id": "JKJaXmPLvHcESHA=",
    }
    assert status == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "aws_account_id"),
        (WANTED | {"aws_account_id": "1"}, "aws_account_id"),
        (WANTED | {"region": "x"}, "region"),
        (WANTED | {"detail_types": []}, "detail_types"),
        (WANTED | {"detail_types": "order.*"}, "detail_types"),
        (WANTED | {"metadata": {"a": 1}}, "metadata.a"),
        ("{", None),
        ("[]", None),
        ("[" * 50_000, "body"),
        (None, None),
    ],
)
def test_a_body_that_is_wrong_is_answered_422_with_its_field(gateway: Gateway, body: object, field: str | None) -> None:
    status, problem, _ = gateway.request("PUT", PATH, body)
    assert status == 422
    assert field in {None, problem["field"]}
    assert problem["code"] == "invalid"


def test_a_region_that_the_relay_cannot_use_is_answered_with_those_it_can(gateway: Gateway) -> None:
    status, problem, _ = gateway.request("PUT", PATH, WANTED | {"aws_region": "ap-south-1"})
    assert (status, problem["regions"]) == (422, ["us-east-1", "eu-west-1"])


def test_a_body_that_is_too_large_is_not_parsed(gateway: Gateway) -> None:
    assert gateway.request("PUT", PATH, "[" * (MAX_BODY_BYTES + 1))[0] == 413
    assert gateway.request("PUT", PATH, "1" * 5000)[0] == 422


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_body_that_is_no_json_is_answered_415(gateway: Gateway, content_type: str) -> None:
    status, problem, _ = gateway.request("PUT", PATH, WANTED, headers={"content-type": content_type})
    assert (status, problem["field"]) == (415, "Content-Type")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/c42/destinations/%2e%2e",
        "/v1/customers/%2e%2e/destinations/prod",
        "/v1/customers/c42%2Fdestinations%2Fprod/destinations/prod",
        "/v1/customers/c42/destinations/prod/",
        "/v1/customers//destinations/prod",
        "/V1/customers/c42/destinations/prod",
        "/v1/customers/c42/destinations/prod%00",
        "/openapi.json",
        "/",
    ],
)
def test_a_path_trick_reaches_no_destination(world: World, path: str) -> None:
    world.rows["c42", "prod"] = destination()
    status, problem, _ = Gateway(world.control).request("DELETE", path, query="discard=true")
    assert status in {404, 422}
    assert problem["status"] == status
    assert list(world.rows) == [("c42", "prod")]


def test_a_method_that_is_not_there_is_answered_404(gateway: Gateway) -> None:
    assert gateway.request("PATCH", PATH, WANTED)[0] == 404


def test_a_deletion_answers_204_and_the_destination_is_gone(gateway: Gateway) -> None:
    gateway.request("PUT", PATH, WANTED)
    assert gateway.request("DELETE", PATH)[0] == 204
    assert gateway.request("GET", PATH)[0] == 404


def test_pause_resume_release_and_ping(world: World) -> None:
    world.rows["c42", "prod"] = destination(replace(ACTIVE, settling_since=NOW))
    gateway = Gateway(world.control)
    assert gateway.request("POST", f"{PATH}/pause")[1]["status"] == "paused"
    assert gateway.request("POST", f"{PATH}/resume")[1]["status"] == "enabled"
    assert gateway.request("POST", f"{PATH}/release")[1]["holding"] is None
    assert gateway.request("POST", f"{PATH}/release", {"since": "2026-11-25T10:00:00Z"})[0] == 200
    assert gateway.request("POST", f"{PATH}/release", {"since": "2026-11-25T10:00:00"})[0] == 422
    assert gateway.request("POST", f"{PATH}/ping") == (
        200,
        {"event_id": "event-1"},
        {"content-type": "application/json"},
    )


def test_all_destinations_come_in_pages(world: World) -> None:
    for number in range(5):
        found = destination(customer=f"c{number}", id=f"i{number}", source=f"s{number}")
        world.rows[found.customer, found.name] = found
    gateway = Gateway(world.control)
    seen, query = [], "limit=2"
    while query:
        status, page, _ = gateway.request("GET", "/v1/destinations", query=query)
        assert status == 200
        seen += [found["customer"] for found in page["destinations"]]
        query = f"limit=2&next_token={page['next_token']}" if page["next_token"] else ""
    assert seen == ["c0", "c1", "c2", "c3", "c4"]


def test_destinations_are_found_by_the_status_of_their_source(world: World) -> None:
    world.rows["c42", "prod"] = destination()
    waiting = destination(SourceState(SourceStatus.PENDING), customer="c43", source="s")
    world.rows["c43", "prod"] = waiting
    page = Gateway(world.control).request("GET", "/v1/destinations", query="source_status=pending")[1]
    assert [found["customer"] for found in page["destinations"]] == ["c43"]


@pytest.mark.parametrize("partition", ["customer#c42", "access#c42", "source#us-east-1#aws.partner/acme.example/a"])
def test_a_page_begins_after_any_item_of_the_table(gateway: Gateway, partition: str) -> None:
    token = base64.urlsafe_b64encode(partition.encode()).decode()
    assert gateway.request("GET", "/v1/destinations", query=f"next_token={token}")[0] == 200


@pytest.mark.parametrize("token", ["x", "Li4=", "!", "YQ", "Y3VzdG9tZXIj", "%C3%A9", "%ED%A0%80"])
def test_a_token_of_no_page_is_refused(gateway: Gateway, token: str) -> None:
    assert gateway.request("GET", "/v1/destinations", query=f"next_token={token}")[0] == 422


def test_a_request_whose_caller_is_not_authenticated_is_refused(world: World) -> None:
    app = Gateway(world.control).app
    for iam in ({"userArn": ""}, {}, None):
        unsigned = event("PUT", PATH, json.dumps(WANTED), "", {})
        unsigned["requestContext"]["authorizer"] = {"iam": iam}
        assert api.resolve(app, unsigned, None)["statusCode"] == 403
    unsigned["requestContext"].pop("authorizer")
    assert api.resolve(app, unsigned, None)["statusCode"] == 403
    assert world.rows == {}


def test_the_committed_document_is_that_of_the_code() -> None:
    assert openapi.PAGE.read_text("utf-8") == openapi.document(), "python -m tools.openapi"


def test_the_document_is_valid_openapi_and_names_every_operation(gateway: Gateway) -> None:
    validate(gateway.document)
    operations = {
        operation["operationId"] for path in gateway.document["paths"].values() for operation in path.values()
    }
    assert operations == {
        "putDestination",
        "getDestination",
        "deleteDestination",
        "listDestinations",
        "listAllDestinations",
        "deleteCustomer",
        "pause",
        "resume",
        "release",
        "ping",
        "handover",
        "createLink",
        "revokeLinks",
    }
    assert "HTTPValidationError" not in json.dumps(gateway.document["paths"])


def test_what_cannot_be_reached_is_answered_503_and_the_same_request_is_safe(world: World) -> None:
    world.refusal = OSError("registry: ThrottlingException")
    gateway = Gateway(world.control)
    status, problem, _ = gateway.request("PUT", PATH, WANTED)
    assert (status, problem["code"]) == (503, "unavailable")
    assert "Throttling" not in problem["detail"]
    world.refusal = None
    assert gateway.request("PUT", PATH, WANTED)[0] == 200


@pytest.mark.parametrize("operation", ["ping", "release"])
def test_a_look_that_aws_refuses_is_a_problem_and_no_failure_of_ours(operation: str) -> None:
    world = World(destination(SourceState()))

    def look(_: Destination) -> tuple[Look, datetime]:
        raise SourceRefusedError("OperationDisabledException", "not enabled")

    gateway = Gateway(Control(replace(world.control.services, look=look), SETTINGS))
    status, problem, _ = gateway.request("POST", f"{PATH}/{operation}")
    assert (status, problem["code"]) == (422, "region-not-available")


@pytest.mark.parametrize("form", list(Form))
def test_the_hand_over_is_written_in_each_form(gateway: Gateway, world: World, form: Form) -> None:
    gateway.request("PUT", PATH, WANTED | {"detail_types": ["order.*"]})
    status, answer, _ = gateway.request("GET", f"{PATH}/handover", query=f"as={form}")
    assert (status, answer["text"]) == (200, render(world.control.get("c42", "prod"), form))


@pytest.mark.parametrize("query", ["", "as=pulumi"])
def test_a_hand_over_in_no_known_form_is_refused(gateway: Gateway, query: str) -> None:
    gateway.request("PUT", PATH, WANTED)
    status, problem, _ = gateway.request("GET", f"{PATH}/handover", query=query)
    assert (status, problem["field"]) == (422, "as")


def test_there_is_no_hand_over_of_what_does_not_exist(gateway: Gateway) -> None:
    assert gateway.request("GET", f"{PATH}/handover", query="as=cli")[0] == 404
