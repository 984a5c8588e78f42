"""The direct transport goes where botocore goes, or leaves it to boto3, and reads errors as botocore reads them."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st

from relay.aws import boto3_transport, endpoints, http_transport
from relay.aws.api import EVENTS, PARAMETER_STORE, SECRETS_MANAGER, Service
from relay.aws.connection import HttpResponse
from relay.aws.transport import choose_transport

LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
REGIONS = [
    (partition["id"], region)
    for partition in PARTITIONS["partitions"]
    for region in partition["regions"]
    if "global" not in region
]
# Partitions for everybody, China, GovCloud and the European sovereign cloud; those for intelligence services go
# through boto3.
SERVED = {"aws", "aws-cn", "aws-us-gov", "aws-eusc"}


@pytest.mark.parametrize("service", [EVENTS, SECRETS_MANAGER, PARAMETER_STORE], ids=lambda service: service.name)
def test_every_region_of_every_partition_has_botocores_endpoint_or_is_left_to_boto3(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    provider = EndpointProvider(LOADER.load_service_model(service.name, "endpoint-rule-set-1"), PARTITIONS)
    assert len(REGIONS) > 45
    for partition, region in REGIONS:
        theirs = provider.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False).url
        served = endpoints.supports({}, [region])
        assert served is (partition in SERVED), region
        assert not served or endpoints.endpoint_url(service.name, region) == theirs


def test_no_endpoint_is_made_up_for_a_region_that_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(ValueError, match="eu-isoe-west-1"):
        endpoints.endpoint_url("events", "eu-isoe-west-1")


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


TEXTS = st.text(max_size=12)
BODIES = st.one_of(
    st.binary(max_size=40).map(lambda noise: b"{" + noise),
    st.sampled_from([b"", b" ", b"<html><body>Http/1.1 Service Unavailable</body></html>", b"not JSON"]),
    st.fixed_dictionaries(
        {},
        optional={
            "__type": st.one_of(
                TEXTS, st.sampled_from(["a.b#ThrottlingException", "ThrottlingException:http://x", "ns#A:b"])
            ),
            "message": TEXTS,
            "Message": TEXTS,
        },
    ).map(lambda body: json.dumps(body).encode()),
)


def is_text(body: bytes) -> bool:
    """Botocore's parser raises UnicodeDecodeError for the rest."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(status=st.sampled_from([400, 403, 404, 413, 429, 500, 502, 503, 599]), body=BODIES.filter(is_text))
def test_an_error_is_read_as_botocore_reads_it(status: int, body: bytes) -> None:
    parser: Any = JSONParser()
    theirs = parser.parse({"status_code": status, "headers": {}, "body": body}, None)["Error"]
    mine = http_transport.parse_error(HttpResponse(status, {}, body))
    assert (mine.code, mine.message) == (theirs["Code"], theirs["Message"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "ThrottlingException"),
        (b'{"message":"slow"}', "ThrottlingException"),
        (b"<html></html>", "ThrottlingException"),
        (b'{"__type":"a#OtherException"}', "OtherException"),
    ],
)
@pytest.mark.parametrize("status", [400, 503])
def test_an_error_whose_body_does_not_name_it_is_what_its_header_says(status: int, body: bytes, code: str) -> None:
    headers = {"x-amzn-ErrorType": "aws.events#ThrottlingException:http://internal.amazon.com/"}
    assert http_transport.parse_error(HttpResponse(status, headers, body)).code == code


def test_an_error_carries_the_request_id_that_support_asks_for() -> None:
    body = b'{"__type":"ThrottlingException","message":"slow"}'
    failed = http_transport.parse_error(HttpResponse(400, {"x-amzn-RequestId": "1-2"}, body))
    assert failed.request_id == "1-2"
    assert (failed.message, str(failed)) == (
        "slow (AWS request id 1-2)",
        "ThrottlingException: slow (AWS request id 1-2)",
    )
