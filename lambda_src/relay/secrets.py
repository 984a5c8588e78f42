"""The adapter to the secrets: Secrets Manager and Parameter Store, cached by Powertools for 300 s."""

import json
import time
from functools import cache

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import BotoCoreError, ClientError

from relay.aws import CONFIG
from relay.errors import Unavailable
from relay.secret_name import SSM

REFRESH_SECONDS = 30

MAX_MISSING = 1000

_refreshed: dict[str, float] = {}
_missing: dict[str, float] = {}
_NOT_THERE = {"ResourceNotFoundException", "ParameterNotFound"}


@cache
def _secrets_manager() -> SecretsProvider:
    # With its client, a tenth of a cold start: made when the first secret is read, and only the store that has it.
    return SecretsProvider(boto_config=CONFIG)


@cache
def _parameter_store() -> SSMProvider:
    return SSMProvider(boto_config=CONFIG)


def read(name: str) -> list[str]:
    """The active values: one text, or a JSON list of texts while one is rotated. None if there is no such secret.

    Raises Unavailable if the secret cannot be read: the sender should try again, and nothing is let through.
    A name that there is not is not asked for again for 30 s: with a secret for each customer, a stranger chooses names.
    """
    now = time.monotonic()
    if now - _missing.get(name, -REFRESH_SECONDS) < REFRESH_SECONDS:
        return []
    values = _fetch(name, force_fetch=False)
    if not values:
        if len(_missing) >= MAX_MISSING:
            _missing.clear()
        _missing[name] = now
    return values


def refresh(name: str) -> list[str]:
    """The values as they are now; none if they were refreshed less than 30 s ago.

    A rotation needs no deployment, and who posts bad signatures cannot make the relay hammer Secrets Manager.
    """
    now = time.monotonic()
    if now - _refreshed.get(name, -REFRESH_SECONDS) < REFRESH_SECONDS:
        return []
    _refreshed[name] = now
    _missing.pop(name, None)
    return _fetch(name, force_fetch=True)


def enrol(name: str, value: str) -> None:
    """Store the first value of a secret. Raises Unavailable if that fails: the sender should try again."""
    _missing.pop(name, None)
    try:
        _secrets_manager().client.put_secret_value(SecretId=name, SecretString=value)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable("The secret could not be stored.", reason=f"secret {name}: {error}") from error


def _fetch(name: str, *, force_fetch: bool) -> list[str]:
    try:
        if name.startswith(SSM):
            value = _parameter_store().get(name.removeprefix(SSM), decrypt=True, force_fetch=force_fetch)
        else:
            value = _secrets_manager().get(name, force_fetch=force_fetch)
    except GetParameterError as error:
        cause = error.__context__
        # A secret that has no value yet: AWS answers that it is not found, the local AWS without a value.
        if isinstance(cause, KeyError):
            return []
        if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in _NOT_THERE:
            return []
        raise Unavailable("The webhook cannot be verified now.", reason=f"secret {name}: {error}") from error
    return _values(value)


def _values(value: object) -> list[str]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return []
    try:
        several = json.loads(value)
    except ValueError:
        return [value]
    if isinstance(several, list):
        return [one for one in several if isinstance(one, str)]
    return [value]
