"""A schema is read in one state, also where others write at the same time."""

from collections.abc import Iterator

import pytest

from berceau.postgres.clone import snapshot
from berceau.postgres.clone.snapshot import read_whole
from berceau.postgres.core.connection import Connection, connect
from tests.postgres.dumps import run

pytestmark = pytest.mark.usefixtures("only_what_a_test_makes")


@pytest.fixture
def other(running) -> Iterator[Connection]:
    with connect(running.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def fingerprints(owner, monkeypatch) -> list[str]:
    """Make the schema that is read; return its fingerprints that are computed later."""
    run(owner, "CREATE SCHEMA shop; CREATE TABLE shop.t (a int); CREATE TABLE shop.u (a int)")
    found: list[str] = []
    compute = snapshot.fingerprint_of

    def note(*args) -> str:
        found.append(compute(*args))
        return found[-1]

    monkeypatch.setattr(snapshot, "fingerprint_of", note)
    return found


def count_reads(connection, meanwhile) -> int:
    """Return how often the schema is read; ``meanwhile`` runs during the first time."""
    reads = []

    def read(_) -> None:
        reads.append(None)
        if len(reads) == 1:
            meanwhile()

    read_whole(connection, "shop", read)
    return len(reads)


def test_where_no_other_transaction_ends_nothing_is_looked_for(owner, other, fingerprints) -> None:
    run(other, "BEGIN; INSERT INTO shop.t VALUES (1)")
    assert count_reads(owner, lambda: run(other, "SELECT * FROM shop.t")) == 1
    assert len(fingerprints) == 1


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        ("SELECT 1", "ALTER TABLE shop.t ADD b int"),
        ("BEGIN; ALTER TABLE shop.t ADD b int", "COMMIT"),
        ("BEGIN; SAVEPOINT s; ALTER TABLE shop.t ADD b int; RELEASE s", "COMMIT"),
        ("BEGIN; INSERT INTO shop.u VALUES (1)", "ALTER TABLE shop.t ADD b int; COMMIT"),
    ],
    ids=["a whole transaction", "its end", "with a subtransaction", "its second half"],
)
def test_what_others_alter_meanwhile_is_read_again(
    owner, other, fingerprints, before, meanwhile
) -> None:
    run(other, before)
    assert count_reads(owner, lambda: run(other, meanwhile)) == 2
    assert len(fingerprints) >= 3


@pytest.mark.parametrize(
    "meanwhile", ["INSERT INTO shop.t VALUES (1)", "CREATE TABLE public.elsewhere (a int)"]
)
def test_what_others_write_elsewhere_is_no_change(owner, other, fingerprints, meanwhile) -> None:
    assert count_reads(owner, lambda: run(other, meanwhile)) == 1
    assert len(set(fingerprints)) == 1
    assert len(fingerprints) == 2
    run(other, "DROP TABLE IF EXISTS public.elsewhere")
