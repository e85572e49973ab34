"""``invoke migrate.diff``: the SQL that ``migrate`` would write, for reading."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.migrate.write import CHOICES, CHOICES_HELP, Texts
from berceau.tasks.project import load, print_json, say

if TYPE_CHECKING:
    from berceau.schema.sql import Statement
    from berceau.workflows.write.propose import Proposal
    from berceau.workflows.write.trace import LockTrace


@command(
    iterable=CHOICES,
    help=CHOICES_HELP
    | {
        "json": "print one JSON document",
        "trace": "run it in a copy with rows, and show the locks that it really takes",
    },
)
def diff(
    _: Context,
    backfill: Texts = None,
    drop_component: Texts = None,
    json: bool = False,
    map_value: Texts = None,
    rename: Texts = None,
    trace: bool = False,
    using: Texts = None,
) -> None:
    """Print the SQL that `migrate` would write, with its hazards and locks; write nothing."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.write.migrate import Options
    from berceau.workflows.write.propose import propose
    from berceau.workflows.write.trace import trace_locks

    settings = load()
    components = declared(settings)
    options = Options(
        renames=rename or (),
        backfills=backfill or (),
        labels=map_value or (),
        usings=using or (),
        dropped_components=drop_component or (),
    )
    found = propose(settings, components.schema, options, components.component_by_name)
    traced = trace_locks(settings, found.plan) if trace and found.plan.up else None
    if json:
        print_json(_as_data(found) | ({"trace": _trace_data(traced)} if trace else {}))
    else:
        nothing = "-- only the meaning of names changes" if found.plan.means else "-- nothing to do"
        for note in found.plan.notes:
            say(f"-- {note}")
        say("\n\n".join(_paragraphs(found)) or nothing)
        if traced:
            say("\n" + "\n".join(_trace_lines(traced)))


def _as_data(found: "Proposal") -> dict[str, object]:
    from berceau.workflows.write.renames import option

    plan = found.plan
    return {
        "up": [_statement_data(each) for each in plan.up],
        "down": None if plan.down is None else [_statement_data(each) for each in plan.down],
        "irreversible": plan.irreversible or None,
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
    from berceau.schema.sql import Lock

    return {
        "sql": str(statement),
        "hazards": sorted(statement.hazards),
        "lock": None if statement.lock is Lock.NONE else statement.lock,
    }


def _paragraphs(found: "Proposal") -> Iterator[str]:
    from berceau.schema.sql import Lock
    from berceau.workflows.write.renames import option

    for question in found.questions:
        options = " or ".join(option(rename) for rename in question.options)
        note = f"-- {question.note}\n" if question.note else ""
        yield f"{note}-- Was the {question.kind} {question.path} renamed? Then add {options}"
    for statement in found.plan.up:
        notes: list[str] = sorted(statement.hazards)
        if statement.lock is not Lock.NONE:
            notes.append(f"lock: {statement.lock}")
        yield "".join(f"-- {note}\n" for note in notes) + str(statement)


def _trace_data(traced: "LockTrace | None") -> dict[str, object]:
    return {
        "rows": dict(traced.rows) if traced else {},
        "statements": [
            {
                "sql": f"{each.sql};",
                "milliseconds": _milliseconds(each.seconds),
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
            yield f"--   {held.lock} on {held.table} for {held_for}"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
