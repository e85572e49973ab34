"""A deploy of the shared tables and of all tenants, in one process."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from berceau.errors import BerceauError
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.postgres.citus.nodes import has_citus
from berceau.postgres.citus.places import misplaced
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.session import notice_loss
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import require_schema
from berceau.postgres.runner import processes
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import ledgers, registry
from berceau.settings import Settings
from berceau.tenancy import Target, Tenant
from berceau.workflows.deploy.deploy import deploying, migrating, sound
from berceau.workflows.deploy.phased import (
    Contracting,
    contract,
    expand,
    refuse_barred,
)
from berceau.workflows.deploy.places import place
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories, versions
from berceau.workflows.tenants.commands import completing
from berceau.workflows.tenants.contracts import first_contract, refuse_unseen
from berceau.workflows.tenants.extensions import require_shared
from berceau.workflows.tenants.histories import Histories
from berceau.workflows.tenants.many import failure, over_many
from berceau.workflows.tenants.rules import EXPAND, Rules, require_chosen
from berceau.workflows.tenants.sessions import Sessions
from berceau.workflows.tenants.states import States, look
from berceau.workflows.tenants.unready import in_the_way
from berceau.workflows.tenants.waiting import all_behind, coming, for_tenants

NAMED = 10
"""Of so many tenants each statement is told; of more, only how far all is."""


@dataclass
class AllDeployed:
    """The names of what was applied to the ``shared`` tables, and to which ``tenants``, by name.

    ``notes`` are what waits, in words. The ``skipped`` are being made, moved or dropped. What
    ``failed`` is by names of tenants, too.
    """

    shared: list[str] = field(default_factory=list)
    tenants: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skipped: tuple[Tenant, ...] = ()
    failed: dict[str, BerceauError] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what was applied anywhere, each once."""
        return tuple(dict.fromkeys((*self.shared, *chain(*self.tenants.values()))))


def deploy_all(settings: Settings, report: Report = silent, rules: Rules = EXPAND) -> AllDeployed:
    """Apply what is pending to the shared tables and to all tenants that are ready.

    It is done in the order in which the migrations were written. Raises ``HistoryError`` or
    ``TenantError``, before anything is applied, where files and a ledger contradict each other, or
    rows lack a value that they have to have; and ``TenantError`` where a tenant fails. Where it is
    to keep going, all this is only told of a tenant, and the others go on. Another run does the
    rest.
    """
    found = histories.read(settings)
    databases = resolve_databases(settings)
    url = databases.migration_url
    with connect(url, autocommit=True) as connection:
        notice_loss(connection)
        require_schema(connection, url.schema)
        registry.ensure(connection, databases.runtime_url.user)
        made = processes.ensure(connection, databases.runtime_url.user)
        states = look(connection, url, found)
        require_chosen(states, rules)
        sound_ones, failed = states.without_unsound()
        if not rules.keep_going or rules.canary in failed:
            states.require_sound()
        states = sound_ones
        open_ = states.open["tenant"]
        if open_:
            from berceau.workflows.tenants.fitting import refuse_unfit  # only for what is pending

            failed |= refuse_unfit(connection, found, states, rules, failed)
        require_shared(connection, found, [each for each in found.tenant if each.name in open_])
        versions.correct(connection, states)
        if made and rules.contract and not rules.allow_downtime:
            refuse_unseen(states)
        with closing(Sessions(url, has_citus(connection))) as sessions:
            deploy = _Deploying(connection, url, sessions, found, states, rules, report)
            deploy.done.failed = failed
            return deploy.run()


