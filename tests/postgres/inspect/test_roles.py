import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

import psycopg2
import pytest

from berceau.errors import ConnectionFailedError, PermissionMissingError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.account import Account
from berceau.postgres.embedded.binaries import find_programs
from berceau.postgres.embedded.cluster import launch
from berceau.postgres.embedded.postmaster import PORT, Postmaster
from berceau.postgres.inspect.roles import RoleReport, describe_role, provision
from berceau.postgres.runner import ledger

pytestmark = pytest.mark.slow

SECRET = "hunter2"
SERVERS = [
    find_programs(),
    *(
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if 15 <= int(folder.parent.name) <= 18 and (folder / "initdb").exists()
    ),
]

# What the database remembers of a provisioning.
REMEMBERED = """
    SELECT array(SELECT (rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin)::text
                 FROM pg_roles ORDER BY 1),
           array(SELECT (roleid, member, grantor)::text FROM pg_auth_members ORDER BY 1),
           array(SELECT (datname, datdba, datacl)::text FROM pg_database ORDER BY 1),
           array(SELECT (nspname, nspowner, nspacl)::text FROM pg_namespace ORDER BY 1),
           array(SELECT (relname, relacl)::text FROM pg_class ORDER BY 1),
           array(SELECT pg_default_acl::text FROM pg_default_acl ORDER BY 1)
"""


@dataclass(frozen=True)
class Project:
    """The three URLs of a provisioning."""

    admin: Url
    owner: Url
    runtime: Url

    def provision(self) -> None:
        provision(self.admin, self.owner, self.runtime)


