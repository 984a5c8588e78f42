"""The stages and what differs between them. The context of the CDK chooses one and may override its values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from partner_event_relay.capacity import Quotas
from partner_event_relay.errors import RelayError
from relay.config import stage_names


class StageError(RelayError):
    """The stage cannot be used; the message says why."""


HTTP, REST, URL = "http", "rest", "url"
FRONTS = (HTTP, REST, URL)


@dataclass(frozen=True)
class Stage:
    """Everything that one stage may have different from another. Each field but `name` is a key of cdk.json's `stages`.

    `retain`: queues, bucket and logs outlive the stack, which is protected from deletion. `canary`: a new version gets
    a tenth of the webhooks for ten minutes, and is rolled back if it fails. `snap_start`: versions of the ingest
    function start from a snapshot, in Regions that have SnapStart. `log_days` is the retention of every log.
    `rate_per_second` and `burst` throttle all senders together, `route_rate_per_second` each route; 0 is what the
    account's quotas carry, which `concurrency_quota`, `api_rate_quota`, `api_burst_quota` and `put_quota` state (see
    capacity.py).
    With `tracing` X-Ray has a sample of the functions' calls, and of a REST API's requests. With `lambda_reports`
    Lambda writes its own lines START, END and REPORT about every call, and not only about what failed.
    `reserved_concurrency` limits how many webhooks are handled at once, and keeps a flood from the account's other
    functions; 0 leaves them the account's concurrency. `alarm_email` is subscribed to the alarms.

    `generate_secrets`: the stack creates the routes' secrets. `kms_key_arn` encrypts what is in Secrets Manager.
    `front` is `http`, `rest` for a REST API behind AWS WAF, or `url` for the function's own URL, which has no throttle
    but `reserved_concurrency` and no domain. `firewall` is off only for the local AWS, which has no WAF. For a REST
    API, `requests_per_address` is what WAF lets through from one address in five minutes (0: what one route may
    receive), and with `cloudwatch_role` the stack sets the role that API Gateway writes logs with, which is one
    setting for the whole account and Region. `domain` with `certificate_arn` is the custom domain, and then the only
    way in; with `truststore` (an s3:// URL of certificates in PEM) senders need a client certificate.
    """

    name: str
    retain: bool
    canary: bool
    snap_start: bool
    log_days: int
    rate_per_second: int = 0
    burst: int = 0
    route_rate_per_second: int = 0
    concurrency_quota: int = Quotas().concurrency
    api_rate_quota: int = Quotas().api_rate
    api_burst_quota: int = Quotas().api_burst
    put_quota: int = Quotas().puts
    tracing: bool = False
    lambda_reports: bool = False
    reserved_concurrency: int = 0
    alarm_email: str = ""
    generate_secrets: bool = False
    kms_key_arn: str = ""
    front: str = HTTP
    firewall: bool = True
    requests_per_address: int = 0
    cloudwatch_role: bool = True
    domain: str = ""
    certificate_arn: str = ""
    truststore: str = ""

    @property
    def stack_name(self) -> str:
        """Return the name of this stage's stack; production has the plain name."""
        return stage_names.stack_name(self.name)

    @property
    def secret_prefix(self) -> str:
        """Return the prefix of the names of this stage's secrets."""
        return stage_names.secret_prefix(self.name)

    @property
    def quotas(self) -> Quotas:
        """Return the account's quotas."""
        return Quotas(self.concurrency_quota, self.api_rate_quota, self.api_burst_quota, self.put_quota)

    @property
    def removal_policy(self) -> cdk.RemovalPolicy:
        """Return what happens to resources that hold events or logs when the stack is deleted."""
        return cdk.RemovalPolicy.RETAIN if self.retain else cdk.RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> logs.RetentionDays:
        """Return `log_days` as CloudWatch Logs names it."""
        return _RETENTION[self.log_days]


DEV = Stage(
    name="dev",
    retain=False,
    canary=False,
    snap_start=False,
    log_days=7,
    rate_per_second=100,
    burst=200,
    route_rate_per_second=50,
)
PROD = Stage(
    name="prod",
    retain=True,
    canary=True,
    snap_start=True,
    log_days=90,
)
STAGES = {stage.name: stage for stage in (DEV, PROD)}

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}

