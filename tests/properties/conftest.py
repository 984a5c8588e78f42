"""Property tests reach no network: the pure steps need none. A slow machine is not a counterexample."""

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


@pytest.fixture(autouse=True)
def no_network() -> None:
    """A step that opens a socket fails its test."""
    disable_socket()
