"""Who may create, delete and look at partner event sources, on the local AWS with IAM.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from relay_local import process
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION

OURS = "aws.partner/acme.example/c42/prod-abc123"
FOREIGN = "aws.partner/other.example/c42/prod-abc123"
OF_ONE_SOURCE = {
    "CreatePartnerEventSource": lambda events, name: events.create_partner_event_source(Name=name, Account=CUSTOMER),
    "ListPartnerEventSourceAccounts": lambda events, name: events.list_partner_event_source_accounts(
        EventSourceName=name
    ),
    "DeletePartnerEventSource": lambda events, name: events.delete_partner_event_source(Name=name, Account=CUSTOMER),
}

Allow = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with process.run_emulator(region=REGION) as aws:
        partner = aws.client("events", PARTNER, REGION)
        for name in (OURS, FOREIGN):
            partner.create_partner_event_source(Name=name, Account=CUSTOMER)
        yield aws


@pytest.fixture
def allow(aws: LocalAws) -> Allow:
    """Return the client of a new user whose only permission is one action on one resource."""

    def client(action: str, resource: str) -> Any:
        iam, name = aws.client("iam", PARTNER, REGION), uuid4().hex
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": f"events:{action}", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="one", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
        return session.client("events", endpoint_url=aws.url, verify=str(aws.ca_bundle))

    return client


@pytest.mark.parametrize(
    "action", ["ListPartnerEventSourceAccounts", "CreatePartnerEventSource", "DeletePartnerEventSource"]
)
def test_a_permission_for_one_partners_sources_is_none_for_anothers(allow: Allow, action: str) -> None:
    events = allow(action, f"arn:aws:events:{REGION}::event-source/aws.partner/acme.example/*")
    name = OURS if action == "ListPartnerEventSourceAccounts" else f"{OURS}-new"  # deleting none is no error
    OF_ONE_SOURCE[action](events, name)
    with pytest.raises(ClientError, match="AccessDenied"):
        OF_ONE_SOURCE[action](events, FOREIGN)


def test_a_permission_in_one_region_is_none_in_another(allow: Allow) -> None:
    events = allow("CreatePartnerEventSource", "arn:aws:events:eu-west-1::event-source/*")
    with pytest.raises(ClientError, match="AccessDenied"):
        events.create_partner_event_source(Name=f"{OURS}-elsewhere", Account=CUSTOMER)


@pytest.mark.parametrize("action", sorted(OF_ONE_SOURCE))
def test_a_permission_for_another_operation_is_not_enough(allow: Allow, action: str) -> None:
    events = allow("DescribePartnerEventSource", "*")
    with pytest.raises(ClientError, match="AccessDenied"):
        OF_ONE_SOURCE[action](events, FOREIGN)


def test_listing_all_sources_is_permitted_for_every_resource_or_not_at_all(allow: Allow) -> None:
    events = allow("ListPartnerEventSources", "*")
    listed = events.list_partner_event_sources(NamePrefix="aws.partner/other.example")["PartnerEventSources"]
    assert [source["Name"] for source in listed] == [FOREIGN]


def test_listing_all_sources_cannot_be_permitted_for_one_source(allow: Allow) -> None:
    events = allow("ListPartnerEventSources", f"arn:aws:events:{REGION}::event-source/aws.partner/acme.example/*")
    with pytest.raises(ClientError, match="AccessDenied"):
        events.list_partner_event_sources(NamePrefix="aws.partner/acme.example")
