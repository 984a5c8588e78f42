"""The direct transport goes where botocore goes, and reads errors as botocore reads them."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st

from relay import call, direct, sdk
from relay.call import EVENTS, PARAMETER_STORE, SECRETS_MANAGER, Service

LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
# Regions that AWS runs for everybody, China and GovCloud; those for intelligence services go through the SDK.
REGIONS = [
    region
    for partition in PARTITIONS["partitions"]
    for region in partition["regions"]
    if partition["id"] in {"aws", "aws-cn", "aws-us-gov", "aws-eusc"} and "global" not in region
]


@pytest.mark.parametrize("service", [EVENTS, SECRETS_MANAGER, PARAMETER_STORE], ids=lambda service: service.name)
def test_every_region_has_botocores_endpoint(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    provider = EndpointProvider(LOADER.load_service_model(service.name, "endpoint-rule-set-1"), PARTITIONS)
    theirs = {
        region: provider.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False).url for region in REGIONS
    }
    assert len(theirs) > 35
    assert direct.suits({}, REGIONS)
    assert {region: direct.url(service, region) for region in REGIONS} == theirs


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
    assert call.chosen(call.DIRECT, ["us-east-1"]) is direct.call
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert call.chosen(call.DIRECT, ["us-east-1"]) is sdk.call


def test_a_region_of_a_partition_it_does_not_know_is_left_to_the_sdk() -> None:
    assert call.chosen(call.DIRECT, ["us-east-1", "xx-north-1"]) is sdk.call


def test_relay_toml_chooses_the_transport() -> None:
    assert call.chosen(call.BOTO3, ["us-east-1"]) is sdk.call


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
    mine = direct.refusal(status, body)
    assert (mine.code, mine.message) == (theirs["Code"], theirs["Message"])
