"""How the reconciler divides its minute, and which sources belong to nobody."""

import subprocess
import sys
from datetime import timedelta

import pytest

from tests.conftest import Load
from tests.destination_handlers import reconciler
from tests.unit.destinations.destinations import NOW, destination
from tests.unit.pipeline.customers_world import TOML


@pytest.mark.parametrize("second", [0, 29, 59])
def test_a_run_that_sweeps_and_lists_names_has_time_for_it_however_many_sources_there_are(second: int) -> None:
    begun = NOW.replace(minute=10, second=second)
    looks_end, ends = reconciler.times(begun)
    assert ends
    assert ends - looks_end == timedelta(seconds=reconciler.TEN_MINUTE_TASKS_SECONDS)
    assert ends - begun == timedelta(seconds=50)


def test_every_other_run_looks_for_all_of_its_time() -> None:
    for minute in (9, 11, 59):
        begun = NOW.replace(minute=minute)
        assert reconciler.times(begun) == (begun + timedelta(seconds=50), None)


def test_a_source_of_a_destination_that_was_connected_while_names_were_listed_is_no_orphan() -> None:
    there, new = destination(), destination(customer="c43", source="aws.partner/acme.example/c43/prod-new")
    names = [(found.aws_region, found.source) for found in (there, new)]
    assert reconciler.orphans(names, [there], lambda: [there, new]) == []


def test_a_source_of_nobody_is_an_orphan_and_so_is_one_in_another_region() -> None:
    there = destination()
    names = [("us-east-1", there.source), ("eu-west-1", there.source), ("us-east-1", "aws.partner/acme.example/x/y")]
    assert reconciler.orphans(names, [there], lambda: [there]) == [
        f"eu-west-1 {there.source}",
        "us-east-1 aws.partner/acme.example/x/y",
    ]


def test_the_registry_is_read_once_more_only_for_names_that_are_not_known() -> None:
    there = destination()
    assert reconciler.orphans([(there.aws_region, there.source)], [there], list) == []


def test_a_region_that_relay_toml_does_not_name_any_more_is_reconciled_while_it_has_destinations(load: Load) -> None:
    config = load(TOML)
    assert reconciler.regions_of(config, []) == {"us-east-1", "eu-west-1"}
    assert reconciler.regions_of(config, [destination(aws_region="ap-south-1")]) == {*config.regions, "ap-south-1"}


def test_the_reconciler_and_the_releaser_do_without_the_libraries_of_the_control_api() -> None:
    program = "import sys; sys.modules.update(jwt=None, pydantic=None); import relay.bootstrap_destinations"
    subprocess.run([sys.executable, "-c", program], check=True)
