"""The Regional endpoints are botocore's."""

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from relay.aws import endpoints
from relay.aws.api import EVENTS, PARAMETER_STORE, SECRETS_MANAGER, Service

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
