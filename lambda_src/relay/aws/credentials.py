"""Get the function's credentials: those of its role from the environment, or those that botocore finds."""

import os
from typing import TYPE_CHECKING

from relay import process_cache
from relay.aws.api import AwsError
from relay.aws.sigv4 import Credentials

if TYPE_CHECKING:
    from botocore.credentials import Credentials as Provider


def get_credentials() -> Credentials:
    """Return credentials that are valid now. Raise AwsError if there are none.

    Lambda sets them in the environment; after SnapStart, and outside of Lambda, botocore finds and renews them.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))
    from botocore.exceptions import BotoCoreError

    try:
        frozen = _provider().get_frozen_credentials()  # renewed before they expire
    except BotoCoreError as error:
        raise AwsError(type(error).__name__, str(error)) from error
    return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)


@process_cache.once
def _provider() -> "Provider":
    """Return the provider of the credentials. Raise NoCredentialsError, which is not cached: they may come later."""
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    provider = get_session().get_credentials()
    if provider is None:
        raise NoCredentialsError
    return provider
