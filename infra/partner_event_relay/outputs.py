"""The outputs of a relay's stack: the URLs for senders, and what `relayctl` looks for by these names."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from partner_event_relay.archive import Archive
from partner_event_relay.destinations.destinations import CustomerDestinations
from partner_event_relay.front import Front
from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.monitoring.monitoring import Monitoring
from partner_event_relay.queues import Queues
from partner_event_relay.stages import Stage
from relay.config.route import Route

# A stack has up to 200 outputs: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_URL_OUTPUTS = 180


class Outputs:
    """Adds outputs to the stack of `scope`. Each has its plain name, whatever the construct and its stack are named."""

    def __init__(self, scope: Construct) -> None:
        self._scope = scope

    def add(self, name: str, value: str, description: str | None = None) -> None:
        """Add one output."""
        output = cdk.CfnOutput(self._scope, name, value=value, description=description)
        output.override_logical_id(name)

    def add_urls(self, routes: tuple[Route, ...], front: Front, stage: Stage) -> None:
        """Add the URL of each route, as long as there is room for all of them."""
        self.add("ApiUrl", front.url(""), "Base URL: append the path of a route")
        if len(routes) <= MAX_URL_OUTPUTS:
            for route in routes:
                self.add(f"Url{_pascal_case(route.name)}", front.url(route.path), route.name)
        if stage.domain:
            self.add("DomainTarget", front.dns_target, "Target of the DNS record of the custom domain")

    def add_resources(
        self, front: Front, monitoring: Monitoring, queues: Queues, ingest: RelayFunction, redeliver: RelayFunction
    ) -> None:
        """Add what every relay has."""
        for name, value in (
            ("ApiId", front.api_id),
            ("ApiStage", front.stage_name),
            ("AlarmTopicArn", monitoring.topic.topic_arn),
            ("RetryQueueUrl", queues.retry.queue_url),
            ("RetryQueueArn", queues.retry.queue_arn),
            ("DeliveryQueueUrl", queues.delivery.queue_url),
            ("DeadLetterQueueUrl", queues.dead_letters.queue_url),
            ("DeadLetterQueueArn", queues.dead_letters.queue_arn),
            ("OverflowBucket", queues.overflow.bucket_name),
            ("IngestLogGroup", ingest.log_group.log_group_name),
            ("RedeliverLogGroup", redeliver.log_group.log_group_name),
        ):
            if value:
                self.add(name, value)

    def add_archive(self, archive: Archive) -> None:
        """Add the bucket of the archive."""
        self.add("ArchiveBucket", archive.bucket.bucket_name)

    def add_relay_toml(self, path: Path) -> None:
        """Upload the relay.toml beside the functions' code: `relayctl diff` and `relayctl replay` read it there."""
        relay_toml = s3_assets.Asset(self._scope, "RelayToml", path=str(path))
        self.add("RelayTomlUrl", relay_toml.s3_object_url, "The deployed relay.toml")

    def add_destinations(self, destinations: CustomerDestinations) -> None:
        """Add what the control API's callers and `relayctl destinations` need."""
        self.add("ControlUrl", destinations.api.url, "Base URL of the control API")
        if page_key := destinations.page_key:
            self.add("PageKeyArn", page_key.secret.secret_arn, "Signs links to the page")
        self.add("DestinationsTable", destinations.stores.table.table_name)
        self.add("HeldBucket", destinations.stores.bucket.bucket_name)
        self.add("ReleaserLogGroup", destinations.releaser.log_group.log_group_name)
        if role := destinations.api.role:
            self.add("ControlRoleArn", role.role_arn, "For `callers` to assume")


def _pascal_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
