"""Each webhook once: the sender's delivery id is kept for 24 hours, with the first answer (Powertools Idempotency).

Imported only where a route says `dedupe = true`; its table exists only then.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)

from relay.aws.api import STORAGE_RETRY
from relay.aws.boto3_clients import botocore_config
from relay.errors import Conflict, Rejected

KEPT_SECONDS = 24 * 3600

Answer = dict[str, Any]


def once(key: str, seconds_left: float, work: Callable[[], Answer]) -> tuple[Answer, bool]:
    """The answer of `work`, or the first answer that was given for `key`; and whether it is the first.

    Raises Conflict while the first is being worked on, for `seconds_left` at most: after a crash the next one works.
    Without the table every webhook is the first: duplicates can be told apart, what is lost cannot be found.
    """
    answers: list[Answer] = []
    rejections: list[Rejected] = []

    def run(key: str) -> Answer:  # noqa: ARG001 - what it is idempotent by
        try:
            answers.append(work())
        except Rejected as rejection:
            rejections.append(rejection)
            raise
        return answers[0]

    config = IdempotencyConfig(expires_after_seconds=KEPT_SECONDS, hash_function="sha256")
    # It wants all of Lambda's context, and asks it for the time that is left.
    config.register_lambda_context(_Left(seconds_left))  # type: ignore[arg-type]
    try:
        answer = idempotent_function(run, data_keyword_argument="key", persistence_store=_table(), config=config)(
            key=key
        )
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError) as error:
        raise Conflict("The same webhook is being taken at this moment.") from error
    except IdempotencyPersistenceLayerError:
        if rejections:
            raise rejections[0] from None
        return (answers[0] if answers else work()), True
    return answer, bool(answers)


@cache
def _table() -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=os.environ["DEDUPE_TABLE"], boto_config=botocore_config(STORAGE_RETRY))


class _Left:
    """How long the invocation may still take: what the library wants to know of Lambda's context."""

    def __init__(self, seconds: float) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds
