"""The function that looks at the partner event sources every hour: events to a PENDING one are dropped."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.function import RelayFunction, Release
from infra.queues import Queues

# A look is one request for each source, about 30 ms: some 30,000 of them.
TIMEOUT = cdk.Duration.minutes(15)
EVERY = cdk.Duration.hours(1)


class SourceHealth(RelayFunction):
    """Counts the sources by state. https://docs.aws.amazon.com/eventbridge/latest/onboarding/onboarding_tasks.html."""

    def __init__(self, scope: Construct, construct_id: str, *, release: Release, queues: Queues) -> None:
        super().__init__(scope, construct_id, handler="relay.source_health.handler", timeout=TIMEOUT, release=release)
        self.allow(["events:ListPartnerEventSources"], ["*"])
        # What it saw an hour ago: a source that has expired is in no list.
        self.function.add_environment("OVERFLOW_BUCKET", queues.overflow.bucket_name)
        self.allow(["s3:GetObject", "s3:PutObject"], [queues.overflow.arn_for_objects("sources/last-look.json")])
        # Without it, what was never stored could not be told from what may not be read.
        self.allow(["s3:ListBucket"], [queues.overflow.bucket_arn])
        stack, partner = cdk.Stack.of(self), release.config.partner
        for region in release.config.regions:
            arn = stack.format_arn(
                service="events", region=region, account="", resource="event-source", resource_name=f"{partner}/*"
            )
            self.allow(["events:ListPartnerEventSourceAccounts"], [arn])
            self.acknowledge_wildcard(
                f"arn:<AWS::Partition>:events:{region}::event-source/{partner}/*", "Every source of this partner."
            )
        rule = events.Rule(self, "Hourly", schedule=events.Schedule.rate(EVERY))
        rule.add_target(targets.LambdaFunction(self.live, retry_attempts=0))
        cdk.Validations.of(rule).acknowledge(
            cdk.Acknowledgment(
                id="Serverless::Serverless-EventBusDLQ",
                reason="What failed is done again in an hour; an alarm says that it did.",
            )
        )
