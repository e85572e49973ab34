"""Sessions of a deploy, each of which serves many tenants: none notices the one before."""

import secrets

import psycopg2
import pytest

from berceau.postgres.core.fetch import execute
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.tenants.sessions import TENANTS_EACH, Sessions
from tests.workflows.tenants.conftest import Shop

SERVED = "CREATE TABLE served AS SELECT pg_backend_pid() AS pid;\n"
PYTHON = f"""
def migrate(connection):
    with connection.cursor() as cursor:
        cursor.execute("{SERVED.strip()}")
"""
LEAVES = """
SELECT pg_advisory_lock({});
CREATE TEMPORARY TABLE left_over (id integer);
SET statement_timeout = '5s';
PREPARE left_over AS SELECT 1;
CREATE TABLE done (timeout text);
INSERT INTO done SELECT current_setting('statement_timeout');
"""


def test_a_session_serves_one_tenant_after_the_other(shop: Shop) -> None:
    shop.add("a", "b", "c", "d")
    shop.write(1, SERVED)
    done = deploy_all(shop.settings)
    assert sorted(done.tenants) == ["a", "b", "c", "d"]
    assert len(set(shop.rows("SELECT pid FROM served"))) == 1
    assert {each.version for each in shop.tenants()} == {"20260101000001_step"}


def test_what_a_migration_leaves_ends_with_its_tenant(shop: Shop) -> None:
    shop.add("a", "b", "c", "d")
    shop.write(1, LEAVES.format(secrets.randbits(31)))
    # Two at a time: one that kept the lock would stop the other session for good.
    done = deploy_all(shop.settings, rules=Rules(jobs=2))
    assert len(done.tenants) == 4
    assert shop.rows("SELECT timeout FROM done") == [("5s",)] * 4


def test_a_session_that_ran_python_serves_no_other_tenant(shop: Shop) -> None:
    shop.add("a", "b", "c")
    shop.write(1, "", PYTHON)
    deploy_all(shop.settings)
    assert len(set(shop.rows("SELECT pid FROM served"))) == 3


def test_a_session_ends_after_many_tenants_or_a_failure(database) -> None:
    def pid() -> int:
        with sessions.of(database.migration_url.schema) as connection:
            return connection.info.backend_pid

    sessions = Sessions(database.migration_url)
    first = [pid() for _ in range(TENANTS_EACH)]
    second = pid()
    assert len({*first}) == 1
    assert second not in first
    with (
        pytest.raises(psycopg2.errors.DivisionByZero),
        sessions.of(database.migration_url.schema) as connection,
    ):
        execute(connection, "SELECT 1/0")
    assert connection.closed
    assert pid() not in {*first, second}
    sessions.close()
