"""The signature is botocore's, whatever is signed, by whom and where."""

import json
from datetime import UTC, datetime
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from relay.aws import sigv4
from relay.aws.sigv4 import Credentials
from tests.properties.strategies import values

NAME = st.from_regex(r"[a-z]{1,12}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)
KEY = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", min_size=1, max_size=400)
TIMES = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    body=values.map(lambda value: json.dumps(value).encode()),
    region=NAME,
    service=NAME,
    keys=st.tuples(KEY, KEY, st.none() | KEY),
    target=st.from_regex(r"[A-Za-z]{1,20}\.[A-Za-z]{1,20}", fullmatch=True),
    port=st.sampled_from(["", ":4566"]),
    now=TIMES,
)
def test_what_is_signed_is_signed_as_botocore_would(
    body: bytes, region: str, service: str, keys: tuple[str, str, str | None], target: str, port: str, now: datetime
) -> None:
    host = f"{service}.{region}.amazonaws.com{port}"
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-target": target}
    mine = sigv4.sign_headers(headers, body, (region, service), Credentials(*keys), now)
    request = AWSRequest("POST", f"https://{host}/", headers={**headers}, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        SigV4Auth(BotocoreCredentials(*keys), service, region).add_auth(request)
    theirs = {name.lower(): value for name, value in request.headers.items()}
    assert mine == theirs
