"""What the checks judge, read from AWS. It decides nothing: what cannot be read becomes `Unread`, with the reason."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from relay.auth.secret_ref import SSM, SecretRef
from relay.aws.partner_sources import paginate
from relay.aws.secrets import active_values
from relay.config.route import Route
from relayctl.aws import Account, Stack, outputs_of
from relayctl.control import ControlApi, ControlApiError
from relayctl.doctor import webhooks
from relayctl.doctor.destinations import Row
from relayctl.doctor.finding import RUNBOOK, Unread
from relayctl.doctor.queues import QueueReading
from relayctl.doctor.secrets import SecretReading
from relayctl.doctor.sources import Source
from relayctl.doctor.webhooks import Traffic

T = TypeVar("T")

NAMESPACE = "PartnerEventRelay"
MINUTE_SECONDS = 60
QUERIES = 60
"""Metrics in one request: with a day's minutes of each, fewer values than the 100,800 that AWS returns at once."""
POSTPONED = timedelta(minutes=20)
"""Within that time each message of the retry queue has been received, and its age reported."""
NO_METRICS = Unread(
    "CloudWatch has no metrics of this stack: nothing has run for two weeks, or this is a local AWS, which has none",
    action=f"look whether the functions run ({RUNBOOK}); for a local AWS, --skip webhooks",
)

