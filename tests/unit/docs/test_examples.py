"""What the documentation shows is accepted by the code."""

import json
import re
from pathlib import Path

import botocore.session
import hcl2
import pytest
from jmespath.functions import Functions

from partner_event_relay.template import BUCKET, PREFIX
from relay.http.request import Request
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.templates.functions import RelayFunctions
from relay.templates.template import compile_template
from relay.webhook import Webhook
from relay_local.emulator import faults
from tests.conftest import NOW, Load
from tools import architecture_page, senders_page

ROOT = Path(__file__).parents[3]
HEAD = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n'


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)


def test_the_routes_of_the_readme_and_the_reference_load(load: Load) -> None:
    [route] = blocks("README.md", "toml")
    assert load(HEAD + "[destinations]\n" + route).routes[0].name == "tickets"
    [reference] = blocks("docs/reference/relay-toml.md", "toml")
    assert load(reference).routes[0].event.each


EXAMPLES = list(
    zip(*(blocks("docs/how-to/mapping.md", language) for language in ("toml", "http", "json")), strict=True)
)


@pytest.mark.parametrize(("route", "request_text", "entries"), EXAMPLES)
def test_the_payloads_of_the_mapping_page_become_what_it_shows(
    load: Load, route: str, request_text: str, entries: str
) -> None:
    relay = load(HEAD + "[[route]]\n" + route)
    head, _, body = request_text.partition("\n\n")
    line, *lines = head.splitlines()
    headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in lines)}
    request = Request("POST", line.removeprefix("POST "), "", headers, body.encode(), "request-1")
    webhook = Webhook.unverified(relay.routes[0], request, {}, NOW)
    results = to_entries(parse_webhook(webhook), relay, lambda entry, _: entry)
    assert [entry.wire() | {"Detail": json.loads(entry.detail)} for entry in results] == json.loads(entries)


def test_there_are_six_payloads_on_the_mapping_page() -> None:
    assert len(EXAMPLES) == 6


CALLS = re.findall(
    r"^\| `(\w+\([^`]*)` \| .* \| `(.*)` \|$", (ROOT / "docs/how-to/mapping.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("call", "value"), CALLS)
def test_a_function_of_the_mapping_page_gives_what_it_shows(call: str, value: str) -> None:
    body = json.loads(EXAMPLES[-1][1].partition("\n\n")[2])
    assert compile_template(f"${{{call}}}", ["body"]).value({"body": body}) == json.loads(value)


def test_the_mapping_page_shows_every_function_of_the_relay() -> None:
    ours = RelayFunctions.FUNCTION_TABLE.keys() - Functions.FUNCTION_TABLE.keys()
    assert {call.partition("(")[0] for call, _ in CALLS} == ours


def test_the_picture_of_the_architecture_is_that_of_the_stack() -> None:
    written = architecture_page.PAGE.read_text("utf-8")
    assert written == architecture_page.page(), "run .venv/bin/python -m tools.architecture_page"


def test_the_page_of_the_senders_is_current() -> None:
    written = {path: path.read_text("utf-8") for path in (senders_page.PAGE, *senders_page.FOLDER.glob("*"))}
    assert written == senders_page.pages(), "run .venv/bin/python -m tools.senders_page"


def test_the_worked_example_of_a_sender_is_accepted(load: Load) -> None:
    [route] = blocks("docs/how-to/add-a-sender.md", "toml")
    assert load(HEAD + route).routes[0].name == "billing"


def test_the_route_of_the_first_tutorial_can_be_appended_to_the_shipped_file(load: Load) -> None:
    [route] = blocks("docs/tutorial/first-webhook.md", "toml")
    assert load((ROOT / "relay.toml").read_text("utf-8") + route).routes[-1].name == "tickets"


def test_the_policies_of_the_documentation_have_actions_that_exist() -> None:
    policies = [json.loads(block) for block in blocks("docs/how-to/permissions.md", "json")]
    statements = [statement for policy in policies for statement in policy["Statement"]]
    actions = re.findall(r"(\w+):(\w+)", json.dumps([statement["Action"] for statement in statements]))
    # execute-api has no operations, and listing a bucket's objects is another action than its operation.
    actions = [action for action in actions if action not in {("api", "Invoke"), ("s3", "ListBucket")}]
    assert len(actions) > 15
    session = botocore.session.get_session()
    for service, operation in actions:
        assert operation in session.get_service_model(service).operation_names


def test_the_faults_of_the_documentation_are_faults() -> None:
    [document] = blocks("docs/explanation/local-aws.md", "json")
    assert len(faults.parse(json.loads(document))) == 7


# https://registry.terraform.io/providers/hashicorp/aws/latest/docs
TERRAFORM = {
    "aws_s3_object": {"bucket", "key", "source"},
    "aws_cloudformation_stack": {"name", "template_url", "parameters", "capabilities"},
}


def test_the_terraform_of_the_install_page_uploads_every_file_and_deploys_the_template() -> None:
    [text] = blocks("docs/how-to/install.md", "terraform")
    resources = [
        (kind.strip('"'), block)
        for resource in hcl2.loads(text)["resource"]
        for kind, named in resource.items()
        for block in named.values()
    ]
    for kind, block in resources:
        arguments = {name for name in block if not name.startswith("__")} - {"for_each", "depends_on"}
        assert arguments == TERRAFORM[kind]
    [stack] = [block for kind, block in resources if kind == "aws_cloudformation_stack"]
    assert stack["parameters"].keys() == {BUCKET, PREFIX}