@dataclass
class _Deploying:
    connection: Connection
    url: Url
    sessions: Sessions
    found: Histories
    states: States
    rules: Rules
    report: Report
    done: AllDeployed = field(default_factory=AllDeployed)
    left_out: bool = False
    waiting: set[str] = field(default_factory=set)

    def run(self) -> AllDeployed:
        self.done.skipped = self.states.others
        if self.rules.contract and not self.rules.allow_downtime:
            self._refuse_barred()
        self._place()
        for scope, names in self.found.stages(self.states.open):
            if self.waiting:
                self._note(*all_behind(min(self.waiting), names, scope, self.found))
            elif scope == "tenant":
                self._tenants(names)
            elif self.left_out or self.done.failed:
                who = "the tenants that failed" if self.done.failed else "the other tenants"
                self._note(for_tenants(min(names), who))
                break
            else:
                with (
                    completing(Target("shared")),
                    in_the_way(self.states.others),
                    deploying(self.url, self.report) as connection,
                ):
                    found = sound(connection, self.found.shared, self.report)
                    self.done.shared += self._deploy(
                        connection, self.found.shared, found.until(max(names)), self.report
                    )
        return self.done

    def _refuse_barred(self) -> None:
        """Refuse to begin where processes run that are too old for the first contract."""
        stages = coming(self.found, self.states, self.rules, self.done.failed)
        for scope, names, those in stages:
            first = first_contract(those, names)
            if first is not None:
                refuse_barred(self.connection, self.found.of(scope), first)
                return

    def _place(self) -> None:
        """Bring shared tables to where they are declared, in a database that got Citus later."""
        if not misplaced(self.connection):
            return
        with deploying(self.url, self.report) as connection:
            place(connection, self.report)

    def _chosen(self, names: frozenset[str]) -> list[Tenant]:
        """Return the tenants that get a stage."""
        chosen = filter(self.rules.choose, self.states.with_any(names))
        return [each for each in chosen if each.name not in self.done.failed]

    def _leaves_out(self, names: frozenset[str]) -> bool:
        """Return whether the rules leave out a tenant that lacks a part of a stage."""
        return not all(map(self.rules.choose, self.states.with_any(names)))

    def _tenants(self, names: frozenset[str]) -> None:
        chosen = self._chosen(names)
        self.left_out |= self._leaves_out(names)
        report = self.report if len(chosen) <= NAMED else silent
        canary = [each for each in chosen if each.name == self.rules.canary]
        others = [each for each in chosen if each not in canary]

        def work(tenant: Tenant) -> None:
            try:
                self._tenant(tenant, names, report)
            except BerceauError:
                if not self._left_out(tenant):
                    raise

        for group, keep_going in ((canary, False), (others, self.rules.keep_going)):
            failed = over_many(group, work, self.report, jobs=self._jobs, keep_going=keep_going)
            registry.reach_disk(self.connection)
            if failed and not keep_going:
                raise failure(self.done.failed | failed)
            self.done.failed |= failed

    def _tenant(self, tenant: Tenant, names: frozenset[str], report: Report) -> None:
        told = _naming(tenant, report)
        with self.sessions.of(tenant.schema) as session, migrating(session, tenant.schema, told):
            found = sound(session, self.found.tenant, told, self._known(session, tenant))
            applied = self._deploy(session, self.found.tenant, found.until(max(names)), told)
            newest = [*(line.name for line in found.applied), *applied][-1:]
            registry.set_version(session, [tenant.name], *newest)
            if self.python & {*applied}:
                session.close()  # it may have changed more than can be undone
        if applied:
            self.done.tenants.setdefault(tenant.name, []).extend(applied)

    def _left_out(self, tenant: Tenant) -> bool:
        """Leave out ``tenant`` if it was dropped since the look at all; return whether it was."""
        now = registry.find(self.connection, tenant.name)
        if now is not None and now.state != "ready" and now not in self.done.skipped:
            self.done.skipped += (now,)
        return now is None or now.state != "ready"

    def _known(self, session: Connection, tenant: Tenant) -> History | None:
        """Return the history of ``tenant`` where its ledger says what it said at first.

        To read a long one again for each tenant takes longer than to apply a migration.
        """
        alike = self.states.alike[tenant]
        if alike.said and ledgers.still_says(session, tenant.schema, alike.said):
            return alike.history
        return None

    def _deploy(
        self,
        connection: Connection,
        migrations: Sequence[Migration],
        found: History,
        report: Report,
    ) -> tuple[str, ...]:
        """Apply what is pending, note what waits of it, and return the names of the rest."""
        downtime = self.rules.allow_downtime
        if self.rules.contracts:
            # Had processes been unknown, nothing would have been begun.
            begun = bool(self.done.shared or self.done.tenants)
            how = Contracting(self.url.schema, allow_downtime=downtime, begun=begun)
            done = contract(connection, migrations, found, report, how)
        else:
            done = expand(connection, found, report)
        self._note(*done.notes)
        self.waiting.update({each.name for each in found.pending}.difference(done.applied))
        return done.applied

    @cached_property
    def python(self) -> frozenset[str]:
        """The names of those of the tenants' migrations that run Python."""
        return frozenset(each.name for each in self.found.tenant if each.data)

    @property
    def _jobs(self) -> int:
        # While a contract looks which processes run, none may come: one at a time has that lock.
        alone = self.rules.contract and not self.rules.allow_downtime
        return 1 if alone else self.rules.jobs

    def _note(self, *notes: str) -> None:
        self.done.notes += [each for each in notes if each not in self.done.notes]


def _naming(tenant: Tenant, report: Report) -> Report:
    return lambda line: report(f"tenant {tenant}: {line}")
