"""Which transport calls AWS."""

import pytest

from relay.aws import boto3_transport, http_transport
from relay.aws.transport import choose_transport


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://vpce.example"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_CONFIG_FILE": "/etc/aws"},
        {"AWS_ENDPOINT_URL": "https://gateway.example/aws"},
        {"AWS_PROFILE": "partner"},
        {"HTTPS_PROXY": "http://proxy.example:3128"},
        {"https_proxy": "http://proxy.example:3128"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_what_only_the_sdk_knows_is_left_to_it(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_transport(["us-east-1"], always_boto3=False).call is http_transport.call
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_transport(["us-east-1"], always_boto3=False).call is boto3_transport.call


@pytest.mark.parametrize(
    "region", ["xx-north-1", "eu-isoe-west-1", "us-iso-east-1", "us-isob-east-1", "us-isof-east-1"]
)
def test_a_region_of_a_partition_it_does_not_serve_is_left_to_the_sdk(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose_transport(["us-east-1", region], always_boto3=False).call is boto3_transport.call
    monkeypatch.setenv("AWS_REGION", region)  # where the secrets are
    assert choose_transport(["us-east-1"], always_boto3=False).call is boto3_transport.call


def test_relay_toml_chooses_the_transport() -> None:
    assert choose_transport(["us-east-1"], always_boto3=True).call is boto3_transport.call
