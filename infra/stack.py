"""Composes the constructs and says what was made."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.api import Api
from infra.function import Ingest, Redeliver
from infra.queues import Queues
from relay.config import CLAIM_CHECK, Config


class RelayStack(cdk.Stack):
    """API, functions and queues for one relay.toml."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        code: lambda_.Code,
        architecture: lambda_.Architecture,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        queues = Queues(self, "Queues")
        buses = sorted({route.bus for route in config.routes if route.bus})
        claims = any(route.oversize == CLAIM_CHECK for route in config.routes)
        ingest = Ingest(
            self,
            "Ingest",
            code=code,
            architecture=architecture,
            regions=config.regions,
            buses=buses,
            queues=queues,
            claims=claims,
            dedupe=any(route.dedupe for route in config.routes),
            secrets=sorted(set().union(*(route.secrets() for route in config.routes))),
            enrolled=sorted({route.auth.secret for route in config.routes if route.enrol}),
        )
        Redeliver(
            self,
            "Redeliver",
            code=code,
            architecture=architecture,
            regions=config.regions,
            buses=buses,
            queues=queues,
            claims=claims,
        )
        api = Api(self, "Front", paths=[route.path for route in config.routes], function=ingest.function)
        for route in config.routes:
            cdk.CfnOutput(self, f"Url{_logical(route.name)}", value=api.url(route.path), description=route.name)
        cdk.CfnOutput(self, "ApiId", value=api.api.api_id)
        for name, queue in (("RetryQueue", queues.retry), ("DeadLetterQueue", queues.dead_letters)):
            cdk.CfnOutput(self, f"{name}Url", value=queue.queue_url)
            cdk.CfnOutput(self, f"{name}Arn", value=queue.queue_arn)


def _logical(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
