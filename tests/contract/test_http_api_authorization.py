"""A route of an HTTP API with IAM authorization, on the local AWS: who gets through, and what the function is told."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from relay_local import process
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer"))}
"""
FORBIDDEN = (403, {"message": "Forbidden"})


@dataclass(frozen=True)
class Api:
    """An HTTP API whose only route, `ANY /v1/{proxy+}`, asks for IAM and answers what it was told of the caller."""

    aws: LocalAws
    id: str

    def grant(self, name: str, resource: str) -> Credentials:
        """Return the credentials of a new user who may invoke what `resource` says of this API."""
        iam = self.aws.client("iam", PARTNER, REGION)
        iam.create_user(UserName=name)
        arn = f"arn:aws:execute-api:{REGION}:{PARTNER}:{resource.format(api=self.id)}"
        iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=policy("execute-api:Invoke", arn))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def call(
        self,
        credentials: Credentials | None = None,
        *,
        method: str = "GET",
        path: str = "/v1/customers",
        service: str = "execute-api",
        region: str = REGION,
        sent: dict[str, str] | None = None,
        content: bytes = b"",
    ) -> tuple[int, Any]:
        """Return status and body. `sent` are headers, and `content` the body, that are sent but not signed."""
        url = f"{self.aws.url}/_aws/execute-api/{self.id}/$default{path}"
        request = AWSRequest(method, url)
        if credentials:
            SigV4Auth(credentials, service, region).add_auth(request)
        with self.aws.http() as client:
            headers = {**dict(request.headers), **(sent or {})}
            answer: httpx.Response = client.request(method, url, headers=headers, content=content)
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with process.run_emulator(region=REGION) as aws:
        role = create_role(aws, "echo", {"Service": "lambda.amazonaws.com"})
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as package:
            package.writestr("echo.py", ECHO)
        function = aws.client("lambda", PARTNER, REGION).create_function(
            FunctionName="echo",
            Runtime="python3.13",
            Handler="echo.handler",
            Role=role,
            Code={"ZipFile": code.getvalue()},
        )
        gateway = aws.client("apigatewayv2", PARTNER, REGION)
        api_id = gateway.create_api(Name="control", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function["FunctionArn"],
            PayloadFormatVersion="2.0",
        )
        gateway.create_route(
            ApiId=api_id,
            RouteKey="ANY /v1/{proxy+}",
            Target=f"integrations/{integration['IntegrationId']}",
            AuthorizationType="AWS_IAM",
        )
        gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
        yield Api(aws, api_id)


@pytest.fixture(scope="module")
def allowed(api: Api) -> Credentials:
    return api.grant("allowed", "{api}/*/*/v1/*")


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic eDp5", "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 x=y"])
def test_a_request_without_a_signature_is_forbidden_whatever_it_claims(api: Api, authorization: str) -> None:
    assert api.call(sent={"authorization": authorization}) == FORBIDDEN


def test_an_unsigned_request_is_forbidden(api: Api) -> None:
    assert api.call() == FORBIDDEN


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda key: {"credentials": Credentials(key.access_key, "wrong")}, id="secret"),
        pytest.param(lambda _: {"credentials": Credentials("AKIAAAAAAAAAAAAAAAAA", "unknown")}, id="unknown key"),
        pytest.param(lambda key: {"credentials": key, "service": "events"}, id="service"),
        pytest.param(lambda key: {"credentials": key, "region": "eu-west-1"}, id="region"),
        pytest.param(lambda key: {"credentials": key, "method": "PUT", "content": b"{}"}, id="body"),
        pytest.param(lambda key: {"credentials": key, "sent": {"X-Amz-Date": "20200101T000000Z"}}, id="date"),
    ],
)
def test_a_wrong_signature_is_forbidden(
    api: Api, allowed: Credentials, wrong: Callable[[Credentials], dict[str, Any]]
) -> None:
    assert api.call(**wrong(allowed)) == FORBIDDEN


def test_whom_no_policy_allows_this_api_is_forbidden(api: Api) -> None:
    assert api.call(api.grant("elsewhere", "abcdefghij/*")) == FORBIDDEN


def test_a_policy_for_one_method_allows_no_other(api: Api) -> None:
    reader = api.grant("reader", "{api}/*/GET/v1/*")
    assert api.call(reader)[0] == httpx.codes.OK
    assert api.call(reader, method="DELETE") == FORBIDDEN


def test_another_account_is_forbidden_even_its_root(api: Api) -> None:
    assert api.call(Credentials(CUSTOMER, "test")) == FORBIDDEN


def test_the_function_is_told_who_calls(api: Api, allowed: Credentials) -> None:
    status, authorizer = api.call(allowed)
    assert status == httpx.codes.OK
    caller = authorizer["iam"]
    assert caller["userArn"] == f"arn:aws:iam::{PARTNER}:user/allowed"
    assert (caller["accessKey"], caller["accountId"]) == (allowed.access_key, PARTNER)
    assert caller["userId"] == caller["callerId"] != ""


def test_a_caller_of_another_account_assumes_the_role_that_trusts_it(api: Api) -> None:
    role = create_role(api.aws, "caller", {"AWS": CUSTOMER})
    arn = f"arn:aws:execute-api:{REGION}:{PARTNER}:{api.id}/*/*/v1/*"
    api.aws.client("iam", PARTNER, REGION).put_role_policy(
        RoleName="caller", PolicyName="invoke", PolicyDocument=policy("execute-api:Invoke", arn)
    )
    sts = api.aws.client("sts", CUSTOMER, REGION)
    session = sts.assume_role(RoleArn=role, RoleSessionName="backend")["Credentials"]
    keys = (session["AccessKeyId"], session["SecretAccessKey"])
    status, authorizer = api.call(Credentials(*keys, session["SessionToken"]))
    assert status == httpx.codes.OK
    assert authorizer["iam"]["userArn"] == f"arn:aws:sts::{PARTNER}:assumed-role/caller/backend"
    assert api.call(Credentials(*keys)) == FORBIDDEN


def test_what_no_route_matches_is_not_found_for_everybody(api: Api, allowed: Credentials) -> None:
    missing = (404, {"message": "Not Found"})
    assert api.call(path="/v2/customers") == missing
    assert api.call(allowed, path="/v2/customers") == missing


def create_role(aws: LocalAws, name: str, principal: dict[str, str]) -> str:
    """Return the ARN of a new role in the partner's account that `principal` may assume."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    created = aws.client("iam", PARTNER, REGION).create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    arn: str = created["Role"]["Arn"]
    return arn


def policy(action: str, resource: str) -> str:
    """Return a policy document that allows one action on one resource."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
