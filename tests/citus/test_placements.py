"""Migrations of tables that Citus has here, on one server, on all of them, or in parts."""

from collections.abc import Mapping

import pytest

FIRST = """
    class Mood(str, Enum):
        GOOD = "GOOD"
        BAD = "BAD"

    class Shop(db.Entity):
        id = PrimaryKey(int, auto=True)
        name = Required(str, 50)
        sales = Set("Sale")

    class Sale(db.Entity):
        id = PrimaryKey(int)
        shop = Required(Shop, index=True)
        mood = Required(Mood, sql_default="'GOOD'")
        price = Required(int)
        note = Optional(str)
"""
# A column that is new, one of another type, one of another name, one that is gone; a label; an
# index; a check by a smaller length; a table.
SECOND = """
    class Mood(str, Enum):
        GOOD = "GOOD"
        FAIR = "FAIR"
        BAD = "BAD"

    class Shop(db.Entity):
        id = PrimaryKey(int, auto=True)
        name = Required(str, 80)
        sales = Set("Sale")
        stars = Required(int, default=3)
        visits = Set("Visit")

    class Sale(db.Entity):
        id = PrimaryKey(int)
        shop = Required(Shop, index=True)
        mood = Required(Mood, sql_default="'GOOD'")
        price = Required(int, size=64, index=True)
        remark = Optional(str)
        paid = Optional(datetime)

    class Visit(db.Entity):
        id = PrimaryKey(int)
        shop = Required(Shop)
"""
ROWS = """
    INSERT INTO shop (name) SELECT 'shop ' || n FROM generate_series(1, 20) n;
    INSERT INTO sale (id, shop, mood, price, note)
    SELECT n, (SELECT min(id) FROM shop) + n % 20, 'GOOD', n, '' FROM generate_series(1, 200) n
"""
PLACE = "SELECT partmethod, repmodel FROM pg_dist_partition WHERE logicalrelid = 'sale'::regclass"
ON_ALL, BY_ID = "_reference_ = True", '_distribute_ = "id"'
WORDS = {
    "here": {},
    "schema": {},
    "reference": {"Shop": ON_ALL, "Sale": ON_ALL},
    "parts": {"Shop": ON_ALL, "Sale": BY_ID},
}
TO_A_SERVER = "SELECT citus_schema_distribute(current_schema()::regnamespace)"


def placed_by(source: str, words: Mapping[str, str]) -> str:
    """Return entities with the words that say where their tables are."""
    for name, word in words.items():
        begin = f"class {name}(db.Entity):\n"
        source = source.replace(begin, f"{begin}        {word}\n")
    return source


@pytest.mark.parametrize("placement", WORDS)
def test_tables_are_migrated_wherever_citus_has_them(placed, ask, placement) -> None:
    imports = "from datetime import datetime\nfrom enum import Enum\n"
    shop = placed.component("shop", placed_by(FIRST, WORDS[placement]))
    entities = shop / "entities.py"
    entities.write_text(imports + entities.read_text())
    placed.succeed("migrate", "--name", "first")
    for command in (*ROWS.split(";"), *((TO_A_SERVER,) if placement == "schema" else ())):
        ask(command)
    before = ask(PLACE)
    assert bool(before) == (placement != "here")
    assert "database agree" in placed.succeed("migrate.check")
    placed.component("shop", placed_by(SECOND, WORDS[placement]))
    entities.write_text(imports + entities.read_text())
    options = ("--name", "second", "--rename", "sale.note=remark", "--no-input")
    written = placed.succeed("migrate", *options)
    assert "without rows" not in written
    assert "database agree" in placed.succeed("migrate.check")
    assert "drift" not in placed.succeed("migrate.status")
    assert ask("SELECT count(*), sum(price), max(remark) FROM sale") == [(200, 20100, "")]
    assert ask("SELECT count(*) FROM shop WHERE stars = 3") == [(20,)]
    placed.succeed("migrate.down", "--allow-data-loss")
    assert ask("SELECT count(*), sum(price), max(note) FROM sale") == [(200, 20100, "")]
    placed.succeed("migrate.deploy")
    after = ask(PLACE)
    assert after == before
    ask("CREATE STATISTICS prices ON shop, price FROM sale")  # its parts have some, too
    copy = placed.environment["DATABASE_URL"].rpartition("=")[2] + "_copy"
    placed.succeed("db.clone", "--source", copy.removesuffix("_copy"), "--target", copy)
    placed.succeed("db.drop", "--target", copy)
