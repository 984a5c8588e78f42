"""The cheapest front: the function's own URL. Nothing stands before the function, so its signatures are all there is.

Only `reserved_concurrency` throttles it: no throttle for a route, no access log, no AWS WAF and no domain of one's own.
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from partner_event_relay.front import METRIC_PERIOD
from partner_event_relay.stages import Stage
from relay.config.model import Config


class FunctionUrlFront(Construct):
    """The URL of the function's live alias, which anybody may call: whatever is not signed is refused by the function.

    `function` is the alias.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, function: lambda_.IFunction, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        self._alias = cast("lambda_.Alias", function)
        url = self._alias.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
        # https://ID.lambda-url.REGION.on.aws/
        self._host = cdk.Fn.select(2, cdk.Fn.split("/", url.url))
        if not stage.reserved_concurrency:
            text = (
                f"nothing throttles the function URL of {len(config.routes)} routes: set reserved_concurrency, which"
                " allows ten requests a second for each"
            )
            cdk.Annotations.of(self).add_warning_v2("no-throttle", text)

    @property
    def api_id(self) -> str:
        """Return "": there is no API."""
        return ""

    @property
    def stage_name(self) -> str:
        """Return "": there is no API."""
        return ""

    @property
    def dns_target(self) -> str:
        """Return "": a function URL has no custom domain."""
        return ""

    def url(self, path: str) -> str:
        """Return the URL of a route's path: what is pasted into the sender's webhook settings."""
        return f"https://{self._host}{path}"

    def server_errors(self) -> cloudwatch.IMetric:
        """Return the number of 5xx responses in five minutes, those to throttled requests (429) not among them.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
        """
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Url5xxCount",
            dimensions_map={"FunctionName": self._alias.version.lambda_.function_name},
            period=METRIC_PERIOD,
            statistic="Sum",
        )

    def latency(self, statistic: str) -> cloudwatch.IMetric:
        """Return how long the function took, in milliseconds, over five minutes; its start is not in it.

        AWS documents no percentiles of a URL's own `UrlRequestLatency`.
        """
        return self._alias.metric_duration(period=METRIC_PERIOD, statistic=statistic)

    def blocked_requests(self) -> cloudwatch.IMetric | None:
        """Return None: a function URL cannot have AWS WAF."""
        return None
