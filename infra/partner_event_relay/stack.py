"""The stack of one stage: the relay, its tags and its outputs."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from partner_event_relay.relay import PartnerEventRelay
from partner_event_relay.stages import Stage
from relay.config.model import Config
from relay.config.route import Route

# A stack has up to 200 outputs: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_URL_OUTPUTS = 180


class RelayStack(cdk.Stack):
    """One relay in a stack of its own. `config_path` is the relay.toml, which is kept beside the functions' code."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        stage: Stage,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        control_code: lambda_.Code | None = None,
        config_path: Path | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.relay = PartnerEventRelay(
            self,
            "Default",  # adds nothing to the logical ids
            config=config,
            stage=stage,
            code=code,
            architecture=architecture,
            control_code=control_code,
        )
        cdk.Tags.of(self).add("service", "partner-event-relay")
        cdk.Tags.of(self).add("stage", stage.name)
        self._add_url_outputs(config.routes, stage)
        self._add_resource_outputs(config_path)
        cdk.CfnOutput(self, "Partner", value=config.partner, description="`relayctl doctor` compares stages by it")

    def _add_url_outputs(self, routes: tuple[Route, ...], stage: Stage) -> None:
        front = self.relay.front
        cdk.CfnOutput(self, "ApiUrl", value=front.url(""), description="Base URL: append the path of a route")
        if len(routes) <= MAX_URL_OUTPUTS:
            for route in routes:
                output = f"Url{_pascal_case(route.name)}"
                cdk.CfnOutput(self, output, value=front.url(route.path), description=route.name)
        if stage.domain:
            description = "Target of the DNS record of the custom domain"
            cdk.CfnOutput(self, "DomainTarget", value=front.dns_target, description=description)

    def _add_resource_outputs(self, config_path: Path | None) -> None:
        front, queues = self.relay.front, self.relay.queues
        for name, value in (
            ("ApiId", front.api_id),
            ("ApiStage", front.stage_name),
            ("AlarmTopicArn", self.relay.monitoring.topic.topic_arn),
            ("RetryQueueUrl", queues.retry.queue_url),
            ("RetryQueueArn", queues.retry.queue_arn),
            ("DeadLetterQueueUrl", queues.dead_letters.queue_url),
            ("DeadLetterQueueArn", queues.dead_letters.queue_arn),
            ("OverflowBucket", queues.overflow.bucket_name),
            ("IngestLogGroup", self.relay.ingest.log_group.log_group_name),
            ("RedeliverLogGroup", self.relay.redeliver.log_group.log_group_name),
        ):
            if value:
                cdk.CfnOutput(self, name, value=value)
        if archive := self.relay.archive:
            cdk.CfnOutput(self, "ArchiveBucket", value=archive.bucket.bucket_name)
        if config_path:
            # What `relayctl diff` compares with, and `relayctl replay` maps by.
            relay_toml = s3_assets.Asset(self, "RelayToml", path=str(config_path))
            cdk.CfnOutput(self, "RelayTomlUrl", value=relay_toml.s3_object_url, description="The deployed relay.toml")
        if destinations := self.relay.destinations:
            cdk.CfnOutput(self, "ControlUrl", value=destinations.api.url, description="Base URL of the control API")
            if page_key := destinations.page_key:
                cdk.CfnOutput(
                    self, "PageKeyArn", value=page_key.secret.secret_arn, description="Signs links to the page"
                )
            cdk.CfnOutput(self, "DestinationsTable", value=destinations.stores.table.table_name)
            cdk.CfnOutput(self, "HeldBucket", value=destinations.stores.bucket.bucket_name)
            cdk.CfnOutput(self, "ReleaserLogGroup", value=destinations.releaser.log_group.log_group_name)
            if role := destinations.api.role:
                cdk.CfnOutput(self, "ControlRoleArn", value=role.role_arn, description="For `callers` to assume")


def _pascal_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
