"""The page of a customer who has one destination."""

import pytest

from tests.unit.control.world import World
from tests.unit.destinations.destinations import destination
from tests.unit.page.browser import Site


@pytest.fixture
def world() -> World:
    return World(destination())


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)
