"""What waits in one of the two histories holds up the other one, from there on."""

from berceau.workflows.tenants.deploying import AllDeployed, Rules, deploy_all
from tests.workflows.tenants.conftest import Shop

CONTRACT = "-- Phase: contract\n"
WAITS = "waits for the old processes to end: `invoke migrate.deploy --contract`"


def test_tenants_wait_behind_what_waits_of_the_shared_tables(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE country (id integer);", scope="shared")
    shop.add("a", "b")
    before = shop.write(2, "CREATE TABLE note (id integer);")
    shared = [
        shop.write(3, f"{CONTRACT}DROP TABLE country;", scope="shared"),
        shop.write(4, "CREATE TABLE land (id integer PRIMARY KEY);", scope="shared"),
    ]
    own = shop.write(5, "ALTER TABLE note ADD land integer REFERENCES land;")
    done = deploy_all(shop.settings)
    assert done.shared == []
    assert done.tenants == {"a": [before], "b": [before]}
    assert done.notes == [f"{shared[0]} {WAITS}", *_behind(shared[0], shared[1], own)]
    assert deploy_all(shop.settings) == AllDeployed(notes=done.notes)
    done = deploy_all(shop.settings, rules=Rules(allow_downtime=True))
    assert done == AllDeployed(shared, {"a": [own], "b": [own]})


def test_shared_tables_wait_behind_what_waits_of_tenants(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE country (id integer PRIMARY KEY);", scope="shared")
    shop.write(2, "CREATE TABLE note (country integer REFERENCES country);")
    shop.add("a", "b")
    own = shop.write(3, f"{CONTRACT}ALTER TABLE note DROP country;")
    shared = shop.write(4, "DROP TABLE country;", scope="shared")
    last = shop.write(5, "CREATE TABLE more ();")
    done = deploy_all(shop.settings)
    assert done == AllDeployed(notes=[f"{own} {WAITS}", *_behind(own, shared, last)])
    done = deploy_all(shop.settings, rules=Rules(allow_downtime=True))
    assert done == AllDeployed([shared], {"a": [own, last], "b": [own, last]})


def _behind(first: str, *names: str) -> list[str]:
    return [f"{name} waits, because it stands behind {first}" for name in names]
