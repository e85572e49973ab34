"""A migration means the same, whatever a role, a database, a URL or the environment has set."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from berceau.migration.migration import Migration
from berceau.postgres.core.connection import PINNED, connect
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import runner
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down
from berceau.workflows.shared.databases import Databases
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run_migrate

STRANGE = {
    "DateStyle": "German, DMY",
    "IntervalStyle": "iso_8601",
    "timezone_abbreviations": "Australia",
    "lc_monetary": "C.UTF-8",
    "lc_numeric": "C.UTF-8",
    "lc_time": "C.UTF-8",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "xmlbinary": "hex",
    "xmloption": "document",
    "array_nulls": "off",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
}

NOON = datetime(2020, 1, 2, 12, tzinfo=UTC)
TABLE = "CREATE TABLE held (text text)"
# SQL that gives a text, and what it is wherever it runs.
MEANING = {
    "'01/02/2020'::date::text": "2020-01-02",
    "('01/02/2020'::date + 1)::text": "2020-01-03",
    "'2020-01-02 03:04'::timestamptz::text": "2020-01-02 03:04:00+00",
    "'2020-01-02 03:04 EST'::timestamptz::text": "2020-01-02 08:04:00+00",
    "interval '1 day 2 hours'::text": "1 day 02:00:00",
    "interval '-1 2:03:04'::text": "-1 days +02:03:04",
    "0.1::double precision::text": "0.1",
    "(1.0 / 3)::real::text": "0.33333334",
    "'ab'::bytea::text": "\\x6162",
    "'{NULL}'::text[]::text": "{NULL}",
    "'a\\b'": "a\\b",
    "coalesce((NULL = NULL)::text, 'none')": "none",
}


@pytest.fixture
def strange(database, monkeypatch) -> Databases:
    """The owner's URL and environment, which set everything otherwise."""
    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    options = " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in STRANGE.items()
    )
    return replace(
        database.migration_url,
        parameters=(*database.migration_url.parameters, ("options", options)),
    )


def migration() -> Migration:
    lines = (f"INSERT INTO held SELECT {sql};\n" for sql in MEANING)
    return Migration("20260101000000_meaning", f"{TABLE};\n" + "".join(lines), "DROP TABLE held;\n")


def held(connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM held")
        return [text for (text,) in cursor.fetchall()]


def test_everything_that_is_pinned_is_tried() -> None:
    assert STRANGE.keys() == PINNED.keys()
    assert all(STRANGE[name] != PINNED[name] for name in PINNED)


def test_a_deploy_and_a_rehearsal_mean_the_same(strange) -> None:
    deploy(strange, [migration()])
    with connect(strange) as connection:
        assert held(connection) == [*MEANING.values()]
    with scratch(strange) as connection:
        runner.replay(connection, [migration()])
        assert held(connection) == [*MEANING.values()]


# The type of a column after it was text, a text, the value that it becomes, and the text again.
CASES = {
    "a day": ("date", "01/02/2020", date(2020, 1, 2), "2020-01-02"),
    "a moment": ("datetime", "01/02/2020 3:04", NOON.replace(hour=3, minute=4), "2020-01-02 03:04"),
    "a time": ("timedelta", "1 day 02:00", timedelta(days=1, hours=2), "1 day 02:00:00"),
    "a fraction": ("float", "0.1", 0.1, "0.1"),
}


@pytest.mark.parametrize(("kind", "text", "value", "again"), CASES.values(), ids=CASES)
def test_casts_mean_the_same(declare, query, strange, settings, kind, text, value, again) -> None:
    project = replace(settings, migration_database_url=strange.with_password())
    entity = "class Foo(db.Entity):\n    at = Required({})\n"
    run_migrate(project, declare(entity.format("str")), Options())
    query(f"INSERT INTO foo (at) VALUES ('{text}')")
    after = declare(entity.format(kind))
    run_migrate(project, after, Options(allow_data_loss=True))
    assert query("SELECT at FROM foo") == [(value,)]
    assert run_migrate(project, after, Options()).written is None
    down(strange, migration_directory.read(project.migrations), allow_data_loss=True)
    ((found,),) = query("SELECT at FROM foo")
    assert found.startswith(again)


SEEDS = """
from berceau.orm import db

def seed():
    db.execute("INSERT INTO item (day) SELECT ('01/02/2020'::date + 1)::text")
    db.execute("INSERT INTO item (day) SELECT interval '1 day 2 hours'::text")
"""


def test_seeds_mean_the_same(connected, query) -> None:
    options = "&options=" + "%20".join(
        f"-c%20{name}={value.partition(',')[0]}"
        for name, value in STRANGE.items()
        if name.endswith("Style")
    )
    connected.environment["DATABASE_URL"] += options
    connected.component("shop", "class Item(db.Entity):\n    day = Required(str)\n", seeds=SEEDS)
    connected.succeed("migrate")
    connected.succeed("db.seed", PGDATESTYLE="German")
    assert query("SELECT day FROM item ORDER BY id") == [("2020-01-03",), ("1 day 02:00:00",)]
