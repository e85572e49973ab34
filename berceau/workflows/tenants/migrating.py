"""Migrate: one history for what is shared and one for what each tenant has, written and applied."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.migration.kept import kept_by
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.kept import matching
from berceau.schema.names import unquote_name
from berceau.settings import Settings
from berceau.tenancy import SCOPES, Scope
from berceau.workflows.build.declared import Declared
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.replay import replay
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories, targets
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.histories import Histories
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.migrate import Options, Outcome, migrate
from berceau.workflows.write.renames import Ask

Asking = tuple[Ask | None, AskValue | None]
"""Who settles what may have been renamed, and what rows get."""


def migrate_all(
    settings: Settings,
    declared: Declared,
    options: Options,
    report: Report = silent,
    ask: Asking = (None, None),
) -> Outcome:
    """Write what separates each history from what is ``declared``, and apply it to all tenants.

    What is pending is applied first. A migration for tenants is proven with rows of the largest.
    ``ask`` and all errors are as of ``migrate``. Returns what was done in both.
    """
    _refuse_moved(histories.read(settings), declared)
    applied = () if options.create_only else _deploy(settings, report)
    found = histories.read(settings)
    done: list[Outcome] = []
    for scope in _chosen(found, options):
        own = replace(_routed(options, scope, found, declared), empty=False)
        done.append(_write(settings, declared, scope, own, report, ask))
        if scope == "shared" and done[-1].written:
            _require_replay(settings, done[-1].written)
    written = [each.written for each in done if each.written]
    if not written and options.create_only and options.empty:
        scope = options.scope or "tenant"
        return _write(settings, declared, scope, Options(options.name), report)
    if written and not options.create_only:
        applied += _deploy(settings, report)
    statements = tuple(statement for each in done for statement in each.statements)
    return Outcome(", ".join(written) or None, statements, applied)


def proposed(
    settings: Settings, declared: Declared, options: Options
) -> Iterator[tuple[Scope, Settings, Declared, Options]]:
    """Yield, for each history, what its proposal is made from: for use before the next one."""
    found = histories.read(settings)
    _refuse_moved(found, declared)
    for scope in _chosen(found, options):
        with targets.of(settings, scope) as one:
            yield scope, one, declared.part(scope), _routed(options, scope, found, declared)


def _refuse_moved(found: Histories, declared: Declared) -> None:
    """Raise ``MigrationError`` where what one history made is declared for the other one.

    Until it is gone from there, a tenant's transaction would find two tables of its name: its own
    first, whichever the code means.
    """
    made = {each: made_by_entities(found.of(each)) for each in SCOPES}
    for scope, other in zip(SCOPES, reversed(SCOPES), strict=True):
        part = declared.part(scope).schema
        names = {each.name for each in part.tables} | {each.name for each in part.enums}
        both = sorted(names & made[other].keys())
        if both:
            raise MigrationError(
                f"{', '.join(both)}: made by migrations/{other}, and declared by a component that "
                f"is {_WHOSE[scope]} now. Nothing moves from one history to the other: there are "
                "many tables on one side, and one on the other.",
                cure="Nothing was written. Take the component's scope back. Or give the entity "
                "another name, and copy its rows by a migration by hand. If no rows matter, remove "
                "the class of the entity, but not the folder of the component. Run `invoke migrate "
                "--allow-data-loss` and `invoke migrate --contract`, and add the class again. "
                "What only you have is undone by `invoke migrate.down`; remove its folder then.",
            )


_WHOSE: Mapping[Scope, str] = {"shared": "shared by all tenants", "tenant": "each tenant's own"}


def _deploy(settings: Settings, report: Report) -> tuple[str, ...]:
    """Apply what is pending, and return the names; a developer's processes aren't waited for."""
    return deploy_all(settings, report, Rules(allow_downtime=True)).names


def _require_replay(settings: Settings, written: str) -> None:
    """Remove the shared migration ``written`` where a new tenant couldn't be made after it."""
    tenant = histories.read(settings).tenant
    try:
        with targets.of_tenant(settings) as one:
            replay(resolve_databases(one).migration_url, tenant)
    except MigrationError as error:
        migration_directory.remove(targets.shared(settings).migrations, written)
        raise MigrationError(
            "Earlier migrations of tenants need what the shared migration ends, and every new "
            f"tenant runs them: {error.message}",
            where=error.where,
            cure="Nothing was written. Replace the history of tenants by one that doesn't refer to "
            "it: `invoke migrate --scope tenant`, then `invoke migrate.squash --scope tenant`.",
        ) from error


def _write(
    settings: Settings,
    declared: Declared,
    scope: Scope,
    options: Options,
    report: Report,
    ask: Asking = (None, None),
) -> Outcome:
    part = declared.part(scope)
    other = histories.read(settings).of("tenant" if scope == "shared" else "shared")
    # It is applied to all tenants afterwards.
    options = replace(options, create_only=True, after=migration_directory.last_name(other))
    with targets.of(settings, scope) as one:
        return migrate(one, part.schema, options, report, ask[0], part.component_by_name, ask[1])


def _chosen(found: Histories, options: Options) -> tuple[Scope, ...]:
    """Return the scopes to look at, in their order.

    What tenants have may refer to what is shared: it comes after that, and ends before it.
    """
    if options.scope:
        return (options.scope,)
    ending: tuple[Scope, ...] = ("tenant", "shared")
    if options.contract:
        kept = {each: kept_by(found.of(each)) for each in ending}
        named = tuple(each for each in ending if matching(kept[each], options.contracted))
        return named or tuple(filter(kept.get, ending)) or ("tenant",)
    return ending if options.allow_data_loss else SCOPES


def _routed(options: Options, scope: Scope, found: Histories, declared: Declared) -> Options:
    """Return those of ``options`` that are about names of one ``scope``.

    A name that is in neither is a mistake, of which the last one tells.
    """
    kept = {each: kept_by(found.of(each)) for each in SCOPES}
    names = {each: _names(found.of(each), declared.part(each)) for each in SCOPES}
    components = {
        each: {name for migration in found.of(each) for name in migration.header.components}
        for each in SCOPES
    }

    def ours(texts: Sequence[str], known: Mapping[Scope, set[str]]) -> tuple[str, ...]:
        def is_ours(text: str) -> bool:
            of = {each for each in SCOPES if _named(text) & known[each]}
            return scope in of if of else scope == "tenant"

        return tuple(filter(is_ours, texts))

    return replace(
        options,
        renames=ours(options.renames, names),
        backfills=ours(options.backfills, names),
        labels=ours(options.labels, names),
        moves=ours(options.moves, names),
        usings=ours(options.usings, names),
        dropped_components=ours(options.dropped_components, components),
        contracted=tuple(
            each
            for each in options.contracted
            if matching(kept[scope], [each]) or not any(matching(kept[s], [each]) for s in SCOPES)
        ),
    )


def _names(migrations: Sequence[Migration], part: Declared) -> set[str]:
    """Return the tables and enums that ``migrations`` made, and those that are declared."""
    tables = {each.name for each in part.schema.tables}
    return tables | {each.name for each in part.schema.enums} | set(made_by_entities(migrations))


def _named(text: str) -> set[str]:
    """Return the names of tables or enums in an option such as ``note=memo``."""
    path, _, new = text.partition("=")
    table, _, rest = path.partition(".")
    return {unquote_name(each) for each in ((table,) if rest else (table, new))}
