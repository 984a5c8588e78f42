"""The construct of this package: a relay for one relay.toml, in a stack of yours."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from partner_event_relay import stages
from partner_event_relay.monitoring.metrics import FIVE_MINUTES
from partner_event_relay.prepare import prepare
from partner_event_relay.relay import Relay
from partner_event_relay.stages import Stage

REDRIVE_ACTIONS = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:SendMessage",
    "sqs:GetQueueAttributes",
    "sqs:StartMessageMoveTask",
    "sqs:ListMessageMoveTasks",
)
"""What `relayctl dead-letters` calls (docs/how-to/permissions.md)."""


class PartnerEventRelay(Construct):
    """Receives webhooks and puts them on EventBridge as partner events, as a relay.toml describes.

    `config` is the path of the relay.toml, relative to the working directory; event types are read from `events/`
    beside it. `stage` is a `Stage`, or the name of one; without it, it is what the CDK's context chooses: `stage`,
    `front`, and `stages` with what differs from the shipped values. The context `target=local` builds the functions
    for this machine, to deploy them onto the local AWS.

    The functions' code is installed by pip below `.build` in the working directory; no Docker is needed.
    The name of the stack names the API, the firewall and the metrics, so a stack can have one relay.
    The stack gets the outputs that `relayctl` looks for. Raise RelayError with every mistake, one on a line.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: str | Path = "relay.toml",
        stage: Stage | str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        path = Path(config)
        self.stage = stage if isinstance(stage, Stage) else stages.from_context(self, stage)
        prepared = prepare(path, self.stage, local=stages.is_local(self))
        self._relay = Relay(
            self,
            "Default",  # adds nothing to the logical ids
            config=prepared.config,
            stage=self.stage,
            code=prepared.code,
            control_code=prepared.control_code,
            architecture=prepared.architecture,
            config_path=path,
        )
        self._paths = {route.name: route.path for route in prepared.config.routes}
        for number, text in enumerate(prepared.config.warnings()):
            cdk.Annotations.of(self).add_warning_v2(f"relay-toml-{number}", f"{path.name}: {text}")

    @property
    def url(self) -> str:
        """Return the URL that the paths of routes are appended to."""
        return self._relay.front.url("")

    def route_url(self, name: str) -> str:
        """Return the URL of a route, for the sender's webhook settings. Raise KeyError if there is no such route."""
        return self._relay.front.url(self._paths[name])

    @property
    def control_url(self) -> str | None:
        """Return the base URL of the control API, or None without `[destinations]`."""
        return self._relay.destinations.api.url if self._relay.destinations else None

    @property
    def ingest_function(self) -> lambda_.IFunction:
        """Return the function that receives webhooks: its alias, which moves from version to version."""
        return self._relay.ingest.live

    @property
    def retry_queue(self) -> sqs.IQueue:
        """Return the queue of what EventBridge may accept later."""
        return self._relay.queues.retry

    @property
    def dead_letter_queue(self) -> sqs.IQueue:
        """Return the queue of what EventBridge refused, for an operator to look at."""
        return self._relay.queues.dead_letters

    @property
    def overflow_bucket(self) -> s3.IBucket:
        """Return the bucket for what is too large for the queues, and for claim checks."""
        return self._relay.queues.overflow

    @property
    def archive_bucket(self) -> s3.IBucket | None:
        """Return the bucket of the archived webhooks, or None without `[archive]`."""
        return self._relay.archive.bucket if self._relay.archive else None

    @property
    def alarm_topic(self) -> sns.ITopic:
        """Return the topic that every alarm publishes to: subscribe whoever is on call."""
        return self._relay.monitoring.topic

    def grant_redrive(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to look at dead letters, send them back and discard them. They contain customers' payloads."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(REDRIVE_ACTIONS),
            resource_arns=[self.retry_queue.queue_arn, self.dead_letter_queue.queue_arn],
        )

    def grant_control(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to call the control API: your backend, which connects customers.

        Raise ValueError if relay.toml has no `[destinations]`.
        """
        if not self._relay.destinations:
            raise ValueError("relay.toml has no [destinations], so there is no control API to grant")
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["execute-api:Invoke"],
            resource_arns=[self._relay.destinations.api.invoke_arn],
        )

    def metric(
        self, name: str, *, period: cdk.Duration = FIVE_MINUTES, statistic: str = "Sum", **dimensions: str
    ) -> cloudwatch.Metric:
        """Return a metric of this relay (docs/reference/metrics-and-logs.md); `route="orders"` is that of one route."""
        return self._relay.monitoring.metrics.metric(name, period=period, statistic=statistic, **dimensions)

    def metric_webhooks_relayed(self) -> cloudwatch.Metric:
        """Return the number of webhooks that were answered 2xx in five minutes."""
        return self.metric("WebhooksRelayed")

    def metric_webhooks_rejected(self) -> cloudwatch.Metric:
        """Return the number of requests that were answered 4xx or 5xx in five minutes."""
        return self.metric("WebhooksRejected")

    def metric_entries_accepted(self) -> cloudwatch.Metric:
        """Return the number of entries of webhooks that EventBridge accepted at once, in five minutes."""
        return self.metric("EntriesAccepted")

    def metric_entries_queued(self) -> cloudwatch.Metric:
        """Return the number of entries that went to the retry queue in five minutes."""
        return self.metric("EntriesQueued")

    def metric_entries_dead_lettered(self) -> cloudwatch.Metric:
        """Return the number of entries that became dead letters in five minutes."""
        return self.metric("EntriesDeadLettered")
