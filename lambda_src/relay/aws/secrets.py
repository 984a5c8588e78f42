"""The adapter to the secrets: Secrets Manager and Parameter Store.

A webhook may be accepted with a copy of a secret that is five minutes old, but rejected only with one of the last five
seconds. So a rotation takes effect within five seconds whatever strangers post, and a name costs at most one call in
five seconds.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

from relay.auth.constant_time import any_equal
from relay.auth.secret_ref import SSM
from relay.aws.api import PARAMETER_STORE, SECRETS_MANAGER, STANDARD_RETRY, AwsCall, AwsError, Service
from relay.errors import Unauthorized, Unavailable
from relay.recent import RecentValues

MAX_AGE_SECONDS = 300
"""The seconds that a value that was replaced or deleted may still authenticate webhooks."""
REFUSE_SECONDS = 5
"""The seconds that a value that was added may still be unknown."""
MAX_NAMES = 1000  # with a secret for each customer, a stranger chooses names

_NOT_FOUND = {"ResourceNotFoundException", "ParameterNotFound"}
_OTHER_VALUE_EXISTS = "ResourceExistsException"


class SecretStore:
    """The secrets, with the values that this function has read. `clock` returns the time of day in seconds."""

    def __init__(self, call: AwsCall, clock: Callable[[], float] = time.time) -> None:
        self._call = call
        # Two caches, so that names that a stranger makes up do not crowd out the secrets that exist.
        self._existing: RecentValues[list[str]] = RecentValues(clock)
        self._missing: RecentValues[list[str]] = RecentValues(clock, MAX_NAMES)
        self._errors: RecentValues[str] = RecentValues(clock, MAX_NAMES)

    def read(self, name: str) -> list[str]:
        """Return the active values of a secret: one, or more while it is rotated; none if it does not exist.

        Raise Unavailable if the secret cannot be read: nothing is accepted, and the sender should try again.
        """
        values = self._existing.get(name, MAX_AGE_SECONDS)
        return self.refresh(name) if values is None else values

    def refresh(self, name: str) -> list[str]:
        """Return the active values, read less than five seconds ago, as a rejection requires.

        Raise Unavailable as `read` does, and without another call for five seconds.
        """
        for cache in (self._existing, self._missing):
            if (values := cache.get(name, REFUSE_SECONDS)) is not None:
                return values
        if reason := self._errors.get(name, REFUSE_SECONDS):
            raise _unavailable(f"{reason}, a moment ago")
        values = active_values(self._stored(name))
        self._remember(name, values)
        return values

    def enroll(self, name: str, value: str) -> None:
        """Store the first value of a secret; do nothing if that value is stored already.

        Raise Unauthorized if the secret has another value, Unavailable if it cannot be read or stored now.
        """
        # Not from the cache: an operator may have set the secret a moment ago.
        if (stored := self._stored(name)) is None:
            try:
                self._invoke(SECRETS_MANAGER, "PutSecretValue", _first_version(name, value))
                stored = value
            except AwsError as error:
                if error.code != _OTHER_VALUE_EXISTS:
                    raise Unavailable("The secret could not be stored.", reason=f"secret {name}: {error}") from error
        values = active_values(stored)
        if not any_equal([existing.encode("utf-8", "surrogatepass") for existing in values], [value.encode()]):
            raise Unauthorized("enrollment is closed: the secret has another value")
        self._remember(name, values)

    def _stored(self, name: str) -> object:
        """Return the stored value; None if there is no such secret, or no value yet. Raise Unavailable."""
        try:
            return self._value(name)
        except AwsError as error:
            if error.code in _NOT_FOUND:
                return None
            reason = f"secret {name}: {error}"
            self._errors.put(name, reason)
            raise _unavailable(reason) from error

    def _remember(self, name: str, values: list[str]) -> None:
        cache, other = (self._existing, self._missing) if values else (self._missing, self._existing)
        other.forget(name)
        cache.put(name, values)

    def _value(self, name: str) -> object:
        if name.startswith(SSM):
            parameters = {"Name": name.removeprefix(SSM), "WithDecryption": True}
            return (self._invoke(PARAMETER_STORE, "GetParameter", parameters).get("Parameter") or {}).get("Value")
        # For a secret that has no value yet, AWS answers "not found"; the local AWS leaves the value out.
        answer = self._invoke(SECRETS_MANAGER, "GetSecretValue", {"SecretId": name})
        text, binary = answer.get("SecretString"), answer.get("SecretBinary")
        # The binary is in base64, unless boto3 has decoded it.
        return text if text is not None else base64.b64decode(binary) if isinstance(binary, str) else binary

    def _invoke(self, service: Service, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._call(service, os.environ["AWS_REGION"], operation, parameters, STANDARD_RETRY)


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("The webhook cannot be verified now.", reason=reason)


def _first_version(name: str, value: str) -> dict[str, Any]:
    """Return the parameters of PutSecretValue with which the first of two simultaneous calls wins.

    The token becomes the version's id, and a version cannot be changed. With a token that depends on the name alone,
    AWS ignores the same value and refuses another one with ResourceExistsException.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    """
    token = hashlib.sha256(name.encode()).hexdigest()  # 64 characters, the most that AWS takes
    return {"SecretId": name, "SecretString": value, "ClientRequestToken": token}


def active_values(value: object) -> list[str]:
    """Return the values in a stored secret: a text, or a JSON list of texts."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        return []
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    if isinstance(parsed, list):
        return [text for text in parsed if isinstance(text, str)]
    return [value]
