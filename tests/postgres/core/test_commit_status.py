"""What a server says of a commit, also after it crashed or another took its place."""

from collections.abc import Iterator
from typing import Any

import pytest

from berceau.postgres.core import commit_status
from berceau.postgres.core.commit_status import Transaction, transaction_of, was_committed
from berceau.postgres.core.connection import connect
from tests.replication import Node, nodes


@pytest.fixture(scope="module")
def server() -> Iterator[Node]:
    with nodes(1) as (node,):
        node.make()
        node.configure(wal_writer_delay="10s")  # what isn't committed isn't on the disk
        node.start()
        node.ask("CREATE TABLE note (text text)")
        yield node


def write(connection) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO note VALUES ('text')")
    return transaction_of(connection)


def test_reading_is_no_transaction(server) -> None:
    with connect(server.url) as connection:
        assert transaction_of(connection) is None


def test_kept_or_not(server) -> None:
    with connect(server.url) as connection:
        kept = write(connection)
        connection.commit()
        undone = write(connection)
        connection.rollback()
    assert was_committed(server.url, kept) is True
    assert was_committed(server.url, undone) is False


def test_what_still_goes_on_is_unknown_in_the_end(server, monkeypatch) -> None:
    monkeypatch.setattr(commit_status, "PATIENCE", 0.2)
    with connect(server.url) as connection:
        assert was_committed(server.url, write(connection)) is None


def test_a_restart_forgets_nothing(server) -> None:
    with connect(server.url) as connection:
        kept = write(connection)
    server.stop()
    server.start()
    assert was_committed(server.url, kept) is True


def test_after_a_crash_a_number_may_be_another_s(server) -> None:
    connection = connect(server.url)
    lost = write(connection)
    server.kill()
    server.start()
    assert was_committed(server.url, lost) is False
    with connect(server.url) as other:
        while int(write(other).number) < int(lost.number):
            other.commit()
    assert was_committed(server.url, lost) is None


def test_after_a_crash_what_was_undone_stays_undone(server) -> None:
    with connect(server.url) as connection:
        undone = write(connection)
        connection.rollback()
        write(connection)
    server.kill()
    server.start()
    assert was_committed(server.url, undone) is False


def test_a_number_that_was_forgotten_is_unknown(server, monkeypatch) -> None:
    monkeypatch.setattr(commit_status, "_ask", lambda *_: ("forgotten", True))
    assert was_committed(server.url, Transaction("3", "")) is None
