"""A program of a version that does not exist yet: it has migrations on top of the real ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.config import Config

from ticketing_adapters.sql import revisions, schema

NEWEST = schema.VERSIONS[0]
NUMBER = NEWEST.partition(schema.FOR_PROGRAMS_SINCE)[0]

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}

def upgrade():
    op.add_column("tickets", sa.Column("c{number}", sa.Text()))
    op.create_table("t{number}", sa.Column("only", sa.Integer(), primary_key=True))

def downgrade():
    op.drop_table("t{number}")
    op.drop_column("tickets", "c{number}")
"""


@contextmanager
def newer_program(*versions: str, folder: Path, migration: str = MIGRATION) -> Iterator[None]:
    """Be a program that has these migrations on top of the real ones."""
    before = NEWEST
    for number, revision in enumerate(versions):
        made = migration.format(revision=revision, before=before, number=number)
        (folder / f"{revision}.py").write_text(made)
        before = revision
    real = revisions.config

    def config() -> Config:
        made = real()
        own = Path(schema.__file__).parent / "migrations" / "versions"
        made.set_main_option("path_separator", "newline")
        made.set_main_option("version_locations", f"{own}\n{folder}")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revisions, "config", config)
        patch.setattr(schema, "VERSIONS", (*reversed(versions), *schema.VERSIONS))
        yield
