"""Whether a release and the schema that is there fit each other."""

from collections.abc import Iterable
from dataclasses import dataclass

from berceau.migration.history import Revision, compare
from berceau.migration.migration import Migration
from berceau.migration.phases import phases
from berceau.postgres.core.connection import Connection, connected
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.glance import glance
from berceau.postgres.runner import ledger
from berceau.schema.model import Schema
from berceau.schema.release import Misfit, fits


@dataclass(frozen=True)
class Unfit:
    """Why a release can't serve requests from the database.

    ``reason`` is for those who watch the process, ``logged`` for the log. A developer's page has
    ``title``, ``lead`` and ``cure``, and ``names`` of a ``kind``: migrations that are pending, or
    what of the release doesn't work.
    """

    reason: str
    logged: str
    title: str
    lead: str
    cure: str
    kind: str = ""
    names: tuple[str, ...] = ()


BARRED = Unfit(
    "a contract migration is being applied; this process waits for its end",
    "pages are closed while a contract migration is being applied",
    "The database is being migrated",
    "A contract migration is being applied. This process waits for its end.",
    "Try again in a moment.",
)
"""For a process that came meanwhile: it may be too old for what the migration leaves."""


def lacking(names: Iterable[str]) -> Unfit:
    """Return what is said while the database lacks the migrations called ``names``."""
    names = tuple(names)
    text = ", ".join(names)
    return Unfit(
        f"migrations are pending: {text}",
        f"pages are closed until `invoke migrate.deploy` applies the pending migrations: {text}",
        "Migrations are pending",
        "The database isn't ready for this version of the application yet. It lacks:",
        "Run `invoke migrate.deploy` and try again.",
        "migrations",
        names,
    )


def overtaken(misfits: Iterable[object], by: Iterable[str]) -> Unfit:
    """Return what is said where the migrations called ``by``, of another release, leave misfits."""
    names, text = tuple(map(str, misfits)), ", ".join(by)
    more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    return Unfit(
        f"the database has migrations of another release ({text}), and this one doesn't fit it: "
        f"{names[0]}{more}",
        f"pages are closed: this release doesn't fit what {text} left in the database: "
        f"{'; '.join(names)}",
        "The database is that of another release",
        f"It has {text}, which this code doesn't know. This doesn't work there:",
        "Serve the release that has these migrations, or undo them with `invoke migrate.down`.",
        "misfits",
        names,
    )


class Fitness:
    """Looks at the database of ``url`` for a release whose entities are ``declared``."""

    def __init__(self, url: Url, declared: Schema) -> None:
        self._url = url
        self._declared = declared
        self._seen: tuple[Revision, ...] = ()
        self._misfits: tuple[Misfit, ...] = ()

    def look(self, migrations: tuple[Migration, ...]) -> Unfit | None:
        """Return why the release with ``migrations`` can't be served now, or None.

        Asks the ledger each time. The catalog is read only where that has migrations of another
        release, and again once these change. Raises ``ConnectionFailedError``.
        """
        with connected(self._url) as connection:
            found = compare(migrations, ledger.read(connection))
            if needed := phases(found).needed:
                return lacking(migration.name for migration in needed)
            if found.missing and found.missing != self._seen:
                self._compare(connection, found.missing)
        if found.missing and self._misfits:
            return overtaken(self._misfits, (each.name for each in found.missing))
        return None

    def _compare(self, connection: Connection, missing: tuple[Revision, ...]) -> None:
        there = glance(connection)
        if there is None:  # somebody holds a lock: what was seen before counts a little longer
            return
        self._misfits = fits(self._declared, there)
        self._seen = missing
