"""The relay's own stack on the local AWS, and the references as functions behind an HTTP API of their own there."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.events import SECRET
from bench.measuring import RELAY, RELAY_TOML, Bench
from relay_local import deploy
from relay_local.deploy import Customer, Stack, drain
from relay_local.process import PARTNER, ROOT, LocalAws, run_emulator
from tools.load import webhooks
from tools.load.generator import Target
from tools.load.ledger import Tally

REGION = "us-east-1"
SOURCE, SECRET_NAME = "aws.partner/acme.example/bench", "bench/github"
MEMORY, TIMEOUT = 512, 29
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOWED = {"Effect": "Allow", "Action": ["events:PutPartnerEvents", "secretsmanager:GetSecretValue"], "Resource": "*"}


@dataclass(frozen=True)
class LocalStack:
    """What is deployed: where each variant takes webhooks, the customer, and the relay's queues."""

    targets: dict[str, Target]
    aws: LocalAws
    stack: Stack
    customer: Customer

    def receive(self, arrived: Tally) -> None:
        """Count what has arrived at the customer."""
        for event in self.customer.received():
            arrived.add(int(event["detail"]["load_id"]))

    def kept(self) -> Tally:
        """Return what waits in the relay's queues."""
        sqs, waiting = self.aws.client("sqs", PARTNER, REGION), Tally()
        for url in (self.stack.retry_queue_url, self.stack.dead_letter_queue_url):
            for message in drain(sqs, url):
                waiting.add(webhooks.number_of(json.loads(message["Body"])["entry"]["Detail"].encode()))
        return waiting


@contextmanager
def deployed(bench: Bench, references: Sequence[str]) -> Iterator[LocalStack]:
    """Deploy the relay with `cdk deploy` and the references beside it, until the block ends. Raise LocalAwsError."""
    with run_emulator(region=REGION) as aws:
        deploy.bootstrap(aws, REGION)
        stack = deploy.deploy(aws, REGION, RELAY_TOML)
        deploy.put_secrets(aws, REGION, {SECRET_NAME: SECRET})
        aws.client("secretsmanager", PARTNER, REGION).create_secret(Name=SECRET_NAME, SecretString=SECRET)
        customer = Customer(aws, REGION)
        customer.subscribe([SOURCE])
        bases = {RELAY: stack.base_path} | {name: deploy_reference(aws, bench.package, name) for name in references}
        trust = aws.ssl_context()
        targets = {name: Target(f"{aws.url}{base}{webhooks.PATH}", trust) for name, base in bases.items()}
        yield LocalStack(targets, aws, stack, customer)


def deploy_reference(aws: LocalAws, package: Path, reference: str) -> str:
    """Deploy a reference with boto3 and an HTTP API; return where the emulator serves it."""
    iam, functions, apis = (aws.client(service, PARTNER, REGION) for service in ("iam", "lambda", "apigatewayv2"))
    policy = {"Version": "2012-10-17", "Statement": [TRUST]}
    role = iam.create_role(RoleName=reference, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
    iam.put_role_policy(RoleName=reference, PolicyName="put", PolicyDocument=document)
    function = functions.create_function(
        FunctionName=reference,
        Runtime="python3.13",
        Role=role,
        Handler=f"{reference}.handler",
        Code={"ZipFile": _zip(package, reference)},
        MemorySize=MEMORY,
        Timeout=TIMEOUT,
    )["FunctionArn"]
    api: str = apis.create_api(Name=reference, ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    apis.create_route(ApiId=api, RouteKey=f"POST {webhooks.PATH}", Target=f"integrations/{integration}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    functions.add_permission(
        FunctionName=reference, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return f"/_aws/execute-api/{api}/$default"


def _zip(package: Path, reference: str) -> bytes:
    """Return a package of the reference with the libraries of the relay's own, boto3 among them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(ROOT / "bench" / "references" / f"{reference}.py", f"{reference}.py")
        for path in sorted(package.rglob("*")):
            if path.is_file() and path.relative_to(package).parts[0] != "relay":
                archive.write(path, path.relative_to(package))
    return content.getvalue()
