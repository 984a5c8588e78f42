"""Define what an AWS call on the success path is, whichever transport sends it.

The transports (see transport.py) raise AwsError and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

USER_AGENT = "partner-event-relay"
"""By which AWS's logs and support can tell the relay from other clients."""


class Service(NamedTuple):
    """An AWS service: its name in endpoints and signatures, and the prefix of the operation in X-Amz-Target.

    `json_version` is that of the JSON protocol, as botocore's model of the service has it.
    """

    name: str
    target_prefix: str
    json_version: str = "1.1"


EVENTS = Service("events", "AWSEvents")
SECRETS_MANAGER = Service("secretsmanager", "secretsmanager")
PARAMETER_STORE = Service("ssm", "AmazonSSM")
FIREHOSE = Service("firehose", "Firehose_20150804")
DYNAMODB = Service("dynamodb", "DynamoDB_20120810", "1.0")
SQS = Service("sqs", "AmazonSQS", "1.0")


class CallOptions(NamedTuple):
    """The seconds that an attempt may take to connect, those that the whole answer may take, and the attempts."""

    connect_timeout: float
    read_timeout: float
    max_attempts: int


# The defaults of boto3 (60 s to connect, 60 s to read) outlast API Gateway's 30 s.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
NO_RETRY = CallOptions(1, 3, 1)
"""PutPartnerEvents is tried again by deliver.py alone, within its budget."""
STANDARD_RETRY = CallOptions(2, 5, 3)
REGISTRY_READ = CallOptions(1, 2, 2)
"""For a customer's destinations, which a webhook waits for."""
FIREHOSE_PUT = CallOptions(1, 1.5, 1)
"""For the archive, beside what a webhook waits for anyway."""
QUEUE_SEND = CallOptions(1, 3, 1)
"""For the entries of a route with `delivery = "queued"`: what fails is stored in the retry queue."""
STORAGE_RETRY = CallOptions(1, 3, 2)
"""For storing what could not be delivered: two queues, two attempts each, within the time that deliver.py reserves."""


class AwsError(Exception):
    """AWS answered with an error, or not at all.

    `code` is AWS's, or the name of botocore's exception for a failure without an answer. `request_id` is AWS's own, by
    which its support finds the request; empty if there was no answer.
    """

    def __init__(self, code: str, message: str, request_id: str = "") -> None:
        self.code = code
        self.message = f"{message} (AWS request id {request_id})".lstrip() if request_id else message
        self.request_id = request_id
        super().__init__(f"{code}: {self.message}")


AwsCall = Callable[[Service, str, str, Mapping[str, Any], CallOptions], dict[str, Any]]
"""Call an operation ("PutPartnerEvents") of a service in a Region with parameters; return its answer.

Raise AwsError.
"""


AwsBegin = Callable[[Service, str, str, Mapping[str, Any], CallOptions], Callable[[], dict[str, Any]]]
"""Begin an operation, as AwsCall, and return how to wait for its answer: something else may be done meanwhile.

Both raise AwsError.
"""


class PlannedCall(NamedTuple):
    """A service in a Region that is going to be called, and the options of those calls."""

    service: Service
    region: str
    options: CallOptions


class WarmUp(Protocol):
    """Do in advance what the first of the planned calls would have to. Raise AwsError."""

    def __call__(self, planned: Sequence[PlannedCall], *, snapshot: bool) -> None:
        """Prepare; with `snapshot` the process is going to be frozen and restored many times (SnapStart)."""


class Transport(NamedTuple):
    """A way to call AWS."""

    call: AwsCall
    begin: AwsBegin
    warm_up: WarmUp
