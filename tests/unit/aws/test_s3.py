"""The URL of a claim check leads to the bucket in its own Region, whatever the Region."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.session
import pytest

from relay import process_cache
from relay.aws import s3

PARTITIONS = botocore.session.get_session().get_component("data_loader").load_data("partitions")["partitions"]
REGIONS = [
    (region, partition["outputs"]["dnsSuffix"])
    for partition in PARTITIONS
    for region in partition["regions"]
    if "global" not in region
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("OVERFLOW_BUCKET", "relay-overflow")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    process_cache.clear()
    yield
    process_cache.clear()


def test_without_credentials_there_is_no_url_and_the_webhook_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(OSError, match="credentials"):
        s3.presign("claims/1", 600)


def test_the_sweep_covers_every_partition() -> None:
    assert len(PARTITIONS) >= 8
    assert len(REGIONS) > 45


@pytest.mark.parametrize(("region", "suffix"), REGIONS, ids=[region for region, _ in REGIONS])
def test_a_presigned_url_is_regional_and_signed_for_its_region(
    region: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3's global host name redirects, or answers 400, for a bucket outside of us-east-1."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    url = urlsplit(s3.presign("claims/1", 600))
    assert (url.scheme, url.netloc, url.path) == ("https", f"relay-overflow.s3.{region}.{suffix}", "/claims/1")
    query = parse_qs(url.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["600"]
    assert query["X-Amz-Credential"][0].split("/")[2:] == [region, "s3", "aws4_request"]