_MISSING = {"ResourceNotFoundException", "ParameterNotFound"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def attempt(read: Callable[[], T]) -> T | Unread:
    """Return what `read` returns, or why it could not. Raise NoCredentialsError and NoRegionError: then nothing can."""
    try:
        return read()
    except (NoCredentialsError, NoRegionError):
        raise
    except ClientError as error:
        return Unread(str(error), _code(error) in _DENIED)
    except ControlApiError as error:
        return Unread(str(error), error.status == HTTPStatus.FORBIDDEN)
    except BotoCoreError as error:
        return Unread(str(error))


@dataclass(frozen=True)
class Reader:
    """Reads what belongs to a stack. `control_url` and `role_arn` are as for `relayctl destinations`."""

    stack: Stack
    control_url: str | None = None
    role_arn: str | None = None
    ca_bundle: str | None = None

    @property
    def account(self) -> Account:
        """Return the account of the stack."""
        return self.stack.account

    @cached_property
    def outputs(self) -> Mapping[str, str] | Unread:
        """Return the outputs of the stack. Exit with code 1 if there is no such stack."""
        return attempt(self.stack.outputs)

    @cached_property
    def destinations(self) -> Sequence[Row] | Unread:
        """Return every destination, as the control API answers it."""
        url = self.control_url
        if not url:
            if isinstance(self.outputs, Unread):
                return self.outputs
            url = self.outputs.get("ControlUrl")
        if not url:
            return Unread(
                f"relay.toml has [destinations], and the stack {self.stack.name} has no control API: deploy it"
            )
        return attempt(lambda: list(self._control_api(url.rstrip("/")).pages("/v1/destinations", {})))

    def _control_api(self, url: str) -> ControlApi:
        session = self.account.assume(self.role_arn) if self.role_arn else self.account.session()
        return ControlApi(url, session, self.ca_bundle)

    def clock(self) -> datetime | Unread:
        """Return AWS's time, also from an answer that refuses this machine's."""
        client = self.account.client("sts")

        def date() -> datetime:
            try:
                answer = client.get_caller_identity()
            except ClientError as error:
                answer = error.response
            return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

        return attempt(date)

    def secret(self, ref: SecretRef) -> SecretReading:
        """Return how many values a secret has; the values go nowhere."""

        def count() -> int | None:
            try:
                return sum(bool(value) for value in active_values(self._secret_value(ref)))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

        return attempt(count if ref.is_fixed else lambda: self._count_secrets(ref))

    def _secret_value(self, ref: SecretRef) -> object:
        if ref.is_parameter:
            name = ref.text.removeprefix(SSM)
            return self.account.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        answer = self.account.client("secretsmanager").get_secret_value(SecretId=ref.text)
        return answer.get("SecretString", answer.get("SecretBinary"))

    def _count_secrets(self, ref: SecretRef) -> int:
        """Return how many secrets' names begin as this one's: of the first page that has any, which is enough."""
        if ref.is_parameter:
            wanted = {"Key": "Name", "Option": "BeginsWith", "Values": [ref.prefix.removeprefix(SSM)]}
            pages = self.account.client("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=[wanted])
            found = (page["Parameters"] for page in pages)
        else:
            filters = [{"Key": "name", "Values": [ref.prefix]}]
            pages = self.account.client("secretsmanager").get_paginator("list_secrets").paginate(Filters=filters)
            found = (page["SecretList"] for page in pages)
        return next((len(page) for page in found if page), 0)

    def stacks(self) -> Mapping[str, Mapping[str, str]] | Unread:
        """Return the outputs of every relay that is deployed in this Region of the account, by its stack's name."""
        return attempt(lambda: dict(self._stacks()))

    def _stacks(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for page in self.account.client("cloudformation").get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                outputs = outputs_of(stack)
                # A stack that could not be created has none.
                if outputs and {"Key": "service", "Value": "partner-event-relay"} in stack.get("Tags", []):
                    yield stack["StackName"], outputs

    def source_names(self, region: str, prefix: str) -> set[str] | Unread:
        """Return the names of the partner event sources of a Region."""

        def names() -> set[str]:
            operation = self.account.in_region(region).client("events").list_partner_event_sources
            return {source["Name"] for source in paginate(operation, "PartnerEventSources", NamePrefix=prefix)}

        return attempt(names)

    def source_states(self, source: Source) -> list[str] | Unread:
        """Return the state of a source in each account that it is shared with."""
        region, name = source

        def states() -> list[str]:
            operation = self.account.in_region(region).client("events").list_partner_event_source_accounts
            accounts = paginate(operation, "PartnerEventSourceAccounts", EventSourceName=name)
            return [account["State"] for account in accounts]

        return attempt(states)

    def delivery_queue(self, now: datetime) -> QueueReading | Unread:
        """Return what waits in the delivery queue, with the age that SQS has measured."""
        return self._queue("DeliveryQueueUrl", lambda url: self._age_by_sqs(url, now))

    def retry_queue(self, now: datetime) -> QueueReading | Unread:
        """Return what waits in the retry queue, with the greatest age that the redeliver function has measured."""
        metric = _metric(NAMESPACE, "OldestWaitingSeconds", service=self.stack.name)
        return self._queue("RetryQueueUrl", lambda _: self._greatest(metric, now))

    def dead_letter_queue(self, now: datetime) -> QueueReading | Unread:
        """Return what is in the dead-letter queue, with the age that SQS has measured."""
        return self._queue("DeadLetterQueueUrl", lambda url: self._age_by_sqs(url, now))

    def _age_by_sqs(self, url: str, now: datetime) -> float | Unread | None:
        metric = _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName=url.rpartition("/")[2])
        return self._greatest(metric, now)

    def _queue(self, output: str, oldest: Callable[[str], float | Unread | None]) -> QueueReading | Unread:
        if isinstance(self.outputs, Unread):
            return self.outputs
        if not (url := self.outputs.get(output)):
            return Unread(
                f"the stack {self.stack.name} has no output {output}: it is no relay's, or of another version"
            )
        messages = attempt(lambda: self._count_messages(url))
        if isinstance(messages, Unread):
            return messages
        return QueueReading(messages, oldest(url) if messages else None)

    def _count_messages(self, url: str) -> int:
        """Return how many messages a queue has, also those that are hidden from consumers."""
        kinds = ("", "NotVisible", "Delayed")
        names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
        attributes = self.account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def _greatest(self, metric: Mapping[str, Any], now: datetime) -> float | Unread | None:
        """Return the greatest value that a metric has had lately, None if it has had none.

        A run of the redeliver function measures the messages of its batch: the newest value may be of a new message.
        """
        if self._no_metrics:
            return self._no_metrics

        def greatest() -> float | None:
            [values] = self._metric_values([metric], "Maximum", now - POSTPONED, now)
            return max((value for _, value in values), default=None)

        return attempt(greatest)

    def traffic(self, routes: Sequence[Route], now: datetime) -> Mapping[str, Traffic] | Unread:
        """Return the traffic of each route within a day, by its name."""
        if self._no_metrics:
            return self._no_metrics
        wanted = [(route.name, name) for route in routes for name in webhooks.metrics_of(route)]
        metrics = [_metric(NAMESPACE, name, service=self.stack.name, route=route) for route, name in wanted]

        def read() -> Mapping[str, Traffic]:
            series: dict[str, dict[str, Any]] = {route.name: {} for route in routes}
            values = self._metric_values(metrics, "Sum", now - webhooks.DAY, now)
            for (route, name), each in zip(wanted, values, strict=True):
                series[route][name] = each
            return {route: webhooks.traffic(each, now) for route, each in series.items()}

        return attempt(read)

    @cached_property
    def _no_metrics(self) -> Unread | None:
        """Return why there are no metrics to look at, None if there are."""
        dimensions = [{"Name": "service", "Value": self.stack.name}]
        client = self.account.client("cloudwatch")
        answer = attempt(lambda: client.list_metrics(Namespace=NAMESPACE, Dimensions=dimensions)["Metrics"])
        return answer if isinstance(answer, Unread) else None if answer else NO_METRICS

    def _metric_values(
        self, metrics: Sequence[Mapping[str, Any]], statistic: str, start: datetime, end: datetime
    ) -> list[list[tuple[datetime, float]]]:
        """Return the values of each metric by minute, in the order of `metrics`."""
        client = self.account.client("cloudwatch")
        values: list[list[tuple[datetime, float]]] = [[] for _ in metrics]
        queries = [
            {"Id": f"m{place}", "MetricStat": {"Metric": metric, "Period": MINUTE_SECONDS, "Stat": statistic}}
            for place, metric in enumerate(metrics)
        ]
        for first in range(0, len(queries), QUERIES):
            some = queries[first : first + QUERIES]
            pages = client.get_paginator("get_metric_data")
            for page in pages.paginate(MetricDataQueries=some, StartTime=start, EndTime=end):
                for result in page["MetricDataResults"]:
                    points = zip(result["Timestamps"], result["Values"], strict=True)
                    values[int(result["Id"][1:])] += [(at.astimezone(UTC), value) for at, value in points]
        return values


def _metric(namespace: str, name: str, **dimensions: str) -> Mapping[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": named}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _raise(error: Exception) -> Any:
    raise error
