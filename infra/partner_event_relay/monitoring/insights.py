"""What the delivery log answers at a click: saved queries, and which sources have the most entries and failures."""

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

FAILED = ("queued", "dead_lettered")
"""The results of the delivery log that have an error code."""
_FAILED = ", ".join(f'"{result}"' for result in FAILED)


@dataclass(frozen=True)
class SavedQuery:
    """A query of CloudWatch Logs Insights; what is in capitals in it, whoever runs it replaces."""

    id: str
    name: str
    text: str


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
QUERIES = (
    SavedQuery(
        "FailedEntries",
        "Failed entries",
        f"""fields @timestamp, result, error_code, attempts, route, destination, source, detail_type, webhook_id, index
| filter message = "entry" and result in [{_FAILED}]
| sort @timestamp desc
| limit 1000""",
    ),
    SavedQuery(
        "FailedOverEntries",
        "Entries that failed over",
        """fields @timestamp, region, route, source, detail_type, event_id, attempts, webhook_id, index
| filter message = "entry" and ispresent(region)
| sort @timestamp desc
| limit 1000""",
    ),
    SavedQuery(
        "EntriesOfCustomer",
        "Entries of one customer",
        """fields @timestamp, result, error_code, destination, source, detail_type, event_id, route, webhook_id, index
| filter message = "entry" and customer = "CUSTOMER"
| sort @timestamp desc
| limit 1000""",
    ),
    SavedQuery(
        "WayOfWebhook",
        "Way of one webhook",
        """fields @timestamp, message, index, result, error_code, attempts, destination, event_id, region, route, reason
| filter webhook_id = "ID" or correlation_id = "ID" or event_id = "ID"
| sort @timestamp asc
| limit 10000""",
    ),
    SavedQuery(
        "SlowestPuts",
        "Slowest puts",
        """filter message = "entry" and ispresent(put_ms)
| stats max(put_ms) as slowest_ms, max(attempts) as most_attempts, count(*) as entries, min(@timestamp) as at
  by route, webhook_id
| sort slowest_ms desc
| limit 100""",
    ),
    SavedQuery(
        "EntriesBySource",
        "Entries by source",
        """filter message = "entry" and ispresent(source)
| stats count(*) as entries, sum(bytes) as total_bytes by source, result
| sort entries desc
| limit 1000""",
    ),
)


class EntryInsights(Construct):
    """Queries and rules over the delivery log: `ingest` has a line for each entry, `later` those of changed fates."""

    def __init__(
        self, scope: Construct, construct_id: str, *, ingest: logs.ILogGroup, later: Sequence[logs.ILogGroup]
    ) -> None:
        super().__init__(scope, construct_id)
        every = [ingest, *later]
        for query in QUERIES:
            logs.CfnQueryDefinition(
                self,
                query.id,
                name=f"{cdk.Stack.of(self).stack_name}/{query.name}",
                query_string=query.text,
                log_group_names=[group.log_group_name for group in every],
            )
        # Every entry once: the other functions' lines are about entries that have one here already.
        self._add_rule("MostEntries", [ingest], [])
        self._add_rule("MostFailures", every, [{"Match": "$.result", "In": [*FAILED]}])

    def _add_rule(
        self, construct_id: str, groups: Sequence[logs.ILogGroup], filters: Sequence[dict[str, object]]
    ) -> None:
        """Count lines of the delivery log by source; a line without one is not counted.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
        """
        stack = cdk.Stack.of(self)
        body = {
            "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
            "LogGroupNames": [group.log_group_name for group in groups],
            "LogFormat": "JSON",
            "Contribution": {
                "Keys": ["$.source"],
                "Filters": [{"Match": "$.message", "In": ["entry"]}, *filters],
            },
            "AggregateOn": "Count",
        }
        cloudwatch.CfnInsightRule(
            self,
            construct_id,
            rule_name=f"{stack.stack_name}-{construct_id}",
            rule_state="ENABLED",
            rule_body=stack.to_json_string(body),
        )
