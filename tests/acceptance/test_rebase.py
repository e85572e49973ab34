"""``rebase`` moves what can be moved, with proof, and says what to do where it can't."""

from collections.abc import Callable

import pytest

from berceau.errors import HistoryError, MigrationError
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.history.rebase import rebase

BASE, ONE, TWO, THREE = (f"2026010{n}000000_{name}" for n, name in enumerate("abcd", 1))
TABLE = "CREATE TABLE t (a int);"


@pytest.fixture
def line(settings) -> Callable[..., None]:
    """Return a function that writes a migration, with its parent and how to undo it."""

    def write(name: str, parent: str, sql: str, down: str = "") -> None:
        folder = settings.migrations / name
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(f"-- Parent: {parent}\n\n{sql}\n")
        (folder / "down.sql").write_text(down)

    write(BASE, "none", TABLE, "DROP TABLE t;")
    return write


def names(read) -> list[tuple[str, str]]:
    return [(migration.name[15:], migration.header.parent[15:]) for migration in read()]


def test_a_branch_of_several_moves_whole(line, read, settings, database) -> None:
    line(ONE, BASE, "ALTER TABLE t ADD b int;")
    line(TWO, BASE, "ALTER TABLE t ADD c int;")
    line(THREE, ONE, "ALTER TABLE t ADD d int;")
    moves = rebase(database.migration_url, settings.migrations, THREE).moves
    assert [before.name for before, _ in moves] == [ONE, THREE]
    assert names(read) == [("a", ""), ("c", "a"), ("b", "c"), ("d", "b")]
    assert len(deploy(database.migration_url, read())) == 4


def test_three_branches_become_one_line(line, read, settings, database) -> None:
    for name in (ONE, TWO, THREE):
        line(name, BASE, f"ALTER TABLE t ADD {name[15:]} int;")
    rebase(database.migration_url, settings.migrations)
    assert names(read)[0] == ("a", "")
    parents = [parent for _, parent in names(read)]
    assert len(set(parents)) == 4


def test_a_down_that_no_longer_fits_is_made_again(line, read, settings, database) -> None:
    line(ONE, BASE, "ALTER TABLE t ALTER a TYPE numeric;", "ALTER TABLE t ALTER a TYPE int;")
    line(TWO, BASE, "ALTER TABLE t ALTER a TYPE bigint;", "ALTER TABLE t ALTER a TYPE int;")
    rebase(database.migration_url, settings.migrations)
    assert "ALTER COLUMN a TYPE numeric" in read()[-1].down
    assert read()[1].down == "ALTER TABLE t ALTER a TYPE int;"


def test_what_is_applied_moves_where_that_makes_no_difference(
    line, read, settings, database, query
) -> None:
    line(TWO, BASE, "ALTER TABLE t ADD c int;")
    deploy(database.migration_url, read())
    query("INSERT INTO t (c) VALUES (7)")
    line(ONE, BASE, "ALTER TABLE t ADD b int;")
    rebase(database.migration_url, settings.migrations, TWO)
    assert deploy(database.migration_url, read()) == (ONE,)
    assert query("SELECT c FROM t") == [(7,)]


def test_what_is_applied_stays_where_it_would_make_a_difference(
    line, read, settings, database
) -> None:
    line(TWO, BASE, "ALTER TABLE t ALTER a TYPE bigint;")
    deploy(database.migration_url, read())
    line(ONE, BASE, "ALTER TABLE t ALTER a TYPE numeric;")
    before = read()
    with pytest.raises(HistoryError, match=f"{TWO} was applied to this database") as caught:
        rebase(database.migration_url, settings.migrations, TWO)
    assert "migrate.down" in caught.value.cure
    assert read() == before


def test_branches_that_do_the_same_are_left_to_people(line, read, settings, database) -> None:
    line(ONE, BASE, "ALTER TABLE t ADD b int;")
    line(TWO, BASE, "ALTER TABLE t ADD b int;")
    before = read()
    with pytest.raises(MigrationError, match='column "b"') as caught:
        rebase(database.migration_url, settings.migrations)
    assert "let `invoke migrate` write it again" in caught.value.cure
    assert read() == before


def test_an_orphan_moves_when_it_is_named(line, read, settings, database) -> None:
    line(TWO, ONE, "ALTER TABLE t ADD b int;")
    with pytest.raises(HistoryError, match="isn't in migrations/"):
        rebase(database.migration_url, settings.migrations)
    rebase(database.migration_url, settings.migrations, TWO)
    assert names(read) == [("a", ""), ("c", "a")]


@pytest.mark.parametrize("name", ["20200101000000_unknown", BASE])
def test_a_name_that_is_no_branch_is_refused(line, settings, database, name) -> None:
    line(ONE, BASE, "SELECT 1;")
    line(TWO, BASE, "SELECT 2;")
    with pytest.raises(HistoryError, match=name):
        rebase(database.migration_url, settings.migrations, name)
