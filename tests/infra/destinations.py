"""The stack of a relay.toml with `[destinations]`, and what its roles have in common."""

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import HERE, RELAY_TOML, synthesise

CALLER = "arn:aws:iam::333333333333:role/backend"
TOML = (
    RELAY_TOML
    + f"""
[[route]]
name = "customers"
path = "/customers"
auth = {{ scheme = "standard-webhooks", secret = "acme/customers" }}
customer = "${{body.customer}}"
event = {{ detail_type = "a" }}
[destinations]
callers = ["{CALLER}"]
[notify]
bus = "default"
"""
)
TABLE, HELD, QUEUE = "<DestinationsStoresTable>", "<DestinationsStoresHeld>", "<DestinationsStoresReleaseQueue>"
SOURCES = {
    f"arn:${{AWS::Partition}}:events:{region}::event-source/aws.partner/acme.example/*"
    for region in ("us-east-1", "eu-west-1")
}
NOTIFY = {"events:PutEvents": {f"arn:${{AWS::Partition}}:events:{HERE}:event-bus/default"}}
CHANGE = {f"dynamodb:{verb}Item": {TABLE} for verb in ("Put", "Update", "Delete")}
MANAGE = {
    "events:CreatePartnerEventSource": SOURCES,
    "events:DeletePartnerEventSource": SOURCES,
    "events:ListPartnerEventSourceAccounts": SOURCES,
    "s3:ListBucket": {HELD},
    "s3:DeleteObject": {f"{HELD}/held/*", f"{HELD}/released/*"},
    "sqs:SendMessage": {QUEUE},
}


@pytest.fixture(scope="module", params=["http", "rest"])
def with_destinations(request: pytest.FixtureRequest) -> Template:
    return synthesise(TOML, front=request.param)


def logs(function: str) -> dict[str, set[str]]:
    return {
        "logs:CreateLogStream": {f"<Destinations{function}Log>"},
        "logs:PutLogEvents": {f"<Destinations{function}Log>"},
    }
