"""Tables that are on all servers of Citus, or distributed: their migrations, where there is none.

What these do where Citus is, is tested in tests/citus.
"""

import pytest

from tests.conftest import Project, cases

SHOP = """
class Country(db.Entity):
    _reference_ = True
    name = Required(str)

class Account(db.Entity):
    _distribute_ = "id"
    id = PrimaryKey(int)

class Invoice(db.Entity):
    _distribute_ = "account"
    account = Required(Account)
    number = Required(int)
    country = Optional(Country)
    PrimaryKey(account, number)
"""
MORE = """
class More(db.Entity):
    _reference_ = True
    text = Required(str)
"""
PLAIN = "\n".join(line for line in SHOP.splitlines() if "_ =" not in line)
COMMENTS = """
SELECT c.relname, a.attname, d.description
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
WHERE d.classoid = 'pg_class'::regclass AND c.relkind = 'r'
AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'berceau_process' ORDER BY 1, 2
"""
PLACES = [
    ("account", "id", "@citus distribute"),
    ("country", None, "@citus reference"),
    ("invoice", "account", "@citus distribute"),
]


@pytest.fixture
def shop(connected: Project) -> Project:
    """A project with a table of each kind, migrated."""
    connected.component("shop", SHOP)
    connected.succeed("migrate", "--name", "first")
    return connected


def newest(project: Project, file: str = "migration.sql") -> str:
    return (project.root / "migrations" / project.migrations()[-1] / file).read_text()


def agree(project: Project) -> None:
    assert "database agree" in project.succeed("migrate.check")
    assert "nothing" in project.succeed("migrate.diff")
    assert "drift" not in project.succeed("migrate.status")


def test_new_tables_are_placed_in_their_order_and_history_knows_it(shop, query) -> None:
    agree(shop)
    sql = newest(shop)
    places = [
        sql.index("PERFORM create_reference_table('country')"),
        sql.index("PERFORM create_distributed_table('account', 'id', colocate_with => 'default')"),
        sql.index(
            "PERFORM create_distributed_table('invoice', 'account', colocate_with => 'account')"
        ),
        sql.index("FOREIGN KEY"),
    ]
    assert places == sorted(places)
    assert "-- copies all rows" not in sql
    assert query(COMMENTS) == PLACES
    shop.succeed("migrate.down")
    shop.succeed("migrate.deploy")
    shop.component(
        "more", "class More(db.Entity):\n    _reference_ = True\n    a = Required(int)\n"
    )
    shop.succeed("migrate")
    shop.succeed("migrate.squash")
    (shop.root / "components" / "more").rename(shop.root / "more")
    shop.succeed("migrate", "--drop-component", "more", "--allow-data-loss", "--no-input")
    assert query(COMMENTS) == PLACES
    agree(shop)


def test_a_place_follows_renames_and_comments_stay(shop, query) -> None:
    query("COMMENT ON TABLE country IS E'All of them.\\n@citus reference'")
    query("COMMENT ON COLUMN account.id IS E'As in the books.\\n@citus distribute'")
    renamed = SHOP.replace("Country", "State").replace("account", "customer")
    shop.component("shop", renamed)
    renames = ("--rename", "country=state", "--rename", "invoice.account=customer")
    shop.succeed("migrate", *renames, "--no-input", BERCEAU_ALLOW_DOWNTIME="true")
    assert "citus" not in newest(shop)
    agree(shop)
    assert [each[:2] for each in query(COMMENTS)] == [
        ("account", "id"),
        ("invoice", "customer"),
        ("state", None),
    ]
    shop.component("shop", PLAIN.replace("Country", "State").replace("account", "customer"))
    shop.succeed("migrate")
    assert query(COMMENTS) == [
        ("account", "id", "As in the books."),
        ("state", None, "All of them."),
    ]
    shop.succeed("migrate.down")
    assert query(COMMENTS) == [
        ("account", "id", "As in the books.\n@citus distribute"),
        ("invoice", "customer", "@citus distribute"),
        ("state", None, "All of them.\n@citus reference"),
    ]


