"""What differs between stages: data, in cdk.json's context. `--context stage=prod` chooses one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_logs as logs

from relay.config import stage_names


class StageError(ValueError):
    """The stage cannot be used; it says why."""


HTTP, REST = "http", "rest"
_WINDOW_SECONDS = 300


@dataclass(frozen=True)
class Stage:
    """`stages.NAME` of the context.

    `retain`: queues, bucket and logs outlive the stack, which is protected from deletion. `canary`: a new version gets
    a tenth of the webhooks for ten minutes, and none if it fails. `snap_start`: versions of the ingest function start
    from a snapshot, where the Region has that. `rate_per_second` and `burst` are for all senders together,
    `route_rate_per_second` for each route. `reserved_concurrency` is how many webhooks are handled at once, and keeps
    a flood from the account's other functions; 0 leaves them the account's concurrency. `alarm_email` gets the alarms.

    `generate_secrets`: the stack makes the routes' secrets; `kms_key_arn` encrypts what Secrets Manager has of them.
    `front` is `http`, or `rest` for a REST API behind AWS WAF (the local AWS has no `firewall`). For a REST API,
    `requests_per_address` is what WAF lets through of one address in five minutes (0: what one route may receive), and
    with `cloudwatch_role` the stack gives API Gateway its role for logs, one setting for the whole account and Region.
    `domain` with `certificate_arn` is the custom domain, and then the only way in; with `truststore` (an s3:// URL of
    certificates in PEM) senders have to show a certificate.
    """

    name: str
    retain: bool
    canary: bool
    snap_start: bool
    log_days: int
    rate_per_second: int
    burst: int
    route_rate_per_second: int
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
        """Return how the names of this stage's secrets begin."""
        return stage_names.secret_prefix(self.name)

    @property
    def address_limit(self) -> int:
        """Return the requests that WAF lets through of one address in five minutes."""
        return self.requests_per_address or _WINDOW_SECONDS * self.route_rate_per_second

    @property
    def removal_policy(self) -> cdk.RemovalPolicy:
        """What becomes of what holds events or logs when the stack goes."""
        return cdk.RemovalPolicy.RETAIN if self.retain else cdk.RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> logs.RetentionDays:
        """As CloudWatch Logs names it."""
        return _RETENTION[self.log_days]


_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


# What AWS would refuse in the middle of a deployment, or take and give no meaning. An empty text is none at all.
_TEXTS = {
    "alarm_email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address"),
    "certificate_arn": (r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/\S+", "the ARN of a certificate of ACM"),
    "domain": (r"([a-z0-9-]+\.)+[a-z0-9-]+", "the name of a host"),
    # https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
    "kms_key_arn": (
        r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        "the ARN of a key (not of an alias, which a policy cannot name)",
    ),
    "truststore": (r"s3://[a-z0-9.-]+/\S+", "s3://BUCKET/KEY"),
}
_AT_LEAST = {"rate_per_second": 1, "burst": 1, "route_rate_per_second": 1, "reserved_concurrency": 0}
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
_ADDRESS_LIMIT = range(10, 2_000_000_001)


def _expected(kind: object, key: str, value: object) -> str | None:
    """Return what was expected of the value of a key, or None. `"false"` would be true, and `true` one."""
    if type(value) is not kind:
        return {bool: "true or false", int: "a whole number"}.get(kind, "text")  # type: ignore[call-overload, no-any-return]
    if isinstance(value, int):
        if value < (least := _AT_LEAST.get(key, value)):
            return f"at least {least}"
        if key == "requests_per_address" and value and value not in _ADDRESS_LIMIT:
            return f"0, or {_ADDRESS_LIMIT.start} to {_ADDRESS_LIMIT.stop - 1}"
    if isinstance(value, str) and value and key in _TEXTS:
        pattern, expected = _TEXTS[key]
        return None if re.fullmatch(pattern, value) else expected
    return None


def read(stages: Mapping[str, Any] | None, name: str, front: str | None = None) -> Stage:
    """The stage, with another front if one is given.

    Raises StageError, which says what was expected, if there is no such stage or it is not one.
    """
    if not stages or name not in stages:
        raise StageError(f'cdk.json: there is no stage "{name}"; expected one of {", ".join(stages or {})}')
    if problem := stage_names.problem(name):
        raise StageError(f'cdk.json: stage "{name}": {problem}')
    values = stages[name]
    known = {field.name: field for field in fields(Stage) if field.name != "name"}
    if unknown := values.keys() - known.keys():
        raise StageError(f'cdk.json: stage "{name}": unknown key "{min(unknown)}"; expected {", ".join(known)}')
    try:
        stage = Stage(name=name, **({**values, "front": front} if front else values))
    except TypeError as error:
        raise StageError(f'cdk.json: stage "{name}": {error}') from error
    for key, value in values.items():
        if expected := _expected(known[key].type, key, value):
            raise StageError(f'cdk.json: stage "{name}": {key}: expected {expected}, got {json.dumps(value)}')
    if bool(stage.domain) != bool(stage.certificate_arn) or (stage.truststore and not stage.domain):
        raise StageError(
            f'cdk.json: stage "{name}": expected domain and certificate_arn together, truststore only with them'
        )
    if stage.front not in {HTTP, REST}:
        raise StageError(f'cdk.json: stage "{name}": front: expected {HTTP} or {REST}, got "{stage.front}"')
    if stage.log_days not in _RETENTION:
        raise StageError(f'cdk.json: stage "{name}": log_days: expected one of {", ".join(map(str, _RETENTION))}')
    return stage
