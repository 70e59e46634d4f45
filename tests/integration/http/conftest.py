"""The service that the tests in this folder call."""

import pytest

from tests.integration.http.services import Service


@pytest.fixture
def service() -> Service:
    """Give a service with nothing on sale yet."""
    return Service()
