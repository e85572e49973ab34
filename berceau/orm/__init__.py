"""The one global Pony ``Database``, and units of work on it."""

from berceau.orm import database
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

db = database.db
"""The one global Pony ``Database``: entities derive from ``db.Entity``.

Berceau binds and maps it; its ``bind()`` raises ``EntityError``. Entities stand in a component's
``entities.py``::

    from pony.orm import Required

    from berceau.orm import db


    class Post(db.Entity):
        title = Required(str, 200)
"""