def run(url: Url, *statements: str) -> list[tuple[object, ...]]:
    with connect(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module", params=SERVERS, ids=lambda folder: folder.parent.name)
def log_and_superuser(request, module_folder) -> Iterator[tuple[Path, Url]]:
    """A server that asks for passwords and logs every statement: its log, and its superuser."""
    folder = module_folder / request.param.parent.name
    folder.mkdir()
    account = Account.choose(folder)
    account.own(folder)
    data, log = folder / "data", folder / "log"
    initdb = [request.param / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C"]
    made = account.run([*initdb, "--auth=trust", "--no-sync"])
    assert made.returncode == 0, made.stdout
    hba = "local all postgres trust\nlocal all all scram-sha-256\n"
    (data / "pg_hba.conf").write_text(hba)
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("log_statement = all\nlog_min_messages = debug1\nfsync = off\n")
    try:
        launch(data, account, request.param, log)
        socket = str(Postmaster.find(data).socket)
        yield log, Url("postgres", "", ((socket, PORT),), "postgres")
    finally:
        running = Postmaster.find(data)
        if running is not None:
            running.stop(20)
            shutil.rmtree(running.socket)


@pytest.fixture(params=["superuser", "role with CREATEDB and CREATEROLE"])
def shop(request, log_and_superuser) -> Project:
    """A shop whose database and roles don't exist yet, with each kind of admin."""
    _, superuser = log_and_superuser
    name, admin = f"Shop {token_hex(4)}", superuser
    if request.param != "superuser":
        admin = replace(superuser, user=f"admin {token_hex(4)}", password=SECRET)
        run(
            superuser,
            f"CREATE ROLE \"{admin.user}\" LOGIN CREATEDB CREATEROLE PASSWORD '{SECRET}'",
        )
    here = replace(superuser, database=name, schema="My Shop")
    return Project(
        admin,
        replace(here, user=f"{name} owner", password=f"owner's {SECRET} é"),
        replace(here, user=f"{name} app", password=f'app"s \\{SECRET}'),
    )


def test_the_owner_owns_and_can_make_schemas_but_no_more(shop) -> None:
    shop.provision()
    run(shop.owner, "CREATE TABLE t (id int)", "CREATE SCHEMA another", "DROP SCHEMA another")
    assert run(
        shop.owner,
        """SELECT pg_get_userbyid(nspowner), rolsuper, rolcreatedb, rolcreaterole
           FROM pg_namespace, pg_roles WHERE nspname = current_schema() AND rolname = current_user
        """,
    ) == [(shop.owner.user, False, False, False)]


def test_the_runtime_role_has_data_rights_on_whatever_the_owner_makes(shop) -> None:
    shop.provision()
    run(
        shop.owner,
        "CREATE TABLE t (id serial, name text)",
        "CREATE SCHEMA later",
        "CREATE TABLE later.t (id serial, name text)",
    )
    for table in ("t", "later.t"):
        run(shop.runtime, f"INSERT INTO {table} (name) VALUES ('a')")
        run(shop.runtime, f"UPDATE {table} SET name = 'b'")
        assert run(shop.runtime, f"SELECT id, name FROM {table}") == [(1, "b")]
        run(shop.runtime, f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "forbidden",
    [
        "CREATE TABLE u (id int)",
        "CREATE TABLE public.u (id int)",
        "CREATE TABLE later.u (id int)",
        "CREATE TEMPORARY TABLE u (id int)",
        "CREATE SCHEMA u",
        "CREATE TYPE u AS ENUM ('a')",
        "CREATE ROLE u",
        "ALTER TABLE t ADD COLUMN name text",
        "DROP TABLE t",
        "DROP TABLE later.t",
        "TRUNCATE t",
        "CREATE INDEX ON t (id)",
        "CREATE TRIGGER u BEFORE INSERT ON t EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "SELECT setval('t_id_seq', 7)",
        'ALTER SCHEMA "My Shop" RENAME TO u',
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'a')",
        "SELECT lo_import('/etc/passwd')",
    ],
)
def test_the_runtime_role_can_change_no_schema(provisioned, forbidden) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(provisioned.runtime, forbidden)


@pytest.mark.parametrize(
    "allowed",
    [
        "NOTIFY anything",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT pg_logical_emit_message(false, 'a', 'b')",
        "SET statement_timeout = 0",
        "SELECT query FROM pg_stat_activity",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND usename = current_user",
    ],
)
def test_the_documentation_says_what_no_right_forbids(provisioned, allowed) -> None:
    run(provisioned.runtime, allowed)


@pytest.fixture(scope="module")
def provisioned(log_and_superuser) -> Project:
    _, superuser = log_and_superuser
    here = replace(superuser, database=f"least {token_hex(4)}", schema="My Shop", password=SECRET)
    shop = Project(
        superuser,
        replace(here, user=f"owner {token_hex(4)}"),
        replace(here, user=f"app {token_hex(4)}"),
    )
    shop.provision()
    run(
        shop.owner,
        "CREATE TABLE t (id serial)",
        "CREATE SCHEMA later",
        "CREATE TABLE later.t (id serial)",
    )
    return shop


def test_no_other_role_may_connect(shop, log_and_superuser) -> None:
    shop.provision()
    _, superuser = log_and_superuser
    stranger = f"stranger {token_hex(4)}"
    run(superuser, f"CREATE ROLE \"{stranger}\" LOGIN PASSWORD '{SECRET}'")
    with pytest.raises(PermissionMissingError):
        connect(replace(shop.runtime, user=stranger, password=SECRET))


def test_passwords_are_set_asked_for_and_changed(shop) -> None:
    shop.provision()
    for url in (shop.owner, shop.runtime):
        assert run(url, "SELECT current_user") == [(url.user,)]
        with pytest.raises(ConnectionFailedError) as caught:
            connect(replace(url, password="wrong"))
        assert "db.provision" in caught.value.cure
        assert "wrong" not in caught.value.message
    changed = replace(shop, runtime=replace(shop.runtime, password="changed"))
    changed.provision()
    assert run(changed.runtime, "SELECT 1") == [(1,)]


def test_passwords_are_not_in_the_servers_log(shop, log_and_superuser) -> None:
    log, _ = log_and_superuser
    begin = len(log.read_text())
    shop.provision()
    written = log.read_text()[begin:]
    assert f'GRANT CONNECT ON DATABASE "{shop.owner.database}"' in written
    assert SECRET not in written


def test_again_changes_nothing(shop, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    shop.provision()
    run(shop.owner, "CREATE TABLE t (id int)")
    here = replace(superuser, database=shop.owner.database)
    before = run(here, REMEMBERED)
    shop.provision()
    assert run(here, REMEMBERED) == before


def test_the_admin_is_not_left_as_the_owners_member(shop, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    shop.provision()
    if shop.admin != superuser:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run(shop.admin, f'SET ROLE "{shop.owner.user}"')


def test_what_exists_already_gets_its_rights_too(shop) -> None:
    shop.provision()
    run(
        shop.owner,
        "CREATE TABLE t (id serial)",
        f'REVOKE ALL ON t FROM "{shop.runtime.user}"',
        f'GRANT TRUNCATE ON t TO "{shop.runtime.user}"',
    )
    shop.provision()
    run(shop.runtime, "INSERT INTO t DEFAULT VALUES")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(shop.runtime, "TRUNCATE t")


def test_the_ledger_stays_read_only(shop) -> None:
    shop.provision()
    with connect(shop.owner, autocommit=True) as connection:
        ledger.ensure(connection)
    shop.provision()
    run(shop.runtime, f"SELECT * FROM {LEDGER}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(shop.runtime, f"DELETE FROM {LEDGER}")


def test_an_admin_without_the_rights_is_told(shop, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    weak = replace(superuser, user=f"weak {token_hex(4)}", password=SECRET)
    run(superuser, f"CREATE ROLE \"{weak.user}\" LOGIN PASSWORD '{SECRET}'")
    with pytest.raises(PermissionMissingError, match="can't provision") as caught:
        provision(weak, shop.owner, shop.runtime)
    assert "CREATEROLE" in caught.value.cure
    assert SECRET not in str(caught.value)


def test_a_role_with_too_many_rights_is_refused_and_kept(shop, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    mighty = replace(shop.runtime, user=f"mighty {token_hex(4)}")
    run(superuser, f'CREATE ROLE "{mighty.user}" LOGIN CREATEDB')
    with pytest.raises(PermissionMissingError, match="more rights than it should"):
        provision(shop.admin, shop.owner, mighty)
    assert run(
        superuser, f"SELECT rolcreatedb, rolpassword FROM pg_authid WHERE rolname = '{mighty.user}'"
    ) == [(True, None)]


def test_an_owner_may_create_databases_for_tests(provisioned, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    owner = provisioned.owner
    run(superuser, f'ALTER ROLE "{owner.user}" CREATEDB')
    provision(provisioned.admin, owner, provisioned.runtime)
    found = run(superuser, f"SELECT rolcreatedb FROM pg_roles WHERE rolname = '{owner.user}'")
    assert found == [(True,)]


def test_describe_role(provisioned) -> None:
    with connect(provisioned.owner) as connection:
        assert describe_role(connection, "later") == RoleReport(
            provisioned.owner.user, "later", can_change_schema=True
        )
    with connect(provisioned.runtime) as connection:
        assert describe_role(connection, "later") == RoleReport(
            provisioned.runtime.user, "later", can_change_schema=False
        )
        assert not describe_role(connection, "no such schema").can_change_schema
    with connect(provisioned.admin) as connection:
        assert describe_role(connection, "no such schema").can_change_schema


def test_describe_role_says_what_the_role_can_make_elsewhere(provisioned) -> None:
    superuser = replace(provisioned.admin, database=provisioned.owner.database)
    name = provisioned.runtime.user
    run(
        superuser,
        "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC",
        f'GRANT TEMPORARY ON DATABASE "{superuser.database}" TO PUBLIC',
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    )
    with connect(provisioned.runtime) as connection:
        assert set(describe_role(connection, "later").can_make) == {
            *("large objects", "temporary tables", "objects in schema public")
        }
    run(superuser, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    provisioned.provision()
    with connect(provisioned.runtime) as connection:
        assert describe_role(connection, "later") == RoleReport(name, "later", False)
    run(provisioned.owner, "SELECT lo_create(0)")


def test_only_a_superuser_can_forbid_large_objects(shop, log_and_superuser) -> None:
    _, superuser = log_and_superuser
    shop.provision()
    with connect(shop.runtime) as connection:
        found = describe_role(connection, "My Shop").can_make
    assert found == (() if shop.admin == superuser else ("large objects",))


def test_describe_role_sees_a_table_that_the_role_owns(provisioned) -> None:
    admin = replace(provisioned.admin, database=provisioned.owner.database)
    run(
        admin,
        "CREATE SCHEMA mixed",
        "CREATE TABLE mixed.t (id int)",
        f'ALTER TABLE mixed.t OWNER TO "{provisioned.runtime.user}"',
    )
    with connect(provisioned.runtime) as connection:
        assert describe_role(connection, "mixed").can_change_schema
