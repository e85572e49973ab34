"""Where a project has tenants, rows are those of one of them, or what all of them share."""

import pytest

from berceau.errors import RowsError
from berceau.orm import database as orm
from berceau.orm.database import GlobalDatabase
from berceau.planner.privacy import Privacy
from berceau.workflows.rows.entities import read_entities

database = GlobalDatabase()
SHARED, OWN = "components.geo", "components.notes"


def test_without_a_tenant_there_are_the_shared_entities_only() -> None:
    exec(ENTITIES, {"__name__": f"{SHARED}.entities", "db": database})
    exec(MORE, {"__name__": f"{OWN}.entities", "db": database})
    orm.map_entities(database)
    entities = read_entities(Privacy((), ()), database)
    assert [each.name for each in entities.find("Country").fields] == ["id", "name", "memos"]
    found = entities.shared_by([SHARED])
    assert [*found.by_name] == ["Country"]
    assert [each.name for each in found.find("Country").fields] == ["id", "name"]
    with pytest.raises(RowsError, match="The rows of Memo are those of a tenant"):
        found.find("Memo")
    with pytest.raises(RowsError, match="There is no entity Nothing"):
        found.find("Nothing")


ENTITIES = """
from pony.orm import Required, Set
class Country(db.Entity):
    name = Required(str)
    memos = Set("Memo")
"""
MORE = """
from pony.orm import Required
class Memo(db.Entity):
    country = Required("Country")
"""
