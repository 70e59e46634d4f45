"""The service that these tests call."""

import pytest

from tests.integration.http.services import Service


@pytest.fixture
def service() -> Service:
    """Give a service without events."""
    return Service()
