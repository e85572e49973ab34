"""The one global Pony ``Database``: entities join it at import, Berceau maps and connects it."""

from typing import Any

from pony.orm.core import Database, Entity

from berceau.errors import EntityError
from berceau.orm import (
    flushing,  # noqa: F401 (it changes Pony's flush)
    nested_sessions,  # noqa: F401 (it changes Pony's db_session inside a unit of work)
    phantoms,  # noqa: F401 (it changes what Pony does about partners that appear)
    unknown_subclasses,  # noqa: F401 (it changes how Pony reads a discriminator)
)
from berceau.orm.diagnosis import check_tables, diagnose
from berceau.orm.entity import EntityMeta
from berceau.orm.extension import Added
from berceau.orm.options import check_numbered_keys
from berceau.orm.pool import BerceauPool, ConnectionSource, ReplicaSource
from berceau.orm.provider import BerceauProvider
from berceau.orm.relations import complete
from berceau.orm.stored import Stored
from berceau.orm.tenants import Tenants, look_up_in
from berceau.orm.unit import current_unit


class GlobalDatabase(Database):
    """A ``Database`` that only Berceau binds and maps."""

    def __init__(self) -> None:
        super().__init__()
        self.added: dict[tuple[str, str], Added] = {}
        self.Entity: Any = type.__new__(EntityMeta, "Entity", (Stored, Entity), {})
        self.Entity._database_ = self

    def _get_cache(self) -> Any:
        """Return the session of this thread, which objects and queries ask for."""
        unit = current_unit()
        if unit is not None and unit.owner is not None:
            unit.owner.check()
        cache: Any = super()._get_cache()  # type: ignore[misc]  # not in the types: it's for Pony
        pool = self.provider.pool  # that of another provider, where Pony's own tests have one
        if isinstance(pool, BerceauPool):
            pool.require_own(cache)
        return cache

    def bind(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Pony's signature
        """Refuse: raises ``EntityError``."""
        raise EntityError(
            "The global Database is bound by Berceau.",
            cure="Remove the call of bind(); set DATABASE_URL to choose the server.",
        )


db = GlobalDatabase()


def map_entities(database: Any = db) -> None:
    """Bind ``database`` without a server and map its entities.

    Works once per ``Database``. Raises ``EntityError`` with the file and line of the entity
    that can't be mapped.
    """
    database._bind(BerceauProvider)
    check_tables(database)
    try:
        complete(database)
        database.generate_mapping(check_tables=False)
    except Exception as error:
        raise diagnose(error, database) from error
    check_numbered_keys(database)


def is_mapped(database: Any = db) -> bool:
    """Return whether the entities of ``database`` are mapped."""
    return database.schema is not None


look_up_in(lambda: db.provider.pool.tenants if is_mapped() else None)


def connect(
    source: ConnectionSource,
    database: Any = db,
    replica: ReplicaSource | None = None,
    tenants: Tenants | None = None,
) -> None:
    """Send the queries of ``database`` over connections of ``source`` from now on.

    Units of work that choose so read from ``replica``. With ``tenants``, each transaction is the
    work of one, or of none and uses shared tables only. Nothing is connected yet: each thread
    takes a connection at its session's first query. While a test decides where its queries go,
    nothing changes.
    """
    if not database.provider.pool.is_fixed:
        database.provider.pool = BerceauPool(source, replica, tenants)
