"""The version that serves and the one after it, whose migration is the next one."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from attrs import frozen
from sqlalchemy import Engine

from tests.support.newer_program import NEWEST, NUMBER, newer_program
from ticketing_adapters.sql import migrate
from ticketing_adapters.sql.schema import migrate_back

HEADER_SECONDS = 3
"""How long a process keeps an idle connection, and so how long it goes on when it has handed over.
It is ten in production, and a hundred restarts would take most of an hour."""

_ROOT = Path(__file__).parents[2]
_NEXT = f"9001_for_{NUMBER}"


@frozen(kw_only=True)
class Version:
    """A version of the program. Its folder has what the next one migrates, if it is that."""

    is_next: bool
    folder: Path

    @property
    def program(self) -> Sequence[str]:
        """Its `ticketing serve`."""
        code = f"""
import sys
sys.path.append({str(_ROOT)!r})
from pathlib import Path
from tests.restarts.versions import Version
Version(is_next={self.is_next}, folder=Path({str(self.folder)!r})).run()
"""
        return [sys.executable, "-c", code, "serve"]

    def run(self) -> None:
        """Be this program in a process of its own."""
        from ticketing_service import cli  # noqa: PLC0415 - only the process of the service needs it
        from ticketing_service.serving import server  # noqa: PLC0415 - as above

        server.HEADER_SECONDS = HEADER_SECONDS
        with newer_program(_NEXT, folder=self.folder) if self.is_next else nullcontext():
            cli.main()


def migrate_to_next(engine: Engine, folder: Path) -> None:
    """Migrate as the next version does, which adds a column and a table."""
    with newer_program(_NEXT, folder=folder):
        migrate(engine)


def migrate_to_present(engine: Engine, folder: Path) -> None:
    """Take back what the next version has migrated."""
    with newer_program(_NEXT, folder=folder):
        migrate_back(engine, to=NEWEST)
