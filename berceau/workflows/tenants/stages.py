"""What is pending, applied to the shared tables and to tenants, in the order of its writing."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

from berceau.errors import BerceauError
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.postgres.citus.places import misplaced
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import ledgers, registry
from berceau.tenancy import Target, Tenant
from berceau.workflows.deploy.deploy import deploying, sound
from berceau.workflows.deploy.phased import (
    Contracting,
    contract,
    expand,
    refuse_barred,
)
from berceau.workflows.deploy.places import place
from berceau.workflows.tenants.commands import completing
from berceau.workflows.tenants.contracts import first_contract, refuse_unseen
from berceau.workflows.tenants.deployed import AllDeployed
from berceau.workflows.tenants.extensions import require_shared
from berceau.workflows.tenants.fitting import refuse_unfit
from berceau.workflows.tenants.histories import Histories
from berceau.workflows.tenants.many import failure, over_many
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.tenants.sessions import Sessions
from berceau.workflows.tenants.states import States
from berceau.workflows.tenants.unready import in_the_way
from berceau.workflows.tenants.waiting import all_behind, coming, for_tenants

NAMED = 10
"""Of so many tenants each statement is told; of more, only how far all is."""


@dataclass
class Stages:
    """A deploy on its way, by ``rules``, from the ``states`` that were found.

    The ``connection`` is one to the shared schema of ``url``. What was ``done`` is noted there. The
    database may be ``spread`` over servers.
    """

    connection: Connection
    url: Url
    found: Histories
    states: States
    rules: Rules
    report: Report
    done: AllDeployed
    spread: bool
    left_out: bool = False
    waiting: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.url, self.spread)

    def run(self, *, new: bool) -> None:
        """Apply what is pending; more processes may run than are known where their table is new.

        Raises as ``deploy_all`` does.
        """
        open_ = self.states.open["tenant"]
        if open_:
            self.done.failed |= refuse_unfit(
                self.connection, self.found, self.states, self.rules, self.done.failed
            )
        tenants = [each for each in self.found.tenant if each.name in open_]
        require_shared(self.connection, self.found, tenants)
        if self.rules.contract and not self.rules.allow_downtime:
            if new:
                refuse_unseen(self.states)
            self._refuse_barred()
        with closing(self.sessions):
            self._place()
            self._apply()

    def _apply(self) -> None:
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
        if not (self.spread and misplaced(self.connection)):
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
        with self.sessions.of(tenant.schema, told) as session:
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
