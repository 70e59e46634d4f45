"""The wheel that all tests here install."""

from pathlib import Path

import pytest

from tests.integration.packaging.distributions import ROOT, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build(ROOT, target="wheel", into=tmp_path_factory.mktemp("wheel"))
