"""Fixtures for the tests of the core."""

import pytest

from tests.unit.box_offices import World


@pytest.fixture
def world() -> World:
    """Give a box office without events."""
    return World()
