"""What waits in one of the two histories holds up the other one, from there on."""

import pytest

from berceau.errors import MigrationError, TenantError
from berceau.workflows.tenants.deployed import AllDeployed
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.groups import groups
from berceau.workflows.tenants.rules import Rules
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
    across = (
        f"{own}, of the tenants, waits, because it stands behind {shared[0]}, of the shared "
        "tables: it may need what that one makes"
    )
    assert done.notes == [f"{shared[0]} {WAITS}", *_behind(shared[0], shared[1]), across]
    assert groups(shop.settings).waits == (across,)
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
    across = (
        f"{shared}, of the shared tables, waits, because it stands behind {own}, of the tenants: "
        "it may take away what these still need"
    )
    assert done == AllDeployed(notes=[f"{own} {WAITS}", across, *_behind(own, last)])
    assert groups(shop.settings).waits == (across,)
    done = deploy_all(shop.settings, rules=Rules(allow_downtime=True))
    assert done == AllDeployed([shared], {"a": [own, last], "b": [own, last]})
    assert groups(shop.settings).waits == ()


def test_a_deploy_whose_first_contract_has_to_wait_applies_nothing(shop: Shop) -> None:
    first = shop.write(1, "CREATE TABLE country (id integer);", scope="shared")
    shop.add("a", "b")
    before = shop.write(2, "CREATE TABLE note (id integer);")
    shop.write(3, f"{CONTRACT}DROP TABLE country;", scope="shared")
    shop.announce(first)
    with pytest.raises(MigrationError) as refusal:
        deploy_all(shop.settings, rules=Rules(contract=True))
    assert refusal.value.cure.startswith("Nothing was applied.")
    assert deploy_all(shop.settings).tenants == {"a": [before], "b": [before]}


def test_without_the_other_tenants_a_contract_behind_them_refuses_nothing(shop: Shop) -> None:
    first = shop.write(1, "CREATE TABLE country (id integer);", scope="shared")
    shop.add("a", "b")
    before = shop.write(2, "CREATE TABLE note (id integer);")
    contract = shop.write(3, f"{CONTRACT}DROP TABLE country;", scope="shared")
    shop.announce(first)
    done = deploy_all(shop.settings, rules=Rules(contract=True, patterns=("a",)))
    assert done.tenants == {"a": [before]}
    assert done.notes == [
        f"{contract}, of the shared tables, waits for the other tenants: it may take away what "
        "these still need"
    ]


def test_status_tells_what_waits_for_a_migration_that_failed_in_a_tenant(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE country (id integer);", scope="shared")
    shop.write(2, "CREATE TABLE note (id integer);")
    shop.add("a", "b")
    failing = shop.write(3, "ALTER TABLE note ADD x integer; SELECT 1 / count(*) FROM note;")
    shared = shop.write(4, "DROP TABLE country;", scope="shared")
    assert groups(shop.settings).waits == ()
    with pytest.raises(TenantError):
        deploy_all(shop.settings)
    (note,) = groups(shop.settings).waits
    assert note.startswith(f"{shared}, of the shared tables, waits, because")
    assert f"behind {failing}, of the tenants" in note


@pytest.mark.parametrize("scope", ["shared", "tenant"])
def test_a_later_contract_waits_for_processes_and_the_first_one_is_applied(shop, scope) -> None:
    shop.write(1, "CREATE TABLE country (id integer); CREATE TABLE city ();", scope="shared")
    shop.write(2, "CREATE TABLE note (id integer);")
    shop.add("a", "b")
    own = shop.write(3, f"{CONTRACT}ALTER TABLE note DROP id;")
    between = shop.write(4, f"{CONTRACT}DROP TABLE city;", scope="shared")
    last = shop.write(
        5, f"{CONTRACT}DROP TABLE {'country' if scope == 'shared' else 'note'};", scope=scope
    )
    shop.announce(own if scope == "shared" else between)
    done = deploy_all(shop.settings, rules=Rules(contract=True))
    assert done.tenants == {"a": [own], "b": [own]}
    assert done.shared == ([] if scope == "shared" else [between])
    (first, *_) = done.notes
    waiting = between if scope == "shared" else last
    assert first.startswith(f"{waiting} waits for 1 process that doesn't know {waiting}:")


def _behind(first: str, *names: str) -> list[str]:
    return [f"{name} waits, because it stands behind {first}" for name in names]
