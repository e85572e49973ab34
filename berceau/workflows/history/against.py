"""Against another release: which of the two may run before, during and after the migrations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from berceau.diagnostic import Diagnostic
from berceau.errors import MigrationError, StatementError
from berceau.migration.codes import Code
from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.rows.references import references
from berceau.postgres.rows.sample_rows import copy_rows
from berceau.postgres.rows.stillness import held_still
from berceau.postgres.rows.synthetic_rows import make_rows
from berceau.postgres.runner import runner
from berceau.schema.model import Schema
from berceau.schema.subset import between
from berceau.settings import Settings
from berceau.workflows.compatibility.release import Release, running_release
from berceau.workflows.compatibility.witness import UNSEEN, Verdict, Witness
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.replay import replay_cached, scratch_after
from berceau.workflows.shared import git
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.shared.row_source import row_source
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.validation import blames_rows

ROWS = 100
"""How many rows of each table that changes are copied at most."""


@dataclass(frozen=True)
class Compatibility:
    """What the ``older`` release finds after the ``migrations`` since, and the newer before them.

    The migrations that are ``waiting`` are for when no process of the older release runs.
    """

    release: str
    migrations: tuple[str, ...]
    waiting: tuple[str, ...]
    older: Verdict
    newer: Verdict

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Why the older release can't run on the new schema, if so."""
        return tuple(self._findings())

    def lines(self) -> Iterator[str]:
        """Yield for a person which release may run when."""
        since = (
            f"the {counted(len(self.migrations), 'migration')} since" if self.migrations else "all"
        )
        may = "can't run" if self.older.misfits else "runs"
        yield f"{self.release} {may} on the schema after {since}"
        yield from (f"  {each}" for each in self.older.misfits)
        if self.newer.misfits:
            yield f"today's code can't run before {since}"
            yield from (f"  {each}" for each in self.newer.misfits)
        else:
            yield f"today's code runs before {since}, too"
        for each in self.older.surprises:
            yield f"{self.release} may meet what its entities don't provide for: {each}"
        if self.waiting:
            yield f"for when no process of {self.release} runs: {', '.join(self.waiting)}"

    def _findings(self) -> Iterator[Diagnostic]:
        if self.older.misfits:
            cures = dict.fromkeys(each.cure for each in self.older.misfits if each.cure)
            yield Diagnostic(
                Code.BREAKS_RELEASE,
                f"The release {self.release} can't run on the schema that the migrations since "
                "make.",
                " ".join(cures) or "Take the change in two releases.",
                migration=self.migrations[-1] if self.migrations else None,
                detail="\n".join(map(str, self.older.misfits)),
            )


def prove_against(settings: Settings, declared: Schema, ref: str | None) -> Compatibility:
    """Run the release ``ref`` on what the migrations since make, and ``declared`` on what was.

    ``ref`` is a revision in git, by default what the shared branch has in common with this one,
    before the first migration that the database lacks.
    Raises ``MigrationError`` where it isn't known, or can't be composed.
    """
    notes: list[str] = []
    migrations = migration_directory.read(settings.migrations)
    release = running_release(settings, migrations, ref, notes.append)
    if release is None:
        unknown = "It isn't known which release runs: git has no revision of this project."
        raise MigrationError(notes[0] if notes else unknown, cure="Name one: --against REF.")
    then = git.names_in(settings.migrations, release.commit)
    old = [each for each in migrations if each.name in then]
    new = [each for each in migrations if each.name not in then]
    url, cache = resolve_databases(settings).migration_url, SchemaCache(settings.cache)
    final = replay_cached(url, migrations, cache).schema
    return _Proof(url, release, declared, old, new, final).run()


@dataclass
class _Proof:
    url: Url
    release: Release
    declared: Schema
    old: Sequence[Migration]
    new: Sequence[Migration]
    final: Schema

    def run(self) -> Compatibility:
        """Return what both releases find; rows that are made up may not fit the migrations."""
        try:
            return self._run(made_up=True)
        except StatementError as error:
            if not blames_rows(error):
                raise
            return self._run(made_up=False)

    @property
    def _by_hand(self) -> bool:
        """Whether there is SQL that Berceau didn't write: it may add a trigger to any table."""
        return not all(each.is_generated for each in self.new)

    def _run(self, *, made_up: bool) -> Compatibility:
        older = Witness(self.release.schema, self.declared, self._by_hand)
        newer = Witness(self.declared, self.declared, self._by_hand)
        with scratch_after(self.url, self.old) as connection:
            was = catalog.read(connection)
            self._fill(connection, was, made_up=made_up)
            older.before(connection, was, self.final)
            applied, verdict = self._apply(connection, older)
            newer.before(connection, catalog.read(connection), was)
        with scratch_after(self.url, self.old) as connection:
            self._fill(connection, was, made_up=made_up)
            newer.after(connection, was)
        names = tuple(each.name for each in self.new)
        return Compatibility(
            str(self.release), names[:applied], names[applied:], verdict, newer.verdict
        )

    def _apply(self, connection: Connection, witness: Witness) -> tuple[int, Verdict]:
        """Apply the new migrations while the old release runs; return how many, and what it finds.

        A contract that it can't live with waits, and so does all that comes after.
        """
        verdict = UNSEEN
        for number, migration in enumerate(self.new):
            runner.replay(connection, (migration,))
            contract = is_contract(migration)
            last = number + 1 == len(self.new) or is_contract(self.new[number + 1])
            if contract or last:
                witness.after(connection, catalog.read(connection))
                if contract and witness.verdict.misfits:
                    return number, verdict
                verdict = witness.verdict
            if verdict.misfits:
                return number + 1, verdict
        return len(self.new), verdict

    def _fill(self, connection: Connection, was: Schema, *, made_up: bool) -> None:
        """Put rows into the tables that change: the database's, or made up where it has none."""
        tables = {table.name for table in was.tables}
        if not self._by_hand:
            tables &= between(was, self.final).tables
        copied: dict[str, int] = {}
        labels = {enum.name: enum.labels[0] for enum in was.enums if enum.labels}
        with held_still(connection):
            try:
                limits: dict[str, int | None] = dict.fromkeys(sorted(tables), ROWS)
                refer = tuple(references(was))
                source = row_source(self.url, was)
                copied = copy_rows(connection, source, was, limits, refer)
            except StatementError:
                copied = {}  # rows that are made up do as well
            if made_up:
                make_rows(connection, was, tables - copied.keys(), labels)
