"""Copies of many tables: made and compared by two connections, and as exact as by one."""

from collections.abc import Iterator

import pytest

from berceau.errors import CloneError
from berceau.postgres.clone.cloning import clone
from berceau.postgres.clone.comparing import agrees, differences
from berceau.postgres.clone.lanes import runs
from berceau.postgres.clone.reading import read
from berceau.postgres.core.connection import Connection, connect
from tests.postgres.dumps import dump, run

pytestmark = pytest.mark.usefixtures("only_what_a_test_makes")

PAIR = """
CREATE TYPE torture.state{n} AS ENUM ('A');
CREATE TABLE torture.parent{n} (id int PRIMARY KEY, name text UNIQUE);
CREATE TABLE torture.child{n} (id int PRIMARY KEY, state torture.state{n} DEFAULT 'A',
                            parent int REFERENCES torture.parent{n}, n int CHECK (n > 0));
CREATE INDEX ON torture.child{n} (parent);
"""
# Some that need each other, an heir, and two that need a table elsewhere.
JOINED = """
ALTER TABLE torture.parent1 ADD child int REFERENCES torture.child2;
ALTER TABLE torture.parent2 ADD child int REFERENCES torture.child1;
ALTER TABLE torture.child3 ADD self int REFERENCES torture.child3;
CREATE TABLE torture.heir (extra int) INHERITS (torture.parent4);
CREATE TABLE elsewhere.needed (id int PRIMARY KEY);
ALTER TABLE torture.parent5 ADD needed int REFERENCES elsewhere.needed;
ALTER TABLE torture.parent6 ADD needed int REFERENCES elsewhere.needed;
CREATE VIEW torture.seen AS SELECT * FROM torture.parent7;
"""


@pytest.fixture
def other(running) -> Iterator[Connection]:
    with connect(running.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def many(owner) -> None:
    run(owner, "CREATE SCHEMA torture; CREATE SCHEMA elsewhere")
    run(owner, "".join(PAIR.format(n=n) for n in range(60)) + JOINED)


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_a_copy_by_two_connections_is_exact(owner, other, running, monkeypatch) -> None:
    monkeypatch.setattr("berceau.postgres.clone.cloning.differences", None)  # needn't look
    assert clone(owner, "torture", "copied", another=lambda: other) == ()
    assert dump(running, "copied") == dump(running, "torture")


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_a_copy_needs_no_second_connection(owner, running) -> None:
    assert clone(owner, "torture", "copied", another=lambda: None) == ()
    assert dump(running, "copied") == dump(running, "torture")


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_what_fails_on_the_other_connection_leaves_nothing(owner, other) -> None:
    run(other, "SET default_transaction_read_only = on")
    with pytest.raises(CloneError, match="read-only transaction"):
        clone(owner, "torture", "copied", another=lambda: other)
    assert run(owner, "SELECT FROM pg_namespace WHERE nspname = 'copied'") == []


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_a_difference_is_seen_by_two_connections(owner, other) -> None:
    definitions = read(owner, "torture")
    clone(owner, "torture", "copied")
    assert agrees(owner, other, definitions, "copied")
    for alter, back in (
        ("ALTER TABLE copied.child0 ALTER n SET DEFAULT 1", "ALTER n DROP DEFAULT"),
        ("ALTER TABLE copied.child0 ALTER n SET NOT NULL", "ALTER n DROP NOT NULL"),
        ("ALTER TABLE copied.child0 ALTER n SET STATISTICS 7", "ALTER n SET STATISTICS -1"),
        ("ALTER TABLE copied.child0 ADD x int", "DROP x"),
        ("ALTER TABLE copied.child0 SET (fillfactor = 50)", "RESET (fillfactor)"),
        (
            "ALTER TABLE copied.child0 ADD CONSTRAINT odd CHECK (n > 1)",
            "DROP CONSTRAINT odd",
        ),
        ("ALTER TABLE copied.child0 DISABLE TRIGGER USER; CREATE TYPE copied.odd AS ENUM ()", None),
    ):
        run(owner, alter)
        assert not agrees(owner, other, definitions, "copied"), alter
        assert differences(owner, definitions, "copied")
        if back:
            run(owner, f"ALTER TABLE copied.child0 {back}")
            assert agrees(owner, other, definitions, "copied"), back


def test_texts_of_one_lane_stay_in_order() -> None:
    texts = ["type", "a", "b", "a's index", "c", "view"]
    assert list(runs(texts, [0, 1, 2, 1, 3, 0])) == [
        (["type"], ()),
        (["a", "a's index"], ["b", "c"]),
        (["view"], ()),
    ]
