"""A trigger of a newer Berceau, whose rules this one can't read, is left as it is."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema.diff import create
from berceau.schema.model import EMPTY, Column, PrimaryKey, Schema, Table
from berceau.schema.order import order
from berceau.schema.planning import steps_between
from berceau.schema.preserve import keep
from berceau.schema.release import fits
from berceau.schema.rename_changes import moves
from berceau.schema.renames import Kind, Rename
from berceau.schema.sql import to_statements
from berceau.schema.sync import Computed, SyncTrigger
from tests.conftest import cases

ID = Column("id", "integer", not_null=True)
TITLE, SLUG = Column("title", "text"), Column("slug", "text", not_null=True)
POST = Table("post", (ID, TITLE, SLUG), PrimaryKey("post_pkey", ("id",)))
RULES = SyncTrigger(fills=(Computed("slug", "lower(title)"),))


@pytest.fixture
def newer(connection: Connection) -> Schema:
    """A table whose trigger has rules in a form that isn't known, and fills ``slug``."""
    made = Schema(tables=(replace(POST, sync_trigger=RULES),))
    execute_statements(connection, to_statements(order(create(made))))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('post_berceau_sync'::regproc)")
        ((definition,),) = cursor.fetchall()
        text = definition.replace("sync 1: [[], [[", "sync 2: {[[")
        assert text != definition
        cursor.execute(text)
    return catalog.read(connection)


def test_it_is_read_and_stays(connection, newer) -> None:
    (table,) = newer.tables
    assert table.sync_trigger is not None
    assert table.sync_trigger.unknown.startswith('2: {[["slug", "lower(title)"]')
    declared = Schema(tables=(replace(POST, columns=(*POST.columns, Column("note", "text"))),))
    steps = steps_between(newer, keep(newer, declared))
    execute_statements(connection, to_statements(steps))
    (after,) = catalog.read(connection).tables
    assert after.sync_trigger == table.sync_trigger


def test_a_release_may_run_on_what_it_fills(newer) -> None:
    release = Schema(tables=(replace(POST, columns=(ID, TITLE)),))
    assert fits(release, newer) == ()
    assert fits(release, Schema(tables=(POST,))) != ()


@cases(
    "after",
    {
        "no such trigger": Schema(tables=(POST,)),
        "other rules": Schema(tables=(replace(POST, sync_trigger=RULES),)),
        "no such table": EMPTY,
    },
    quick=1,
)
def test_whoever_would_change_it_needs_the_newer_one(newer, after) -> None:
    with pytest.raises(MigrationError, match="post_berceau_sync would change with post") as bad:
        to_statements(steps_between(newer, after))
    assert "Upgrade Berceau" in bad.value.cure


def test_what_it_names_stays(newer) -> None:
    fewer = Schema(tables=(replace(POST, columns=(ID, SLUG)),))
    with pytest.raises(MigrationError, match="post_berceau_sync names title, which would change"):
        keep(newer, fewer)
    rename = Rename(Kind.COLUMN, "post", "title", "headline")
    with pytest.raises(MigrationError, match="names title, which would change"):
        moves(newer, [rename])
