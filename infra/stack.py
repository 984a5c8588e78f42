"""Composes the constructs and says what was made."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra.api import Api
from infra.canary import Canary
from infra.function import Release
from infra.ingest import Ingest
from infra.monitoring import Monitoring
from infra.queues import Queues
from infra.redeliver import Redeliver
from infra.rest_api import RestApi
from infra.source_health import SourceHealth
from infra.stage import REST

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: 200 outputs.
MAX_URLS = 180


class RelayStack(cdk.Stack):
    """API, functions, queues and monitoring for one relay.toml, in one stage."""

    def __init__(self, scope: Construct, construct_id: str, *, release: Release, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        routes, stage = release.config.routes, release.stage
        queues = Queues(self, "Queues", stage=stage)
        ingest = Ingest(self, "Ingest", release=release, queues=queues)
        redeliver = Redeliver(self, "Redeliver", release=release, queues=queues)
        health = SourceHealth(self, "SourceHealth", release=release, queues=queues)
        front = RestApi if stage.front == REST else Api
        api = front(self, "Front", config=release.config, function=ingest.live, stage=stage)
        monitoring = Monitoring(
            self,
            "Monitoring",
            stage=stage,
            service=self.stack_name,
            api=api,
            functions={"Ingest": ingest.function, "Redeliver": redeliver.function, "SourceHealth": health.function},
            queues=queues,
            routes=[route.name for route in routes],
        )
        if stage.retain and not stage.reserved_concurrency:
            text = "a flood of webhooks may take all of the account's Lambda concurrency: set reserved_concurrency"
            cdk.Annotations.of(self).add_warning_v2(
                "no-reserved-concurrency", f"{text} (docs/how-to/stages-and-releases.md)"
            )
        if stage.canary:
            Canary(self, "Canary", function=ingest.function, alias=ingest.live, monitoring=monitoring)
        cdk.Tags.of(self).add("service", "partner-event-relay")
        cdk.Tags.of(self).add("stage", stage.name)
        cdk.CfnOutput(self, "ApiUrl", value=api.url(""), description="what each route's path is appended to")
        for route in routes if len(routes) <= MAX_URLS else ():
            cdk.CfnOutput(self, f"Url{_logical(route.name)}", value=api.url(route.path), description=route.name)
        if stage.domain:
            cdk.CfnOutput(self, "DomainTarget", value=api.target, description="what the domain's DNS points to")
        cdk.CfnOutput(self, "ApiId", value=api.api_id)
        cdk.CfnOutput(self, "ApiStage", value=api.stage_name)
        cdk.CfnOutput(self, "AlarmTopicArn", value=monitoring.topic.topic_arn)
        for name, queue in (("RetryQueue", queues.retry), ("DeadLetterQueue", queues.dead_letters)):
            cdk.CfnOutput(self, f"{name}Url", value=queue.queue_url)
            cdk.CfnOutput(self, f"{name}Arn", value=queue.queue_arn)


def _logical(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
