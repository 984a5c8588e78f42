"""Unit tests reach no network: the pure steps need none."""

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Fail a test whose step opens a socket."""
    disable_socket()
