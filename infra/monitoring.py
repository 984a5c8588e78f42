"""Alarms that mean something, each with its page of the runbook, and a dashboard for three in the morning."""

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
from infra.function import NAMESPACE
from infra.queues import Queues
from infra.rest_api import RestApi
from infra.stage import Stage

RUNBOOK = "docs/operations.md"
MINUTE, FIVE_MINUTES, HOUR = cdk.Duration.minutes(1), cdk.Duration.minutes(5), cdk.Duration.hours(1)

# Senders give up after 3 to 10 seconds: https://docs.github.com/en/webhooks has 10, Shopify 5, Slack 3.
SLOW_MILLISECONDS = 4000
WAITING_SECONDS = 15 * 60
REJECTED_IN_FIVE_MINUTES = 50


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
        self._service = service
        self.topic = self._topic(stage)
        self.alarms: dict[str, cloudwatch.Alarm] = {}
        age = queues.retry.metric_approximate_age_of_oldest_message(period=MINUTE, statistic="Maximum")
        dead = queues.dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
        self._alarm("DeadLetters", dead, 1, "entries could not be delivered, and wait for a person")
        self._alarm("Waiting", age, WAITING_SECONDS, "an entry has waited in the retry queue for a quarter of an hour")
        self._alarm("ServerErrors", api.server_errors(), 1, "senders were answered 5xx")
        self._alarm(
            "Slow", api.latency("p99"), SLOW_MILLISECONDS,
            "senders may give up before they are answered", periods=2,
        )  # fmt: skip
        self._alarm(
            "Rejected", self._metric("WebhooksRejected", status="401"), REJECTED_IN_FIVE_MINUTES,
            "many webhooks were not proven to come from their sender: an attack, or a secret rotated on one side",
        )  # fmt: skip
        for name, function in functions.items():
            errors, throttles = function.metric_errors(period=MINUTE), function.metric_throttles(period=MINUTE)
            self._alarm(f"{name}Errors", errors, 1, f"the {name} function failed")
            self._alarm(f"{name}Throttles", throttles, 1, f"the {name} function was throttled")
        for state, meaning in (
            ("Pending", "events of a customer are dropped: no bus is attached to the source"),
            ("Deleted", "events of a customer are rejected: the source was deleted"),
            ("Expiring", "a source expires within three days: nobody has attached a bus"),
        ):
            metric = self._metric(f"Sources{state}", period=HOUR, statistic="Maximum")
            self._alarm(f"Sources{state}", metric, 1, meaning)
        self._dashboard(api, functions, queues, routes, age=age, dead=dead)

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

    def _metric(
        self, name: str, *, period: cdk.Duration = FIVE_MINUTES, statistic: str = "Sum", **by: str
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self._service, **by},
            period=period,
            statistic=statistic,
        )

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, threshold: float, meaning: str, *, periods: int = 1
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{meaning[0].upper()}{meaning[1:]}. What to do: {RUNBOOK}, {name}.",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.alarms[name] = alarm

    def _dashboard(
        self,
        api: Api | RestApi,
        functions: Mapping[str, lambda_.IFunction],
        queues: Queues,
        routes: Sequence[str],
        *,
        age: cloudwatch.IMetric,
        dead: cloudwatch.IMetric,
    ) -> None:
        dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=cdk.Duration.hours(3))
        dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Is anything wrong?", alarms=list(self.alarms.values()), width=24)
        )
        dashboard.add_widgets(
            self._graph("What came in", *(self._metric("WebhooksReceived", route=route) for route in routes)),
            self._graph("What went out", *(self._metric(f"Entries{what}") for what in ("Accepted", "Redelivered"))),
            self._graph(
                "What was refused",
                *(self._metric("WebhooksRejected", status=str(code)) for code in (400, 401, 404, 413, 503)),
            ),
        )
        waiting = queues.retry.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
        dashboard.add_widgets(
            self._graph("What waits", waiting, right=[age]),
            self._graph("What failed", dead, *(self._metric(f"Entries{what}") for what in ("Queued", "DeadLettered"))),
            self._graph(
                "How fast (ms)",
                api.latency("p50"),
                api.latency("p99"),
                self._metric("PutLatency", statistic="p99"),
            ),
        )
        dashboard.add_widgets(
            # EventBridge's own: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
            self._graph(
                "EventBridge says",
                *(
                    cloudwatch.Metric(namespace="AWS/Events", metric_name=f"PutPartnerEvents{what}", statistic="Sum")
                    for what in ("EntriesCount", "FailedEntriesCount", "ApproximateThrottledCount")
                ),
            ),
            self._graph("The functions", *(one.metric_errors() for one in functions.values())),
            self._graph(
                "The customers' sources",
                *(
                    self._metric(f"Sources{state}", period=HOUR, statistic="Maximum")
                    for state in ("Active", "Pending", "Deleted", "Expiring")
                ),
            ),
        )

    def _graph(
        self, title: str, *left: cloudwatch.IMetric, right: Sequence[cloudwatch.IMetric] = ()
    ) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(left), right=list(right), width=8)
