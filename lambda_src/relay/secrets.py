"""The adapter to the secrets: Secrets Manager and Parameter Store, cached by Powertools for 300 s."""

import json

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from relay.aws import CONFIG
from relay.config import SSM
from relay.errors import Unavailable

_NOT_THERE = {"ResourceNotFoundException", "ParameterNotFound"}

_secrets_manager = SecretsProvider(boto_config=CONFIG)
_parameter_store = SSMProvider(boto_config=CONFIG)


def read(name: str) -> list[str]:
    """The active values: one text, or a JSON list of texts while one is rotated. None if there is no such secret.

    Raises Unavailable if the secret cannot be read: the sender should try again, and nothing is let through.
    """
    try:
        if name.startswith(SSM):
            value = _parameter_store.get(name.removeprefix(SSM), decrypt=True)
        else:
            value = _secrets_manager.get(name)
    except GetParameterError as error:
        cause = error.__context__
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
