"""A replica will do: with the extensions that a server may have, and the queries it answered."""

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.statistics.reading import read
from tests.replication import nodes

pytestmark = pytest.mark.slow


def test_statistics_are_read_from_a_standby() -> None:
    with nodes(2) as (primary, standby):
        primary.make()
        primary.configure(shared_preload_libraries="pg_stat_statements")
        primary.start()
        with connect(primary.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pageinspect")
            cursor.execute("CREATE TABLE a (b int PRIMARY KEY)")
            cursor.execute("INSERT INTO a SELECT generate_series(1, 1000)")
            cursor.execute("VACUUM ANALYZE a")
        standby.make_standby(primary, "standby")
        standby.start()
        primary.wait_until_followed()
        with connect(standby.url, autocommit=True) as connection, connection.cursor() as cursor:
            for number in range(7):
                cursor.execute(f"SELECT b FROM a WHERE b IN ({number}, 1) -- for Ada {number}")
            found = read(connection, "public")
    table = found.statistics.table("a")
    assert table.size.reltuples == 1000
    assert table.indexes[0].height == 1
    queries = {each.text: each for each in found.statistics.queries}
    assert queries["SELECT b FROM a WHERE b IN ($1)"].calls == 7
    assert queries["SELECT b FROM a WHERE b IN ($1)"].rows == 12
    assert "Ada" not in repr(found)
    assert found.notes == ()
