"""Tenants on the servers of Citus: made, migrated, moved while they are written to, dropped."""

from threading import Event, Thread

from berceau.postgres.citus.schemas import server_of, servers
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.core.url import Url
from berceau.postgres.tenants import registry
from tests.citus.conftest import ON_ALL, ON_DISK
from tests.proxy import proxy

COUNTRIES = "class Country(db.Entity):\n    name = Required(str)\n"
NOTES = "class Note(db.Entity):\n    text = Optional(str)\n    country = Optional('Country')\n"


def url_of(schema: Url, tenant: str) -> Url:
    with connect(schema) as connection:
        return schema.of_tenant(registry.get(connection, tenant).schema)


def test_a_tenant_is_on_one_server_and_gets_what_is_new(shop, schema) -> None:
    for name in ("acme", "globex"):
        with connect(url_of(schema, name), autocommit=True) as connection:
            execute(connection, "INSERT INTO note (text) VALUES (%s)", (name,))
    shop.write(
        "migrations/tenant/20260101000002_stars/migration.sql",
        f"ALTER TABLE note ADD COLUMN stars integer NOT NULL DEFAULT 3;\n{ON_DISK};\n",
    )
    assert "stars" in shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        with connect(url_of(schema, name)) as connection:
            found = fetch_value(connection, "SELECT array_agg(text || stars) FROM note")
            assert found == [f"{name}3"]


def test_a_tenant_moves_while_it_is_written_to(shop, schema) -> None:
    url = url_of(schema, "acme")
    with connect(schema, autocommit=True) as connection:
        before = server_of(connection, url.schema)
        other = next(each for each in servers(connection) if each != before)
    assert "Citus has no server 127.0.0.9:1" in shop.fail("tenant.move", "acme", "127.0.0.9:1")
    written, ended = [], Event()

    def write() -> None:
        with connect(url, autocommit=True) as connection:
            while not ended.is_set():
                execute(connection, "INSERT INTO note (text) VALUES (%s)", (str(len(written)),))
                written.append(len(written))

    writer = Thread(target=write)
    writer.start()
    try:
        assert f"acme is on {other}." in shop.succeed("tenant.move", "acme", other)
        assert f"acme is on {other} already" in shop.succeed("tenant.move", "acme", other)
    finally:
        ended.set()
        writer.join()
    with connect(url) as connection:
        assert fetch_value(connection, "SELECT count(*) FROM note") == len(written) > 0
        assert server_of(connection, url.schema) == other


def test_a_tenant_that_is_older_than_citus_moves(shop, schema) -> None:
    url = url_of(schema, "acme")
    for each in range(2):
        with connect(url, autocommit=True) as connection:
            place = servers(connection)[each]
            execute(connection, "INSERT INTO note (text) VALUES ('kept')")
            execute(connection, "SELECT citus_schema_undistribute(current_schema()::regnamespace)")
            # As Citus 14.0 does, where a table that this one refers to comes to all servers.
            execute(connection, "SELECT setval('note_id_seq', 1, false)")
        with proxy(schema) as way:
            way.at, way.cut = b"setval", "before"  # as if it were killed there
            cut = way.url.with_password()
            shop.fail("tenant.move", "acme", place, MIGRATION_DATABASE_URL=cut)
        shop.succeed("tenant.move", "acme", place)
        with connect(url, autocommit=True) as connection:
            assert server_of(connection, url.schema) == place
            execute(connection, "INSERT INTO note (text) VALUES ('new')")
    with connect(url) as connection:
        assert fetch_value(connection, "SELECT count(*) FROM note") == 4


def test_a_tenant_that_refers_to_what_is_here_only_stays_here(shop, schema, ask) -> None:
    url = url_of(schema, "acme")
    ask("CREATE TABLE here (id int PRIMARY KEY)")
    with connect(url, autocommit=True) as connection:
        place = servers(connection)[0]
        execute(connection, "SELECT citus_schema_undistribute(current_schema()::regnamespace)")
        execute(connection, f"CREATE TABLE b (a int REFERENCES {schema.schema}.here)")
    said = shop.fail("tenant.move", "acme", place)
    assert "Citus can't take the schema" in said
    assert "can only point to the same distributed schema or reference tables" in said


def test_a_tenant_is_made_with_a_statement_in_each_call(shop, schema) -> None:
    shop.write(
        "migrations/tenant/20260101000002_tags/migration.sql",
        "CREATE TABLE tag (id serial PRIMARY KEY, note int REFERENCES note);\n"
        "CREATE INDEX tag_note ON tag (note);\nINSERT INTO tag DEFAULT VALUES;\n",
    )
    shop.succeed("migrate.deploy")
    with connect(schema, autocommit=True) as connection:
        execute(connection, "INSERT INTO country (name) VALUES ('kept')")
    with proxy(schema) as way:
        way.at, way.cut = b"BEGIN;\nCREATE", "before"
        shop.succeed("tenant.create", "hooli", MIGRATION_DATABASE_URL=way.url.with_password())
    try:
        with connect(url_of(schema, "hooli"), autocommit=True) as connection:
            execute(connection, "INSERT INTO note (country) SELECT id FROM country")
            found = "SELECT count(*) FROM note JOIN country ON country = country.id, tag"
            assert fetch_value(connection, found) == 1
    finally:
        shop.succeed("tenant.drop", "hooli", "--force")


def test_a_tenant_with_rows_is_not_dropped_unless_it_is_forced(shop, schema) -> None:
    with connect(url_of(schema, "acme"), autocommit=True) as connection:
        execute(connection, "INSERT INTO note (text) VALUES ('kept')")
    assert "acme holds rows in 1 table: note." in shop.fail("tenant.drop", "acme")
    with connect(url_of(schema, "acme")) as connection:
        assert fetch_value(connection, "SELECT text FROM note") == "kept"


def test_what_refers_to_a_table_on_all_servers_is_checked_and_proven(placed, schema) -> None:
    placed.environment |= {"BERCEAU_TENANTS": "schema"}
    placed.component("places", COUNTRIES, __init__='scope = "shared"\n')
    placed.component("notes", NOTES)
    placed.succeed("migrate", "--name", "first", "--no-input")
    placed.succeed("migrate", "--scope", "shared", "--name", "everywhere", "--create-only")
    (empty,) = placed.root.glob("migrations/shared/*_everywhere/migration.sql")
    empty.write_text(f"{empty.read_text()}\n{ON_ALL};\n")
    placed.succeed("migrate.deploy")
    placed.succeed("tenant.create", "acme")
    url = url_of(schema, "acme")
    try:
        with connect(url, autocommit=True) as connection:
            execute(connection, "INSERT INTO country (name) VALUES ('France')")
            execute(connection, "INSERT INTO note (text, country) SELECT '', id FROM country")
        placed.component("notes", NOTES + "    stars = Required(int, default=3)\n")
        placed.succeed("migrate", "--name", "stars", "--no-input")
        assert "agree" in placed.succeed("migrate.check", "--all-tenants")
        with connect(url) as connection:
            assert fetch_value(connection, "SELECT stars FROM note") == 3
    finally:
        placed.succeed("tenant.drop", "acme", "--force")