def test_tables_that_are_there_become_distributed_and_cease(connected, query) -> None:
    connected.component("shop", PLAIN)
    connected.succeed("migrate", "--name", "first")
    query("INSERT INTO account VALUES (1), (2)")
    connected.component("shop", SHOP)
    connected.succeed("migrate", "--name", "placed")
    sql, down = newest(connected), newest(connected, "down.sql")
    assert sql.index("DROP CONSTRAINT") < sql.index("create_reference_table('country')")
    assert sql.index("create_distributed_table('invoice'") < sql.index("ADD CONSTRAINT")
    assert sql.count("-- copies all rows to other servers") == 3
    assert down.index("DROP CONSTRAINT") < down.index("undistribute_table('invoice')")
    assert down.index("undistribute_table('invoice')") < down.index("undistribute_table('account')")
    assert down.index("undistribute_table('account')") < down.index("FOREIGN KEY")
    assert query(COMMENTS) == PLACES
    agree(connected)
    connected.succeed("migrate.down")
    assert query(COMMENTS) == []
    connected.succeed("migrate.deploy")
    assert query(COMMENTS) == PLACES


def test_another_column_and_another_type_are_changed_in_steps(shop, query) -> None:
    other = SHOP.replace("id = PrimaryKey(int)", "id = PrimaryKey(int, size=64)")
    shop.component("shop", other)
    shop.succeed("migrate", BERCEAU_ALLOW_DOWNTIME="true")
    sql = newest(shop)
    assert sql.index("undistribute_table('invoice')") < sql.index("TYPE bigint")
    assert sql.index("TYPE bigint") < sql.index("create_distributed_table('account', 'id'")
    assert sql.index("create_distributed_table('invoice'") < sql.index("FOREIGN KEY")
    assert query(COMMENTS) == PLACES
    agree(shop)


def test_another_column_is_changed_where_the_rows_are(shop, query) -> None:
    other = SHOP.replace('_distribute_ = "account"', '_distribute_ = "number"')
    other = other.replace("account = Required(Account)", "account = Required(int)")
    shop.component("shop", other)
    shop.succeed("migrate")
    sql = newest(shop)
    assert sql.index("DROP CONSTRAINT") < sql.index("alter_distributed_table('invoice', 'number'")
    assert ("invoice", "number", "@citus distribute") in query(COMMENTS)
    agree(shop)
    shop.succeed("migrate.down")
    assert query(COMMENTS) == PLACES


def test_what_was_overwritten_is_told_again(shop, query) -> None:
    query("COMMENT ON TABLE country IS 'Countries'")
    assert "create_reference_table('country')" in shop.fail("migrate.check")
    query("COMMENT ON TABLE country IS E'Countries\\n@citus reference'")
    agree(shop)


BY_HAND = {
    "CREATE UNIQUE INDEX one ON account (lower(name))": "account is distributed by id, which",
    "ALTER TABLE account ADD EXCLUDE USING hash (name WITH =)": "a constraint between rows",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
    "CREATE TRIGGER one BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION f()": "trigger one",
    "CREATE TABLE more () INHERITS (account)": "child more",
}


@cases("by_hand, message", list(BY_HAND.items()), quick=1)
def test_what_is_made_by_hand_is_refused_before_anything_is_written(
    connected: Project, by_hand: str, message: str
) -> None:
    account = "class Account(db.Entity):\n    id = PrimaryKey(int)\n    name = Required(str)\n"
    connected.component("shop", account)
    connected.succeed("migrate", "--name", "first")
    connected.migration("20990101000000_by_hand", f"{by_hand};\n")
    connected.succeed("migrate.deploy")
    connected.component("shop", account.replace("\n", '\n    _distribute_ = "id"\n', 1))
    err = connected.fail("migrate")
    assert message in err
    assert "Nothing was written" in err


def test_two_releases_cant_use_a_table_that_has_no_triggers(shop) -> None:
    shop.component("shop", SHOP.replace("name = Required(str)", "title = Required(str)"))
    rename = ("--rename", "country.name=title", "--no-input", "--expand")
    err = shop.fail("migrate", *rename, BERCEAU_ALLOW_DOWNTIME="false")
    assert "country can't serve two releases meanwhile" in err
    shop.succeed("migrate", *rename[:3])
