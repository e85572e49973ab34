"""A migration without a statement: it is said so wherever it comes along."""

from collections.abc import Callable

import pytest

from berceau.migration.codes import Code
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.history.check import check

NAME = "20260101000000_later"
POST = "class Post(db.Entity):\n    title = Required(str)\n"


@pytest.fixture
def codes(settings, database, declare, cache) -> Callable[..., list[str]]:
    def codes(entities: str) -> list[str]:
        return [
            each.code
            for each in check(database.migration_url, declare(entities), settings.migrations, cache)
        ]

    return codes


def test_create_only_writes_one_to_fill_where_nothing_else_is_to_do(
    migrate, settings, database, codes, query
) -> None:
    migrate(POST)
    written = migrate(POST, create_only=True, name="fill").written
    (_, migration) = migration_directory.read(settings.migrations)
    assert migration.name == written
    assert migration.is_empty
    assert not migration.undoing
    assert codes(POST) == [Code.EMPTY]
    file = settings.migrations / written / "migration.sql"
    file.write_text(f"{file.read_text()}INSERT INTO post (title) VALUES ('first');\n")
    assert codes(POST) == []
    assert deploy(database.migration_url, migration_directory.read(settings.migrations)) == (
        written,
    )
    assert query("SELECT title FROM post") == [("first",)]


@pytest.mark.parametrize("text", ["", "\n", "-- later\n", "/* a\nb */;;\n", "\ufeff"])
def test_a_deploy_says_that_one_has_no_statement(settings, database, codes, text) -> None:
    (settings.migrations / NAME).mkdir(parents=True)
    (settings.migrations / NAME / "migration.sql").write_text(text)
    (settings.migrations / "HEAD").write_text(NAME)
    assert codes("") == [Code.EMPTY]
    said: list[str] = []
    assert deploy(
        database.migration_url, migration_directory.read(settings.migrations), said.append
    ) == (NAME,)
    assert said == [f"applying {NAME}, which has no statement"]
    assert codes("") == [], "what is applied can't be changed any more"


def test_python_is_a_statement(settings) -> None:
    (settings.migrations / NAME).mkdir(parents=True)
    (settings.migrations / NAME / "migration.sql").write_text("")
    (settings.migrations / NAME / "data.py").write_text("def migrate(connection):\n    pass\n")
    (migration,) = migration_directory.read(settings.migrations)
    assert not migration.is_empty
