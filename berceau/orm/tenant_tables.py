"""Why a unit of work of the shared tables has no table of a tenant, as an error."""

import re
from typing import Any

from pony.orm.core import EntityMeta, ProgrammingError

from berceau.components import scope_of
from berceau.errors import TenantMissingError
from berceau.orm.diagnosis import file_of, place_of, place_of_attribute
from berceau.orm.failures import UNDEFINED_TABLE, sqlstate
from berceau.schema.names import unquote_name

_NAME = re.compile(r'"(?:[^"]|"")+"|\w+')
_OPENS_TABLE = "parserOpenTable"
"""PostgreSQL's function that looks up what a statement reads or writes.

Another one refuses a column of a table that the statement lacks, with the same code.
"""


def asked_of_shared(error: Exception, sent: bytes, database: Any) -> TenantMissingError | None:
    """Return ``error``, by which PostgreSQL refused what a unit of work of shared tables ``sent``.

    ``None`` where it isn't about a table that an entity of ``database`` has, and each tenant.
    """
    if not isinstance(error, ProgrammingError) or sqlstate(error) != UNDEFINED_TABLE:
        return None
    missing = _missing(error, sent)
    declared = None if missing is None else _declared(missing, database)
    if declared is None:
        return None
    entity = declared if isinstance(declared, EntityMeta) else declared.entity
    if scope_of(file_of(entity)) == "shared":
        return None  # its migration wasn't applied
    where = place_of(entity) if entity is declared else place_of_attribute(declared)
    name = entity.__name__ if entity is declared else str(declared)
    return TenantMissingError(
        f"{name} has a table in the schema of each tenant, and this unit of work uses the shared "
        f"tables only. Its component is a tenant's, and declares it in {where}.",
        cure="Name a tenant: in a request, config.set_tenant_factory() tells it; elsewhere, "
        "unit_of_work(tenant=...), run_unit(..., tenant=...) or tenant_context(...). If all "
        'tenants are to share the tables of that component, write scope = "shared" into its '
        "__init__.py.",
    )


def _missing(error: Exception, sent: bytes) -> str | None:
    """Return the name of the table that isn't there, whatever language the server speaks.

    ``None`` where the server gives no place in the statement: a function, trigger or block asked.
    """
    diag = error.original_exc.diag  # type: ignore[attr-defined]  # psycopg2's
    position = diag.statement_position if diag.source_function == _OPENS_TABLE else None
    found = _NAME.match(sent.decode()[int(position) - 1 :]) if position else None
    return unquote_name(found[0]) if found else None


def _declared(table: str, database: Any) -> Any:
    """Return the entity or the relation that has ``table``."""
    for entity in database.entities.values():
        if entity._table_ == table and entity._root_ is entity:
            return entity
        for attribute in entity._new_attrs_:
            if attribute.is_collection and attribute.table == table:
                return attribute
    return None
