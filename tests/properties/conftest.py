"""Property tests reach no network: the pure steps need none."""

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def no_network() -> None:
    """A step that opens a socket fails its test."""
    disable_socket()