# What AWS would refuse in the middle of a deployment, or accept and ignore. An empty text means that it is not set.
_TEXTS = {
    "alarm_email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an email address"),
    "certificate_arn": (r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/\S+", "the ARN of an ACM certificate"),
    "domain": (r"([a-z0-9-]+\.)+[a-z0-9-]+", "a host name"),
    # https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
    "kms_key_arn": (
        r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        "the ARN of a KMS key (not of an alias, because a policy cannot name one)",
    ),
    "truststore": (r"s3://[a-z0-9.-]+/\S+", "s3://BUCKET/KEY"),
}
_MINIMUM = {
    "rate_per_second": 0,
    "burst": 0,
    "route_rate_per_second": 0,
    "concurrency_quota": 1,
    "api_rate_quota": 1,
    "api_burst_quota": 1,
    "put_quota": 1,
    "reserved_concurrency": 0,
}
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
_ADDRESS_LIMITS = range(10, 2_000_000_001)


def from_context(scope: Construct, name: str | None = None) -> Stage:
    """Return the stage of this name, or the one that the CDK's context `stage` names, else `prod`.

    `stages` in the context overrides its values, and `front` its front. Raise StageError if it cannot be used.
    """
    context = scope.node.try_get_context
    stage = choose(name or context("stage") or PROD.name, context("stages"), context("front"))
    # The local AWS has neither.
    return replace(stage, firewall=False, cloudwatch_role=False) if is_local(scope) else stage


def is_local(scope: Construct) -> bool:
    """Return whether the CDK's context says `target=local`: the functions will run on this machine."""
    return bool(scope.node.try_get_context("target") == "local")


def choose(name: str, overrides: Mapping[str, Any] | None = None, front: str | None = None) -> Stage:
    """Return the stage of this name.

    `overrides` is `stages` of cdk.json: for each stage, the values that are not those of `DEV` or `PROD`. A stage of
    any other name starts from the values of `PROD`. `front` replaces the stage's own.

    Raise StageError if there is no such stage or a value cannot be used.
    """
    overrides = overrides or {}
    if name not in {*STAGES, *overrides}:
        raise StageError(f'cdk.json: there is no stage "{name}"; expected one of {", ".join({**STAGES, **overrides})}')
    if problem := stage_names.problem(name):
        raise StageError(f'cdk.json: stage "{name}": {problem}')
    values = {**overrides.get(name, {}), **({"front": front} if front else {})}
    if problem := _problem(values):
        raise StageError(f'cdk.json: stage "{name}": {problem}')
    stage = replace(STAGES.get(name, PROD), name=name, **values)
    if bool(stage.domain) != bool(stage.certificate_arn) or (stage.truststore and not stage.domain):
        raise StageError(
            f'cdk.json: stage "{name}": expected domain and certificate_arn together, and truststore only with them'
        )
    if stage.front == URL and stage.domain:
        raise StageError(f'cdk.json: stage "{name}": front: expected {HTTP} or {REST} with a domain, got "{URL}"')
    return stage


def _problem(values: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the overridden values of a stage, or None."""
    types = {field.name: field.type for field in fields(Stage) if field.name != "name"}
    if unknown := values.keys() - types.keys():
        return f'unknown key "{min(unknown)}"; expected {", ".join(types)}'
    for key, value in values.items():
        if expected := _expected(types[key], key, value):
            return f"{key}: expected {expected}, got {json.dumps(value)}"
    return None


def _expected(kind: object, key: str, value: object) -> str | None:
    """Return what was expected instead of this value, or None. Python would take "false" for true, and true for 1."""
    if type(value) is not kind:
        return "true or false" if kind is bool else "a whole number" if kind is int else "text"
    if isinstance(value, int):
        return _expected_number(key, value)
    if key == "front" and value not in FRONTS:
        return f"one of {', '.join(FRONTS)}"
    if value and key in _TEXTS:
        pattern, expected = _TEXTS[key]
        return None if re.fullmatch(pattern, str(value)) else expected
    return None


def _expected_number(key: str, value: int) -> str | None:
    if key == "log_days" and value not in _RETENTION:
        return f"one of {', '.join(map(str, _RETENTION))}"
    if key == "requests_per_address" and value and value not in _ADDRESS_LIMITS:
        return f"0, or {_ADDRESS_LIMITS.start} to {_ADDRESS_LIMITS.stop - 1}"
    minimum = _MINIMUM.get(key, value)
    return f"at least {minimum}" if value < minimum else None
