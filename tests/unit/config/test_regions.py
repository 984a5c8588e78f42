"""A Region that does not exist is a mistake, and the Region that was probably meant is suggested."""

import botocore.session
import pytest

from relay.config.regions import REGIONS, region_problem


def test_the_regions_are_those_that_botocore_knows() -> None:
    data = botocore.session.get_session().get_component("data_loader").load_data("partitions")
    known = {name for partition in data["partitions"] for name in partition["regions"] if "global" not in name}
    assert known == REGIONS


@pytest.mark.parametrize(
    ("region", "problem"),
    [
        ("us-east-1", None),
        ("us-esat-1", 'expected an AWS Region (did you mean "us-east-1"?)'),
        ("us-est-1", 'expected an AWS Region (did you mean "us-east-1" or "us-west-1"?)'),
        ("us-east1", 'expected an AWS Region (did you mean "us-east-1"?)'),
        ("US-EAST-1", 'expected an AWS Region (did you mean "us-east-1"?)'),
        ("us-west-3", 'expected an AWS Region (did you mean "us-west-2"?)'),
        ("Frankfurt", 'expected an AWS Region such as "us-east-1"'),
        ("", 'expected an AWS Region such as "us-east-1"'),
    ],
)
def test_an_unknown_region_is_answered_with_the_nearest(region: str, problem: str | None) -> None:
    assert region_problem(region) == problem
