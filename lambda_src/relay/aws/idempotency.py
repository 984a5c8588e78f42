"""Accept each webhook once: its first response is remembered for 24 hours (Powertools Idempotency).

Powertools' persistence layer is imported with the first claim: only routes with `dedupe = true` make one.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from relay.aws.api import STORAGE_RETRY
from relay.errors import Conflict

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

REMEMBERED_SECONDS = 24 * 3600


class Claim(NamedTuple):
    """The right to process the webhook of `key`, unless there is a `first_response` to it.

    The key is empty if nothing is to be remembered.
    """

    key: str
    first_response: dict[str, Any] | None = None


class IdempotencyTable:
    """The first responses, in a DynamoDB table."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def claim(self, key: str, seconds_left: float) -> Claim:
        """Return the first response to `key`, or the right to process it for `seconds_left`: after a crash, the next.

        Raise Conflict while another request is processing it. If the table is unavailable, process the webhook: a
        duplicate event is better than a lost one.
        """
        if not key:
            return Claim("")
        from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError

        try:
            self._layer.save_inprogress({"key": key}, remaining_time_in_millis=int(seconds_left * 1000))
        except IdempotencyItemAlreadyExistsError as error:
            record = error.old_data_record
            if record is None or record.status != "COMPLETED":
                raise Conflict("The same webhook is already being processed.") from error
            return Claim(key, record.response_json_as_dict())
        except Exception:  # noqa: BLE001 - whatever is the matter with the table, the webhook is here
            return Claim("")
        return Claim(key)

    def complete(self, claim: Claim, response: dict[str, Any]) -> None:
        """Remember `response`. If that fails, a duplicate is a conflict until the claim expires, and accepted then."""
        if claim.key:
            with suppress(Exception):
                self._layer.save_success({"key": claim.key}, response)

    def release(self, claim: Claim) -> None:
        """Forget the claim, so that the sender can try again at once."""
        if claim.key:
            with suppress(Exception):
                # The layer only logs the exception's name.
                self._layer.delete_record({"key": claim.key}, Exception("rejected"))

    @cached_property
    def _layer(self) -> "DynamoDBPersistenceLayer":
        from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

        from relay.aws.boto3_clients import botocore_config

        layer = DynamoDBPersistenceLayer(
            table_name=self._environment["DEDUPE_TABLE"], boto_config=botocore_config(STORAGE_RETRY)
        )
        config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256")
        layer.configure(config, key_prefix="webhook")
        return layer
