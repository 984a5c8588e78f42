"""The topic, the alarms that publish to it, and the dashboard."""

from collections.abc import Iterable, Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from partner_event_relay.front import Front
from partner_event_relay.monitoring.alarms import (
    AlarmDefinition,
    archive_alarms,
    destination_alarms,
    failover_alarms,
    relay_alarms,
)
from partner_event_relay.monitoring.dashboard import add_dashboard, add_destination_widgets
from partner_event_relay.monitoring.metrics import RelayMetrics
from partner_event_relay.queues import Queues
from partner_event_relay.stages import Stage

RUNBOOK = "docs/how-to/operations.md"
_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_FEWER = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class Monitoring(Construct):
    """Everything that tells an operator how the relay is doing."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        front: Front,
        functions: Mapping[str, lambda_.IFunction],
        queues: Queues,
        routes: Sequence[str],
        has_destinations: bool = False,
        archive_freshness: cloudwatch.IMetric | None = None,
        has_failover: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.metrics = RelayMetrics(cdk.Stack.of(self).stack_name)
        self.topic = self._add_topic(stage)
        alarms = self.add_alarms(relay_alarms(self.metrics, front, queues, functions))
        if has_destinations:
            alarms = [*self.add_alarms(destination_alarms(self.metrics)), *alarms]
        if archive_freshness:
            alarms += self.add_alarms(archive_alarms(self.metrics, archive_freshness))
        if has_failover:
            alarms += self.add_alarms(failover_alarms(self.metrics))
        dashboard = add_dashboard(
            self, metrics=self.metrics, alarms=alarms, front=front, functions=functions, queues=queues, routes=routes
        )
        if has_destinations:
            add_destination_widgets(dashboard, self.metrics)

    def add_alarms(self, definitions: Iterable[AlarmDefinition]) -> list[cloudwatch.Alarm]:
        """Create the alarms, which publish to the topic, and return them."""
        return [self._add_alarm(definition) for definition in definitions]

    def _add_alarm(self, definition: AlarmDefinition) -> cloudwatch.Alarm:
        description = definition.description[0].upper() + definition.description[1:]
        alarm = cloudwatch.Alarm(
            self,
            definition.name,
            metric=definition.metric,
            threshold=definition.threshold,
            evaluation_periods=definition.periods,
            datapoints_to_alarm=definition.datapoints or None,
            comparison_operator=_FEWER if definition.is_silence else _AT_LEAST,
            treat_missing_data=(
                cloudwatch.TreatMissingData.BREACHING
                if definition.is_silence
                else cloudwatch.TreatMissingData.NOT_BREACHING
            ),
            alarm_description=f"{description}. Runbook: {RUNBOOK}, {definition.section or definition.name}.",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm

    def _add_topic(self, stage: Stage) -> sns.Topic:
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
        return topic
