"""A command line in an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.integration.cli.commands import Run
from tests.integration.cli.processes import SECRET
from tests.integration.cli.sold import Seller, selling
from tests.support.sandbox import checked_sandbox
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


@pytest.fixture
def seller(migrated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seller]:
    """Give who sells at a checked sandbox that the commands use, too."""
    del migrated
    with checked_sandbox() as running, selling(tmp_path, running, monkeypatch) as seller:
        yield seller
