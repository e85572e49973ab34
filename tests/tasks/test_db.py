import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from secrets import token_hex

import pytest
from psycopg2 import sql

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from tests.conftest import Project
from tests.folders import open_folder

SECRET = "hunter2"
CONFIGURED = {
    "DATABASE_URL": f"postgresql://app:{SECRET}@127.0.0.1:1/shop",
    "MIGRATION_DATABASE_URL": f"postgresql://owner:{SECRET}@127.0.0.1:1/shop",
}


@pytest.fixture
def project(project) -> Iterator[Project]:
    """A project in which PostgreSQL can reach its data."""
    with open_folder() as folder:
        project.root = folder
        project.write("tasks.py", "from berceau.tasks import namespace\n")
        yield project


@pytest.mark.slow
def test_the_embedded_servers_life(project) -> None:
    assert "isn't running" in project.succeed("db.status")
    assert "PostgreSQL 18." in project.succeed("db.start")
    status = project.succeed("db.status")
    assert str(project.root / ".berceau" / "postgres") in status
    assert "process" in status

    runtime = Url.parse(project.succeed("db.url"))
    owner = Url.parse(project.succeed("db.url", "--owner"))
    assert (runtime.user, owner.user) == ("berceau_app", "berceau_owner")
    with connect(runtime) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    for option, user in (([], runtime.user), (["--owner"], owner.user)):
        psql = subprocess.run(
            [sys.executable, "-m", "invoke", "db.shell", *option],
            cwd=project.root,
            input="\\pset format unaligned\nSELECT 'I am ' || current_user;",
            capture_output=True,
            text=True,
        )
        assert f"I am {user}\n" in psql.stdout, psql

    assert "is stopped" in project.succeed("db.stop")
    assert "wasn't running" in project.succeed("db.stop")


def test_status_tells_of_a_configured_database_without_its_password(project) -> None:
    status = project.succeed("db.status", **CONFIGURED)
    assert "used instead" in status
    assert "postgresql://app:***@127.0.0.1:1/shop" in status
    assert "postgresql://owner:***@127.0.0.1:1/shop" in status
    assert "isn't running" in status
    assert SECRET not in status


def test_url_prints_the_configured_one_with_its_password(project) -> None:
    assert project.succeed("db.url", **CONFIGURED) == CONFIGURED["DATABASE_URL"] + "\n"
    assert (
        project.succeed("db.url", "--owner", **CONFIGURED)
        == CONFIGURED["MIGRATION_DATABASE_URL"] + "\n"
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], {}, "DATABASE_URL isn't set"),
        ([], CONFIGURED, "Add --admin-url"),
        (["--admin-url=nonsense"], CONFIGURED, "malformed"),
        (["--admin-url=postgresql://postgres:hunter2@127.0.0.1:1/postgres"], CONFIGURED, "refused"),
        (
            ["--admin-url=postgresql://postgres@127.0.0.1:1/postgres"],
            {"DATABASE_URL": CONFIGURED["DATABASE_URL"]},
            "must be three roles",
        ),
    ],
)
def test_provision_refuses_with_the_cure(project, arguments, environment, message) -> None:
    refusal = project.fail("db.provision", *arguments, **environment)
    assert message in refusal
    assert SECRET not in refusal


def test_provision_makes_what_the_urls_name(project, server) -> None:
    if not server.embedded:
        pytest.skip("needs a superuser, which only the embedded server gives")
    name = f"shop_{token_hex(4)}"
    admin = replace(server.migration_url, user="postgres", database="postgres")
    runtime = replace(admin, user=f"{name}_app", password=SECRET, database=name)
    owner = replace(runtime, user=f"{name}_owner")
    urls = {
        "DATABASE_URL": runtime.with_password(),
        "MIGRATION_DATABASE_URL": owner.with_password(),
    }
    try:
        for _ in range(2):
            out = project.succeed("db.provision", f"--admin-url={admin.with_password()}", **urls)
            assert f"{owner.user} owns it" in out
            assert SECRET not in out
        with connect(runtime) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone() == (name,)
    finally:
        with connect(admin, autocommit=True) as connection, connection.cursor() as cursor:
            for statement, what in (
                ("DROP DATABASE IF EXISTS {}", name),
                ("DROP ROLE IF EXISTS {}", runtime.user),
                ("DROP ROLE IF EXISTS {}", owner.user),
            ):
                cursor.execute(sql.SQL(statement).format(sql.Identifier(what)))
