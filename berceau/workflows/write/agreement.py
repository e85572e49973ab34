"""Agreement: that migrations build what entities declare, which needn't be found out twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.migration.migration import Migration
from berceau.postgres.core.url import Url
from berceau.schema.model import Schema
from berceau.workflows.deploy.replay import causes
from berceau.workflows.shared.cache import SchemaCache, to_text

_KIND = "agreement"


@dataclass(frozen=True)
class _Agreement:
    """What is kept where both sides are equal: there is no more to it."""


def is_known(
    migration_url: Url,
    declared: Schema,
    migrations: Sequence[Migration],
    cache: SchemaCache,
    unmanaged: Sequence[str] = (),
) -> bool:
    """Return whether ``migrations`` are known to build ``declared``, and the ``unmanaged``."""
    return (
        cache.find(_Agreement, _KIND, _causes(migration_url, declared, migrations, unmanaged))
        is not None
    )


def remember(
    migration_url: Url,
    declared: Schema,
    migrations: Sequence[Migration],
    cache: SchemaCache,
    unmanaged: Sequence[str] = (),
) -> None:
    """Keep that ``migrations`` were found to build what is ``declared``."""
    cache.keep(_KIND, _causes(migration_url, declared, migrations, unmanaged), _Agreement())


def _causes(
    migration_url: Url, declared: Schema, migrations: Sequence[Migration], unmanaged: Sequence[str]
) -> tuple[str, ...]:
    return (to_text(declared), *unmanaged, *causes(migration_url, migrations))
