"""Alarms that mean something, each with its page of the runbook."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.api import Api
from infra.dashboard import FIVE_MINUTES, HOUR, MINUTE, add_dashboard
from infra.function import NAMESPACE
from infra.queues import Queues
from infra.rest_api import RestApi
from infra.stage import Stage

RUNBOOK = "docs/how-to/operations.md"

# Senders give up after 3 to 10 seconds: https://docs.github.com/en/webhooks has 10, Shopify 5, Slack 3.
SLOW_MILLISECONDS = 4000
WAITING_SECONDS = 15 * 60
REJECTED_IN_FIVE_MINUTES = 50
BLOCKED_IN_FIVE_MINUTES = 50


class Monitoring(Construct):
    """Everything an operator is told."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        service: str,
        api: Api | RestApi,
        functions: Mapping[str, lambda_.IFunction],
        queues: Queues,
        routes: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.service = service
        self.topic = self._topic(stage)
        self.alarms: dict[str, cloudwatch.Alarm] = {}
        dead = queues.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
        self.alarm("DeadLetters", dead, 1, "entries could not be delivered, and wait for a person")
        # SQS tells of a queue that was idle up to fifteen minutes late; the functions tell at once.
        self.alarm(
            "DeadLettered", self.metric("EntriesDeadLettered", period=MINUTE), 1,
            "entries were dead-lettered just now", page="DeadLetters",
        )  # fmt: skip
        # A message that waits is looked at every quarter of an hour at the latest, and says then how old it is.
        # SQS's own age leaves out what has been received three times: after half a minute, everything that waits.
        self.alarm(
            "Waiting", self.metric("OldestWaitingSeconds", statistic="Maximum"), WAITING_SECONDS,
            "an entry has waited in the retry queue for a quarter of an hour", periods=4, to_alarm=1,
        )  # fmt: skip
        self.alarm("ServerErrors", api.server_errors(), 1, "senders were answered 5xx")
        self.alarm(
            "Slow", api.latency("p99"), SLOW_MILLISECONDS,
            "senders may give up before they are answered", periods=2,
        )  # fmt: skip
        self.alarm(
            "Rejected", self.metric("WebhooksRejected", status="401"), REJECTED_IN_FIVE_MINUTES,
            "many webhooks were not proven to come from their sender: an attack, or a secret rotated on one side",
        )  # fmt: skip
        for name, function in functions.items():
            errors, throttles = function.metric_errors(period=MINUTE), function.metric_throttles(period=MINUTE)
            self.alarm(f"{name}Errors", errors, 1, f"the {name} function failed")
            self.alarm(f"{name}Throttles", throttles, 1, f"the {name} function was throttled")
        if isinstance(api, RestApi) and api.firewall:
            self.alarm(
                "Blocked", api.firewall.blocked(FIVE_MINUTES), BLOCKED_IN_FIVE_MINUTES,
                "the firewall answered 403: an attack, or a sender that is not let through",
            )  # fmt: skip
        for state, meaning in (
            ("Pending", "events of a customer are dropped: no bus is attached to the source"),
            ("Deleted", "events of a customer are rejected: the source was deleted"),
            ("Expiring", "a source expires within three days: nobody has attached a bus"),
            ("Vanished", "a source is gone, and its events are rejected: it expired, or was deleted"),
        ):
            metric = self.metric(f"Sources{state}", period=HOUR, statistic="Maximum")
            # Of the last two hours, for a look that came a second late.
            self.alarm(f"Sources{state}", metric, 1, meaning, periods=2, to_alarm=1)
        add_dashboard(self, api=api, functions=functions, queues=queues, routes=routes)

    def _topic(self, stage: Stage) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", enforce_ssl=True, display_name="Partner Event Relay")
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            )
        )
        if stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
        cdk.Validations.of(topic).acknowledge(
            cdk.Acknowledgment(
                id="Serverless::Serverless-SNSRedrivePolicy",
                reason="Alarms are seen in CloudWatch too; an e-mail has no queue.",
            ),
            cdk.Acknowledgment(
                id="AwsSolutions::AwsSolutions-SNS2",
                reason="CloudWatch publishes alarm names and thresholds; nothing of a webhook is in them.",
            ),
        )
        return topic

    def metric(
        self, name: str, *, period: cdk.Duration = FIVE_MINUTES, statistic: str = "Sum", **by: str
    ) -> cloudwatch.Metric:
        """Return a metric that the functions emit, of the whole service or by more dimensions."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self.service, **by},
            period=period,
            statistic=statistic,
        )

    def alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        meaning: str,
        *,
        periods: int = 1,
        to_alarm: int | None = None,
        page: str = "",
    ) -> cloudwatch.Alarm:
        """Return a new alarm at `threshold` or more, in `to_alarm` of `periods` (without it: in each).

        `page` is what the runbook has of it, if it is not under the alarm's own name.

        No data is no alarm: most metrics are only there when something happens.
        """
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=to_alarm,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{meaning[0].upper()}{meaning[1:]}. What to do: {RUNBOOK}, {page or name}.",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.alarms[name] = alarm
        return alarm
