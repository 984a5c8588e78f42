"""The HTTPS endpoint that senders post to: each is a `Front`.

An HTTP API, a REST API behind AWS WAF, or the URL of the function.
"""

from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

METRIC_PERIOD = cdk.Duration.minutes(5)


class Front(Protocol):
    """What the rest of the stack needs to know of what is in front of the ingest function."""

    @property
    def api_id(self) -> str:
        """Return the id that API Gateway gave the API, or "" without an API."""

    @property
    def stage_name(self) -> str:
        """Return the name of the API's deployed stage, or "" without an API."""

    @property
    def dns_target(self) -> str:
        """Return the name that the custom domain's DNS record has to point to, or "" without a custom domain."""

    def url(self, path: str) -> str:
        """Return the URL of a route's path: what is pasted into the sender's webhook settings."""

    def server_errors(self) -> cloudwatch.IMetric:
        """Return the number of 5xx responses in five minutes."""

    def latency(self, statistic: str) -> cloudwatch.IMetric:
        """Return how long the function took to respond, in milliseconds, over five minutes."""

    def blocked_requests(self) -> cloudwatch.IMetric | None:
        """Return the number of requests that AWS WAF blocked in five minutes, or None without AWS WAF."""
