"""What type checkers see of ``berceau.orm``: ``db`` as a class, whose ``Entity`` can be a base."""

from typing import TypeAlias

from pony.orm.core import Database
from pony.orm.core import Entity as _Entity

from berceau.orm.extension import index
from berceau.orm.session import run_unit, tenant_context, unit_of_work
from berceau.orm.unit import UnitOfWork
from berceau.tenancy import SHARED, Tenant

__all__ = [
    "SHARED",
    "Tenant",
    "UnitOfWork",
    "db",
    "index",
    "run_unit",
    "tenant_context",
    "unit_of_work",
]

class _Database(Database, type): ...

class db(metaclass=_Database):  # noqa: N801 - it is an object
    """The one global Pony ``Database``: entities derive from ``db.Entity``."""

    Entity: TypeAlias = _Entity
