import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.extensions import schema_of_extension
from berceau.postgres.statistics.tracked_queries import read_queries


def ask(url, text: str) -> None:
    with connect(url) as connection:
        execute(connection, text)


def test_the_owner_sees_what_the_application_asked_and_nothing_else(running) -> None:
    ask(running.owner_url, "CREATE TABLE counted (id int)")
    try:
        ask(running.owner_url, "SELECT count(id) FROM counted WHERE id > 1")
        ask(running.runtime_url, "SELECT id FROM counted WHERE id = 7")
        with connect(running.owner_url) as connection:
            queries, missing = read_queries(connection)
            assert schema_of_extension(connection, "pg_stat_statements") == "berceau_statistics"
    finally:
        ask(running.owner_url, "DROP TABLE counted")
    assert [each.text for each in queries if "counted" in each.text] == [
        "SELECT id FROM counted WHERE id = $1"
    ]
    assert missing == ()


def test_other_databases_are_not_counted(running) -> None:
    with connect(running.admin_url("postgres")) as connection:
        assert fetch(connection, "SHOW pg_stat_statements.track") == [("none",)]


@pytest.mark.slow
def test_a_server_of_an_earlier_version_counts_from_its_next_start(embedded) -> None:
    embedded.start()
    (embedded.folder / "berceau.provisioned").write_text("2")
    admin = embedded.admin_url("berceau")
    ask(
        admin, "DROP SCHEMA berceau_statistics CASCADE; REVOKE pg_read_all_stats FROM berceau_owner"
    )
    embedded.stop()
    embedded.start()
    ask(embedded.owner_url, "CREATE TABLE counted (id int)")
    ask(embedded.runtime_url, "SELECT id FROM counted")
    with connect(embedded.owner_url) as connection:
        assert "SELECT id FROM counted" in [each.text for each in read_queries(connection)[0]]
