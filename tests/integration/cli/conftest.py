"""A command line in an empty folder."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.integration.cli.commands import Run
from tests.integration.cli.processes import SECRET
from ticketing_service.cli import main
from ticketing_service.settings import PREFIX


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Give a function that runs a command in an empty folder with only a JWT secret set."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "STRIPE_SECRET_KEY", "JWT_PUBLIC_KEY_FILE", "JWT_JWKS_FILE"):
        monkeypatch.delenv(PREFIX + name, raising=False)
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


@pytest.fixture
def migrated(run: Run) -> Run:
    """Give the same with a migrated database."""
    assert run("migrate").exit_code == 0
    return run
