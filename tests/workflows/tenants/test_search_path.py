"""A migration of tenants that leads back to the session's search path: that of shared tables."""

import pytest

from berceau.errors import BerceauError
from berceau.workflows.deploy.replay import replay
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.create import create
from berceau.workflows.tenants.deploying import deploy_all
from tests.workflows.tenants.conftest import Shop


@pytest.mark.parametrize("back", ["RESET ALL", "RESET search_path", "SET search_path TO DEFAULT"])
@pytest.mark.parametrize("change", ["CREATE TABLE more ()", "UPDATE note SET id = 1"])
def test_what_leads_back_to_shared_tables_changes_none(shop: Shop, back: str, change: str) -> None:
    shop.write(1, "CREATE TABLE note (id integer);", scope="shared")
    shop.write(2, "CREATE TABLE note (id integer);")
    shop.add("a")
    url = shop.databases.migration_url
    (tenant,) = shop.tenants()
    shop.write(3, f"{back};\n{change};")
    found = histories.read(shop.settings).tenant
    for attempt in (
        lambda: replay(url.of_tenant(tenant.schema), found),
        lambda: deploy_all(shop.settings),
        lambda: create(shop.settings, "b"),
    ):
        with pytest.raises(BerceauError, match=r"changes \w+, which is outside of its schema"):
            attempt()
    assert shop.rows("SELECT id FROM note") == []
