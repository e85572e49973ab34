"""``invoke migrate.diff``: the SQL that ``migrate`` would write, for reading."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.migrate.write import CHOICES, CHOICES_HELP, RUNNING_HELP, Texts, patterns
from berceau.tasks.project import load, print_json, say

if TYPE_CHECKING:
    from berceau.schema.sql import Statement
    from berceau.settings import Settings
    from berceau.workflows.build.declared import Declared
    from berceau.workflows.write.migrate import Options
    from berceau.workflows.write.propose import Proposal
    from berceau.workflows.write.trace import LockTrace


@command(
    iterable=CHOICES,
    optional=("contract",),
    help=CHOICES_HELP
    | RUNNING_HELP
    | {
        "allow-data-loss": "show what `migrate --allow-data-loss` would write",
        "json": "print one JSON document",
        "trace": "run it in a copy with rows, and show the locks that it really takes",
    },
)
def diff(
    _: Context,
    against: str | None = None,
    allow_data_loss: bool = False,
    allow_downtime: bool = False,
    backfill: Texts = None,
    contract: str | bool | None = None,
    drop_component: Texts = None,
    expand: bool = False,
    json: bool = False,
    map_value: Texts = None,
    move: Texts = None,
    rename: Texts = None,
    trace: bool = False,
    using: Texts = None,
) -> None:
    """Print the SQL that `migrate` would write, with its hazards and locks; write nothing."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.write.migrate import Options

    settings = load()
    components = declared(settings)
    options = Options(
        renames=rename or (),
        backfills=backfill or (),
        labels=map_value or (),
        moves=move or (),
        usings=using or (),
        dropped_components=drop_component or (),
        allow_data_loss=allow_data_loss,
        allow_downtime=allow_downtime,
        against=against,
        contract=bool(contract),
        contracted=patterns(contract),
        expand=expand,
    )
    if settings.tenants is None:
        shown = _Shown(*_proposed(settings, components, options, trace))
        if json:
            print_json(shown.data())
        else:
            shown.show()
        return
    from berceau.workflows.tenants.migrating import proposed

    data: dict[str, object] = {}
    for scope, one, part, own in proposed(settings, components, options):
        shown = _Shown(*_proposed(one, part, own, trace))
        data[scope] = shown.data()
        if not json:
            say(f"-- {scope}")
            shown.show()
    if json:
        print_json(data)


def _proposed(
    settings: "Settings", components: "Declared", options: "Options", trace: bool
) -> "tuple[Proposal, LockTrace | None, bool]":
    from berceau.workflows.write.propose import propose
    from berceau.workflows.write.trace import trace_locks

    found = propose(settings, components.schema, options, components.component_by_name)
    traced = trace_locks(settings, found.plan) if trace and found.plan.up else None
    return found, traced, trace


@dataclass(frozen=True)
class _Shown:
    """What ``migrate`` would write for one history, and the locks that it takes, if asked for."""

    found: "Proposal"
    traced: "LockTrace | None"
    trace: bool

    def data(self) -> dict[str, object]:
        """Return it as plain data."""
        return _as_data(self.found) | ({"trace": _trace_data(self.traced)} if self.trace else {})

    def show(self) -> None:
        """Print it for a person."""
        plan = self.found.plan
        nothing = "-- only the meaning of names changes" if plan.means else "-- nothing to do"
        nothing = "-- nothing changes in the database yet" if plan.keeps else nothing
        notes = [*plan.notes, *(f"keeps {each}" for each in plan.keeps)]
        notes += [f"ends {each}" for each in plan.ends]
        for each in plan.verdict.misfits:
            notes.append(f"the running release {plan.release} can't run on it: {each}")
        for note in notes:
            say(f"-- {note}")
        say("\n\n".join(_paragraphs(self.found)) or nothing)
        if self.traced:
            say("\n" + "\n".join(_trace_lines(self.traced)))


def _as_data(found: "Proposal") -> dict[str, object]:
    from berceau.workflows.write.renames import option

    plan = found.plan
    return {
        "phase": plan.phase,
        "keeps": [str(each) for each in plan.keeps],
        "ends": [str(each) for each in plan.ends],
        "up": [_statement_data(each) for each in plan.up],
        "down": None if plan.down is None else [_statement_data(each) for each in plan.down],
        "irreversible": plan.irreversible or None,
        "misfits": [asdict(each) for each in plan.verdict.misfits],
        "suggestions": [
            {
                "kind": question.kind,
                "name": question.path,
                "options": [option(rename) for rename in question.options],
            }
            for question in found.questions
        ],
    }


def _statement_data(statement: "Statement") -> dict[str, object]:
    from berceau.schema.sql import Lock, Transaction

    return {
        "sql": str(statement),
        "hazards": sorted(statement.hazards),
        "lock": None if statement.lock is Lock.NONE else statement.lock,
        "batches": statement.transaction is Transaction.BATCHES,
    }


def _paragraphs(found: "Proposal") -> Iterator[str]:
    from berceau.schema.sql import Lock, Transaction
    from berceau.schema.sql.text import BATCHES
    from berceau.workflows.write.renames import option

    for question in found.questions:
        options = " or ".join(option(rename) for rename in question.options)
        note = f"-- {question.note}\n" if question.note else ""
        yield f"{note}-- Was the {question.kind} {question.path} renamed? Then add {options}"
    for statement in found.plan.up:
        notes: list[str] = sorted(statement.hazards)
        if statement.lock is not Lock.NONE:
            notes.append(f"lock: {statement.lock}")
        batches = f"{BATCHES}\n" if statement.transaction is Transaction.BATCHES else ""
        yield "".join(f"-- {note}\n" for note in notes) + batches + str(statement)


def _trace_data(traced: "LockTrace | None") -> dict[str, object]:
    return {
        "rows": dict(traced.rows) if traced else {},
        "statements": [
            {
                "sql": f"{each.sql};",
                "milliseconds": _milliseconds(each.seconds),
                "batches": each.in_batches,
                "locks": [
                    {
                        "table": held.table,
                        "lock": held.lock,
                        "milliseconds": _milliseconds(held.seconds),
                    }
                    for held in each.locks
                ],
            }
            for each in (traced.statements if traced else ())
        ],
    }


def _trace_lines(traced: "LockTrace") -> Iterator[str]:
    rows = ", ".join(f"{count:,} of {table}" for table, count in sorted(traced.rows.items()))
    yield f"-- Run in a copy, with these rows: {rows or 'none'}"
    for each in traced.statements:
        first = each.sql.splitlines()[0]
        yield f"-- {_milliseconds(each.seconds)} ms: {first}"
        for held in each.locks:
            held_for = f"{_milliseconds(held.seconds)} ms, to the end of its transaction"
            large = "; in a large table, of each batch" if each.in_batches else ""
            yield f"--   {held.lock} on {held.table} for {held_for}{large}"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
