"""The deployed control API refuses whom it does not know, before its function is asked."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from relay_local.connections import control_url
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER
from tests.e2e.conftest import Relay

ALL = "/v1/destinations"
DESTINATION = "/v1/customers/c43/destinations/prod"


def call(
    relay: Relay,
    credentials: Credentials | None = None,
    method: str = "GET",
    path: str = ALL,
    sent: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Return status and body of a request that is signed if there are credentials. `sent` are headers beside that."""
    session = relay.session
    url = control_url(session.aws, session.stack) + path
    request = AWSRequest(method, url)
    if credentials:
        SigV4Auth(credentials, "execute-api", session.stack.region).add_auth(request)
    with session.aws.http() as client:
        answer = client.request(method, url, headers={**dict(request.headers), **(sent or {})})
    return answer.status_code, answer.json()


def caller(relay: Relay, resource: str) -> Credentials:
    """Return the credentials of a new user of the relay's account who may invoke `resource` of the control API."""
    iam, name = relay.client("iam"), uuid4().hex
    api_id = relay.session.stack.outputs["ControlUrl"].removeprefix("https://").partition(".")[0]
    arn = f"arn:aws:execute-api:{relay.session.stack.region}:{PARTNER}:{api_id}/{resource}"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer x"}, {"authorization": ""}])
def test_a_request_that_is_not_signed_is_forbidden(relay: Relay, sent: dict[str, str]) -> None:
    assert call(relay, sent=sent) == (403, {"message": "Forbidden"})


def test_a_request_that_is_wrongly_signed_is_forbidden(relay: Relay) -> None:
    key = caller(relay, "*/*/v1/*")
    assert call(relay, Credentials(key.access_key, "wrong")) == (403, {"message": "Forbidden"})


def test_another_account_is_forbidden(relay: Relay) -> None:
    assert call(relay, Credentials(CUSTOMER, "test")) == (403, {"message": "Forbidden"})


def test_who_may_look_changes_nothing(relay: Relay) -> None:
    """The policy is the one of docs/how-to/permissions.md."""
    reader = caller(relay, "*/GET/v1/*")
    assert call(relay, reader)[0] == httpx.codes.OK
    assert call(relay, reader, "POST", f"{DESTINATION}/pause") == (403, {"message": "Forbidden"})
    assert call(relay, reader, path=DESTINATION)[1]["status"] == "enabled"


def test_the_registry_names_who_changed_a_destination(relay: Relay) -> None:
    key = caller(relay, "*/*/v1/*")
    assert call(relay, key, "POST", f"{DESTINATION}/pause")[1]["status"] == "paused"
    status, resumed = call(relay, key, "POST", f"{DESTINATION}/resume")
    assert (status, resumed["status"]) == (200, "enabled")
    assert resumed["updated_by"].startswith(f"arn:aws:iam::{PARTNER}:user/")
