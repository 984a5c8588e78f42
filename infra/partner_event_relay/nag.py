"""The findings of cdk-nag that do not apply, each with its reason. Elsewhere in `infra` there is none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from partner_event_relay.archive import Archive
from partner_event_relay.destinations.destinations import CustomerDestinations
from partner_event_relay.secrets import wildcard_name
from relay.archive import keys
from relay.config.model import Config

_FUNCTIONS = (
    "Ingest",
    "Redeliver",
    "SourceHealth",
    "Destinations/Control",
    "Destinations/Page",
    "Destinations/Reconciler",
    "Destinations/Releaser",
)
_PYTHON = "Python 3.13 is supported until June 2029 and is what the tests can run."
_TRACING = "Tracing is a choice of the stage (`tracing`): a trace says no more than the log and the metrics do."
_NO_RESOURCE = (
    "The actions of X-Ray, events:PutPartnerEvents and events:ListPartnerEventSources have no resource; where a Region"
    " or a partner can bound them, it does."
)
_SIGNED = "Webhooks carry their sender's signature, and the function verifies it before anything else."
_SYNCHRONOUS = "It is invoked synchronously, and stores what it cannot deliver in the queues itself."
_REPEATED = "A message only names a destination, and the reconciler sends it again every minute."
_MANAGED_POLICY = "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{}]"


@dataclass(frozen=True)
class Suppression:
    """A rule of cdk-nag that does not apply to a construct and what is in it; `path` is relative to the relay."""

    path: str
    rule: str
    reason: str


SUPPRESSIONS = (
    *(
        Suppression(f"{function}/{path}", rule, reason)
        for function in _FUNCTIONS
        for path, rule, reason in (
            (
                "Role",
                "AwsSolutions-IAM5[Resource::*]",
                _NO_RESOURCE,
            ),
            ("Function", "AwsSolutions-L1", _PYTHON),
            ("Function", "Serverless-LambdaTracing", _TRACING),
            ("Function", "Serverless-LambdaLatestVersion", _PYTHON),
            (
                "Function",
                "Serverless-LambdaDefaultMemorySize",
                "512 MB is set on purpose: four times the default share of a processor.",
            ),
            ("Function", "Serverless-LambdaDLQ", _SYNCHRONOUS),
            (
                "Function",
                "Serverless-LambdaAsyncFailureDestination",
                "It is invoked synchronously, or runs again by its schedule.",
            ),
        )
    ),
    *(
        Suppression(
            f"Redeliver/{queue}",
            "Serverless-LambdaEventSourceMappingDestination",
            "SQS has no failure destinations: the queue has a dead-letter queue of its own.",
        )
        for queue in ("RetryQueue", "DeliveryQueue")
    ),
    Suppression(
        "SourceHealth/Hourly", "Serverless-EventBusDLQ", "A failed check is repeated in an hour, and is an alarm."
    ),
    Suppression(
        "Destinations/ReleaseRequests",
        "Serverless-LambdaEventSourceMappingDestination",
        "SQS has no failure destinations, and the reconciler sends each message again.",
    ),
    Suppression(
        "Destinations/EveryMinute",
        "Serverless-EventBusDLQ",
        "A failed run is repeated in a minute, and silence is an alarm.",
    ),
    Suppression("Destinations/Stores/ReleaseQueue", "AwsSolutions-SQS3", _REPEATED),
    Suppression("Destinations/Stores/ReleaseQueue", "Serverless-SQSRedrivePolicy", _REPEATED),
    Suppression(
        "Destinations/Stores/Held",
        "AwsSolutions-S1",
        "Only the functions read it; CloudTrail data events say who did, where that is wanted.",
    ),
    Suppression(
        "Archive/Bucket",
        "AwsSolutions-S1",
        "Only functions and operators read it; CloudTrail data events say who did, where that is wanted.",
    ),
    Suppression(
        "Destinations/ControlApi/Api",
        "AwsSolutions-APIG4",
        "Only the paths of the customers' page ask nobody: a session's token is not AWS's, and the function reads it.",
    ),
    Suppression(
        "Destinations/PageKey",
        "AwsSolutions-SMG4",
        "It never leaves AWS, and a rotation ends sessions: docs/how-to/rotate-secrets.md.",
    ),
    Suppression(
        "Destinations/Reconciler/Live", "Serverless-LambdaAsyncFailureDestination", "The next minute's run does it."
    ),
    Suppression(
        "Ingest/SeenWebhooks",
        "AwsSolutions-DDB3",
        "Without the table a webhook may be delivered twice for a day; there is nothing in it to restore.",
    ),
    Suppression(
        "Ingest/Secrets",
        "AwsSolutions-SMG4",
        "The sender has to change it at the same moment: docs/how-to/rotate-secrets.md.",
    ),
    Suppression(
        "Queues/DeadLetters", "Serverless-SQSRedrivePolicy", "This is the dead-letter queue; a person redrives it."
    ),
    Suppression(
        "Queues/Overflow",
        "AwsSolutions-S1",
        "Only the functions read it; CloudTrail data events say who did, where that is wanted.",
    ),
    Suppression("Front", "AwsSolutions-APIG2", "The function validates the body and answers 400, in one form."),
    Suppression("Front", "AwsSolutions-APIG4", _SIGNED),
    Suppression(
        "Front",
        "AwsSolutions-APIG6",
        "The access log has a line for each request; execution logs would have bodies and signatures.",
    ),
    Suppression("Front", "Serverless-APIGWXrayEnabled", _TRACING),
    Suppression("Front", "AwsSolutions-COG4", "Senders are not users of a user pool: they sign."),
    Suppression(
        "Front",
        _MANAGED_POLICY.format("AmazonAPIGatewayPushToCloudWatchLogs"),
        "This AWS managed policy is exactly what API Gateway needs to write logs.",
    ),
    Suppression(
        "Monitoring/Alarms",
        "Serverless-SNSRedrivePolicy",
        "Alarms are visible in CloudWatch as well; an email subscription has no queue.",
    ),
    Suppression(
        "Monitoring/Alarms",
        "AwsSolutions-SNS2",
        "CloudWatch publishes names and thresholds of alarms, and nothing of a webhook.",
    ),
    Suppression(
        "Canary/Group",
        _MANAGED_POLICY.format("AWSCodeDeployRoleForLambdaLimited"),
        "This AWS managed policy is exactly what CodeDeploy needs to move the alias.",
    ),
)


def suppress(
    relay: Construct,
    config: Config,
    overflow: s3.Bucket,
    destinations: CustomerDestinations | None = None,
    archive: Archive | None = None,
) -> None:
    """Record the suppressions in the relay. Those of constructs that this relay does not have are skipped."""
    wildcards = [*_wildcards(config, _logical_id(overflow))]
    if destinations:
        wildcards += _wildcards_of_destinations(config, _logical_id(overflow), destinations)
    if archive:
        wildcards += _wildcards_of_archive(_logical_id(archive.bucket))
    for suppression in (*SUPPRESSIONS, *wildcards):
        if construct := _descendant(relay, suppression.path):
            pack = suppression.rule.partition("-")[0]
            acknowledgment = cdk.Acknowledgment(id=f"{pack}::{suppression.rule}", reason=suppression.reason)
            cdk.Validations.of(construct).acknowledge(acknowledgment)


def _wildcards(config: Config, overflow: str) -> Iterator[Suppression]:
    """Yield a suppression for each resource with a `*` that a role may use, as cdk-nag spells it."""
    for function in ("Ingest", "Redeliver"):
        for prefix in ("overflow", "claims"):
            resource = f"<{overflow}.Arn>/{prefix}/*"
            yield _wildcard(f"{function}/Role", resource, "The function chooses the keys; the prefix is its own.")
    for region in config.regions:
        resource = f"arn:<AWS::Partition>:events:{region}::event-source/{config.partner}/*"
        yield _wildcard("SourceHealth/Role", resource, "It checks every event source of this partner.")
    reason = "Each customer has a secret of their own, and the request says which."
    for ref in sorted(set().union(*(route.secrets() for route in config.routes))):
        service, kind = ("ssm", "parameter/") if ref.is_parameter else ("secretsmanager", "secret:")
        if wildcard := wildcard_name(ref):
            resource = f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{kind}{wildcard}"
            yield _wildcard("Ingest", resource, reason)


def _wildcards_of_destinations(
    config: Config, overflow: str, destinations: CustomerDestinations
) -> Iterator[Suppression]:
    held = _logical_id(destinations.stores.bucket)
    for function in ("Ingest", "Redeliver", *(f"Destinations/{name}" for name in destinations.functions)):
        for prefix in ("held", "released"):
            yield _wildcard(f"{function}/Role", f"<{held}.Arn>/{prefix}/*", "The keys are those of all customers.")
    for prefix in ("overflow", "claims"):
        reason = "The function chooses the keys; the prefix is its own."
        yield _wildcard("Destinations/Releaser/Role", f"<{overflow}.Arn>/{prefix}/*", reason)
    for region in config.regions:
        resource = f"arn:<AWS::Partition>:events:{region}::event-source/{config.partner}/*"
        for name in ("Control", "Page", "Reconciler"):
            yield _wildcard(f"Destinations/{name}/Role", resource, "It looks after every event source of this partner.")
    if destinations.api.role:
        api = cdk.Stack.of(destinations).resolve(destinations.api.api_id)["Ref"]
        resource = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>/*/*/v1/*"
        reason = "A caller may use every operation of the control API, and no other API."
        yield _wildcard("Destinations/ControlApi/Callers", resource, reason)


def _wildcards_of_archive(bucket: str) -> Iterator[Suppression]:
    for prefix in (keys.LATE, keys.LARGE):
        yield _wildcard("Ingest/Role", f"<{bucket}.Arn>/{prefix}*", "A webhook has a key of its own.")
    yield _wildcard("Destinations/Releaser/Role", f"<{bucket}.Arn>/{keys.ROOT}*", "Firehose chooses the names.")
    yield _wildcard("Archive/Role", f"<{bucket}.Arn>/*", "Firehose chooses the names of its objects.")


def _logical_id(bucket: s3.Bucket) -> str:
    cfn_bucket = cast("s3.CfnBucket", bucket.node.default_child)
    return str(cdk.Stack.of(bucket).resolve(cfn_bucket.logical_id))


def _wildcard(path: str, resource: str, reason: str) -> Suppression:
    return Suppression(path, f"AwsSolutions-IAM5[Resource::{resource}]", reason)


def _descendant(relay: Construct, path: str) -> Construct | None:
    construct: Construct | None = relay
    for construct_id in path.split("/"):
        construct = construct and _child(construct, construct_id)
    return construct


def _child(construct: Construct, construct_id: str) -> Construct | None:
    """Return the child of this id, of the construct or of its child "Default", which no path names."""
    default = construct.node.try_find_child("Default")
    child = construct.node.try_find_child(construct_id) or (default and default.node.try_find_child(construct_id))
    return child if isinstance(child, Construct) else None
