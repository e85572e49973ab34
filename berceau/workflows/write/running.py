"""What the running release needs while a migration is applied, and what is still kept for it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from berceau.errors import MigrationError, StatementError
from berceau.migration.kept import kept_by
from berceau.migration.migration import Migration
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.kept import Kept, matching
from berceau.schema.kept_parts import present
from berceau.schema.model import Schema
from berceau.schema.resting import held_back, needed
from berceau.settings import Settings
from berceau.workflows.compatibility.release import Release, running_release
from berceau.workflows.deploy.replay import replay_cached
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.write.plan import Plan


@dataclass(frozen=True)
class Running:
    """The release that runs: ``ref`` in git, or the newest that all share.

    Where git doesn't say and it is ``assumed``, it is what ``migrations`` build.
    """

    settings: Settings
    migrations: Sequence[Migration]
    ref: str | None = None
    assumed: bool = False
    report: Report = silent

    @cached_property
    def release(self) -> Release | None:
        """The release, if git knows it."""
        return running_release(self.settings, self.migrations, self.ref, self.report)

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.release or "of the migrations")

    def schema(self) -> Schema | None:
        """Return what it declares, as far as that is known."""
        if self.release is not None:
            return self.release.schema
        return _built(self.settings, self.migrations) if self.assumed else None

    def ended(self, kept: Collection[Kept]) -> frozenset[Kept]:
        """Return those of ``kept`` that it doesn't need."""
        return frozenset(kept) - needed(kept, self.schema(), _built(self.settings, self.migrations))

    def ending(
        self, kept: Sequence[Kept], patterns: Sequence[str] = (), *, active: bool = True
    ) -> frozenset[Kept]:
        """Return those of ``kept`` that ``patterns`` match, by default all, and that can end.

        What the release needs stays, if it is ``active``, and what else rests on. Where the release
        isn't known, its needs are what nobody can tell but who asks for the end. Raises
        ``MigrationError`` where nothing can end.
        """
        if not kept:
            raise MigrationError(
                "Nothing is kept for an earlier release.",
                cure="Nothing was written. `invoke migrate.status` shows what is kept.",
            )
        asked = chosen(kept, patterns)
        built = _built(self.settings, self.migrations)
        used = needed(asked, self.schema(), built) if active else frozenset()
        if used == asked:
            raise MigrationError(
                f"The running release {self.release} still needs what is kept: {_listed(used)}.",
                cure="Nothing was written. Release the code that doesn't need it first: what is "
                "on the shared branch counts as running. Or name what runs: --against REF. If no "
                "process of it runs meanwhile, add --allow-downtime.",
            )
        held = held_back(asked - used, kept, built)
        if asked == used | held.keys():
            reasons = "".join(f"\n    {each}: {held[each]}" for each in sorted(held))
            raise MigrationError(
                f"What else is kept needs what should end:{reasons}",
                cure="Nothing was written. End both together: add the other one to --contract, or "
                "give it no patterns.",
            )
        for each in sorted(used):
            self.report(f"kept, since the running release {self.release} needs it: {each}")
        for each in sorted(held):
            self.report(f"kept, since {held[each]}: {each}")
        return asked - used - held.keys()


def chosen(kept: Collection[Kept], patterns: Sequence[str]) -> frozenset[Kept]:
    """Return those of ``kept`` that ``patterns`` match, by default all.

    Raises ``MigrationError`` for a pattern that matches none.
    """
    for pattern in patterns:
        if not matching(kept, [pattern]):
            raise MigrationError(
                f"--contract {pattern} matches nothing that is kept.",
                cure=f"Nothing was written. What is kept: {_listed(kept)}.",
            )
    return matching(kept, patterns)


def _listed(kept: Collection[Kept]) -> str:
    return ", ".join(map(str, sorted(kept)))


def require_agreement(plan: Callable[[], Plan]) -> None:
    """Raise ``MigrationError`` where ``plan`` has anything to do before what is kept can end.

    Whatever it would need first, it has something to do.
    """
    try:
        if not plan().writes:
            return
        reason = None
    except StatementError:
        raise
    except MigrationError as error:
        reason = error
    raise MigrationError(
        "The entities declare a schema that the migrations don't build.",
        cure="Nothing was written. Run `invoke migrate` first: a migration that ends what is "
        "kept does nothing else, since it waits until the release before has ended. If that has "
        "to end first, put back what you changed in the entities until then.",
    ) from reason


def still_kept(
    settings: Settings, declared: Schema, migrations: Sequence[Migration]
) -> dict[Kept, str]:
    """Return what ``migrations`` keep beyond what is ``declared``, each with the one that did."""
    kept = kept_by(migrations)
    if not kept:
        return {}
    found = present(kept, _built(settings, migrations), declared)
    return {each: kept[each] for each in sorted(found)}


def _built(settings: Settings, migrations: Sequence[Migration]) -> Schema:
    migration_url = resolve_databases(settings).migration_url
    return replay_cached(migration_url, migrations, SchemaCache(settings.cache)).schema
