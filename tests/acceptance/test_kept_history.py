"""Commands of history keep true what is kept for the running release."""

from dataclasses import replace

import pytest

from berceau.migration.kept import kept_by
from berceau.schema.kept import Kept, Kind
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import ZERO, down
from berceau.workflows.deploy.status import status
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from berceau.workflows.shared.cache import SchemaCache

pytestmark = pytest.mark.slow

BEFORE = """
class Tag(db.Entity):
    name = Required(str)
class Post(db.Entity):
    title = Required(str)
    rating = Required(int)
"""
AFTER = "class Post(db.Entity):\n    title = Required(str)\n    note = Optional(str)\n"
KEPT = {
    Kept(Kind.COLUMN, ("post", "rating")),
    Kept(Kind.DEFAULT, ("post", "note")),
    Kept(Kind.TABLE, ("tag",)),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


def test_a_squash_keeps_and_ends(migrate, read, settings, database, declare, finding) -> None:
    migrate(BEFORE, name="before")
    migrate(AFTER, name="after")
    squashed = squash(database.migration_url, settings.migrations, "all").migration
    assert set(squashed.header.keeps) == KEPT
    assert finding(AFTER) == ""
    assert not status(
        database.migration_url, declare(AFTER), read(), SchemaCache(settings.cache)
    ).drift
    migrate(AFTER, contract=True, allow_data_loss=True)
    assert finding(AFTER) == ""
    squashed = squash(database.migration_url, settings.migrations, "again").migration
    assert squashed.header.keeps == squashed.header.ends == ()
    assert finding(AFTER) == ""


def test_what_is_undone_can_be_done_again(migrate, read, database, query, dumped, finding) -> None:
    migrate(BEFORE, name="before")
    query("INSERT INTO post (title, rating) VALUES ('a', 1)")
    states = [dumped()]
    migrate(AFTER, name="after")
    states.append(dumped())
    migrate(AFTER, name="end", contract=True, allow_data_loss=True)
    states.append(dumped())
    names = [migration.name for migration in read()]
    down(database.migration_url, read(), names[1], allow_data_loss=True)
    assert dumped() == states[1]
    query("UPDATE post SET rating = 1")  # what ended is gone: rows need a value again
    down(database.migration_url, read(), names[0], allow_data_loss=True)
    assert dumped() == states[0]
    assert [each[15:] for each in deploy(database.migration_url, read())] == ["after", "end"]
    assert dumped() == states[2]
    query("DELETE FROM post")
    down(database.migration_url, read(), ZERO, allow_data_loss=True)
    assert finding(AFTER) == ""


def test_branches_keep_side_by_side(migrate, read, settings, database, finding) -> None:
    migrate(BEFORE, name="before")
    migrate(BEFORE.replace("rating = Required(int)", "note = Optional(str)"), name="one")
    (first, one) = read()
    down(database.migration_url, read(), first.name, allow_data_loss=True)
    (settings.migrations / one.name).rename(settings.root / one.name)
    migration_directory.point_head(settings.migrations)
    migrate(BEFORE.partition("class Post")[2].join(("class Post", "")), name="two")
    (settings.root / one.name).rename(settings.migrations / one.name)
    rebase(database.migration_url, settings.migrations, one.name)
    deploy(database.migration_url, read())
    assert kept_by(read()).keys() == KEPT
    assert finding(AFTER) == ""
