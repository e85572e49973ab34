"""Versions of the registry, which are those of the ledgers."""

from berceau.workflows.deploy.down import down
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.down import down_all
from tests.workflows.tenants.conftest import Shop


def test_a_down_that_was_killed_before_it_wrote_the_version(shop: Shop) -> None:
    first = shop.write(1, "CREATE TABLE note (id integer);")
    second = shop.write(2, "CREATE TABLE more ();")
    folder = shop.root / "migrations" / "tenant" / second
    (folder / "down.sql").write_text("DROP TABLE more;")
    shop.add("a", "b", "c")
    # What the first one did to b before it was killed.
    own = shop.databases.migration_url.of_tenant(shop.tenants()[1].schema)
    found = histories.read(shop.settings).tenant
    assert down(own, found, allow_data_loss=True) == (second,)
    assert down_all(shop.settings, allow_data_loss=True) == {"a": (second,), "c": (second,)}
    assert [each.version for each in shop.tenants()] == [first] * 3
