"""``invoke db.seed``: rows to begin with, in one transaction, once."""

from collections.abc import Callable

import pytest

from tests.conftest import Project

SHOP = "class Item(db.Entity):\n    name = Required(str)\n    maker = Required('Maker')\n"
WORKSHOP = (
    "class Maker(db.Entity):\n    name = Required(str, unique=True)\n    items = Set('Item')\n"
)
ITEMS = """
from .entities import Item
from components.workshop.entities import Maker

def seed():
    Item(name="chair", maker=Maker.get(name="Ada"))
"""
MAKERS = """
from .entities import Maker

def seed():
    Maker(name="Ada")
"""


@pytest.fixture
def shop(connected) -> Project:
    """Two migrated components: the first by name refers to the second."""
    connected.component("shop", SHOP, seeds=ITEMS)
    connected.component("workshop", WORKSHOP, seeds=MAKERS)
    connected.component("quiet")
    connected.succeed("migrate")
    return connected


@pytest.fixture
def rows(query) -> Callable[[], tuple[int, int]]:
    """Return a function that counts items and makers."""
    return lambda: tuple(query("SELECT (SELECT count(*) FROM item), count(*) FROM maker")[0])


def test_seeds_run_once_each_after_what_they_need(shop, rows) -> None:
    out = shop.succeed("db.seed")
    assert out.splitlines() == ["seeding workshop", "seeding shop", "seed: ran workshop, shop"]
    assert rows() == (1, 1)
    assert shop.succeed("db.seed") == "seed: nothing to do\n"
    assert rows() == (1, 1)
    shop.succeed("migrate.check")
    assert "berceau_seed" not in shop.succeed("migrate.status")


@pytest.mark.slow
def test_seeds_that_changed_run_again_where_told_so(shop, rows) -> None:
    shop.succeed("db.seed")
    shop.component("shop", SHOP, seeds=ITEMS.replace("chair", "table"))
    out = shop.succeed("db.seed")
    assert "changed since they ran: shop; run them again with --again NAME" in out
    assert rows() == (1, 1)
    assert "ran shop" in shop.succeed("db.seed", "--again", "shop")
    assert rows() == (2, 1)
    assert shop.succeed("db.seed") == "seed: nothing to do\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("    raise LookupError('gone')  # culprit", "LookupError: gone"),
        ("    Item(name='chair', maker=Item)  # culprit", "TypeError"),
        ("    import nowhere  # culprit", "No module named 'nowhere'"),
    ],
)
def test_one_that_fails_is_named_with_its_line_and_nothing_is_kept(shop, rows, line, says) -> None:
    file = shop.write("components/shop/seeds.py", f"{ITEMS}{line}\n")
    message = shop.fail("db.seed")
    _, number = shop.culprit()
    assert says in message
    assert f"component shop, {file}:{number}" in message
    assert rows() == (0, 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no function seed"),
        ("def seed(:\n", "SyntaxError"),
        (ITEMS + "    Item(name='bed', maker=Maker(name='Ada'))\n", "already exists"),
        (ITEMS + "    from pony.orm import rollback; rollback()\n", "rolled back"),
        (ITEMS + "    from pony.orm import commit; commit()\n", "commit"),
        (ITEMS + "    db.execute('CREATE TABLE other ()')\n", "permission denied"),
    ],
    ids=["empty", "syntax", "constraint", "rollback", "commit", "rights"],
)
def test_what_seeds_can_not_do_is_refused_and_nothing_is_kept(shop, rows, text, says) -> None:
    file = shop.write("components/shop/seeds.py", "from berceau.orm import db\n" + text)
    message = shop.fail("db.seed")
    assert says in message
    assert str(file) in message
    assert rows() == (0, 0)


@pytest.mark.slow
def test_two_at_once_seed_once(shop, rows) -> None:
    processes = [shop.start("invoke", "db.seed") for _ in range(2)]
    said = [process.communicate() for process in processes]
    assert all(out for out, _ in said), said  # its error, where one failed
    outputs = sorted(out.splitlines()[-1] for out, _ in said)
    assert outputs == ["seed: nothing to do", "seed: ran workshop, shop"]
    assert rows() == (1, 1)


def test_what_was_reset_is_seeded_again(shop, rows) -> None:
    shop.succeed("db.seed")
    shop.succeed("migrate.reset", "--force", "--no-input")
    assert rows() == (0, 0)
    assert "ran workshop, shop" in shop.succeed("db.seed")
    assert rows() == (1, 1)


def test_a_component_without_seeds_can_not_be_seeded_again(shop) -> None:
    message = shop.fail("db.seed", "--again", "quiet")
    assert "No component quiet has seeds." in message
    assert "Those that have: workshop, shop." in message


def test_pending_migrations_come_first(shop, rows) -> None:
    shop.migration("20990101000000_later", "SELECT 1;\n")
    message = shop.fail("db.seed")
    assert "Migrations are pending: 20990101000000_later." in message
    assert "invoke migrate.deploy" in message
    assert rows() == (0, 0)
