"""The service that the tests in this folder call."""

import pytest

from tests.integration.http.lines import Pace
from tests.integration.http.services import Service
from ticketing_service.capacity import line as line_module
from ticketing_service.capacity.line import Line


@pytest.fixture
def service() -> Service:
    """Give a service with nothing on sale yet."""
    return Service()


@pytest.fixture
def busy(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Give a service whose line lets nobody out, and lets nobody wait."""
    monkeypatch.setattr(line_module, "FEWEST_AHEAD", 0)
    monkeypatch.setattr(line_module, "AHEAD_SECONDS", 0.0)
    monkeypatch.setattr(line_module, "LONGEST_SECONDS", 0.0)
    service.rebuild(line=Line(1, pace=Pace()))
    return service
