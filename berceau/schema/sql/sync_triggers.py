"""The trigger that lets two releases write to one table, as SQL.

All rules of a table are in one function, because triggers would run in the order of their names.
"""

from collections.abc import Iterable, Iterator, Sequence

from berceau.schema.names import object_name, quote_literal, quote_name, quote_names
from berceau.schema.sql.render import render
from berceau.schema.statement import Lock, Statement
from berceau.schema.sync import AlterSyncTrigger, Computed, Mapped, Sync, SyncTrigger, to_text

TRIGGER = "zz_berceau_sync"
"""What the trigger is called on each table: triggers run by name, and it wants to see last what
others change."""

MARK = "-- berceau sync"
"""How the line of a function begins that holds its rules: see ``to_text``."""

_CHANGED = "OPERATOR(pg_catalog.*<>)"
"""Compares bytes: of values that are equal, one may be written in another way (citext, numeric);
and some types know no equality (json, point)."""


def function_name(table: str) -> str:
    """Return the name of the function behind the trigger of ``table``."""
    return object_name(table, (), "berceau_sync")


@render.register
def _(change: AlterSyncTrigger) -> Iterator[Statement]:
    change.require_known()
    table, before, after = change.table, change.before, change.after
    name = (before and before.function) or function_name(table)
    if after is None:
        yield Statement(
            f"DROP TRIGGER {TRIGGER} ON {quote_name(table)}", lock=Lock.ACCESS_EXCLUSIVE
        )
        yield Statement(f"DROP FUNCTION {quote_name(name)}()")
        return
    yield Statement(_function(name, function_body(table, after), replaced=before is not None))
    if before is None:
        yield Statement(
            f"CREATE TRIGGER {TRIGGER} BEFORE INSERT OR UPDATE ON {quote_name(table)}\n"
            f"    FOR EACH ROW EXECUTE FUNCTION {quote_name(name)}()",
            lock=Lock.SHARE_ROW_EXCLUSIVE,
        )


def function_body(table: str, trigger: SyncTrigger) -> str:
    """Return the code of the function that carries out the rules of ``trigger``."""
    syncs = list(trigger.syncs)
    lines = [line for each in trigger.maps for line in _map(each)]
    lines += [line for sync in syncs for line in _sync(table, sync)]
    lines += [line for fill in trigger.fills for line in _fill(table, fill)]
    declared = (
        ("DECLARE", "    computed record;") if not all(each.is_same for each in syncs) else ()
    )
    return "\n".join(
        (
            "",
            f"{MARK}{to_text(trigger)}",
            "#variable_conflict use_column",
            *declared,
            "BEGIN",
            *(f"    {line}" for line in lines),
            "    RETURN NEW;",
            "END",
            "",
        )
    )


def _function(name: str, body: str, *, replaced: bool) -> str:
    create = "CREATE OR REPLACE" if replaced else "CREATE"
    tags = ("$berceau$", *(f"$berceau{number}$" for number in range(2, 100)))
    tag = next(tag for tag in tags if tag not in body)
    # The schema isn't named, so that each copy of the schema has a function for itself.
    return (
        f"{create} FUNCTION {quote_name(name)}() RETURNS trigger LANGUAGE plpgsql\n"
        f"    SET search_path FROM CURRENT AS {tag}{body}{tag}"
    )


def _sync(table: str, sync: Sync) -> Iterator[str]:
    old, new = _names(sync.old), _names(sync.new)
    yield f"-- {quote_names(old)} of one release, {quote_names(new)} of the next"
    yield from _initial(table, sync)
    given = _differ("NEW", new, "OLD")  # OLD has no values in an INSERT
    yield f"IF {given} THEN"
    if not sync.is_same:
        yield "    computed := NEW;"
        yield from _indented(_assign("computed", table, sync.new))
        # A backfill gives what the old columns say: they stay as they are, whatever is lost.
        yield f"    IF TG_OP = 'INSERT' AND NOT ({_differ('NEW', old, 'OLD')})"
        for name in new:
            column = quote_name(name)
            yield f"        OR {_differ('NEW', (name,), 'OLD')}"
            yield f"            AND (OLD.{column} IS NOT NULL"
            yield f"                OR {_differ('NEW', (name,), 'computed')})"
        yield "    THEN"
        yield from _indented(_assign("NEW", table, sync.old), 8)
        yield "    END IF;"
    else:
        yield from _indented(_assign("NEW", table, sync.old))
    yield f"ELSIF {_differ('NEW', old, 'OLD')} THEN"
    yield from _indented(_assign("NEW", table, sync.new))
    yield "END IF;"


def _initial(table: str, sync: Sync) -> Iterator[str]:
    """Yield what a new row gets where neither side is given."""
    lines = list(_assign("NEW", table, sync.defaults))
    if not lines and not sync.is_same:
        # Each side stands for the other's NULL.
        lines = ["computed := NEW;", *_assign("computed", table, sync.new)]
        lines += _assign("NEW", table, sync.old)
        lines += (f"NEW.{name} := computed.{name};" for name in map(quote_name, _names(sync.new)))
    if lines:
        yield f"IF TG_OP = 'INSERT' AND NOT ({_differ('NEW', sync.columns, 'OLD')}) THEN"
        yield from _indented(lines)
        yield "END IF;"


def _map(rule: Mapped) -> Iterator[str]:
    name = quote_name(rule.column)
    yield f"-- a value of {name} that only one release knows"
    before, after = quote_literal(rule.before), quote_literal(rule.after)
    # As text: the label may be gone from the type already.
    if rule.array:
        yield f"IF {before} = ANY (NEW.{name}::text[]) THEN"
        yield f"    NEW.{name} := array_replace(NEW.{name}::text[], {before}, {after});"
        yield "END IF;"
        return
    yield f"IF NEW.{name}::text = {before} THEN"
    yield f"    NEW.{name} := {after};"
    yield "END IF;"


def _fill(table: str, fill: Computed) -> Iterator[str]:
    name = quote_name(fill.column)
    yield f"-- {name}, which one release leaves out"
    yield f"IF NEW.{name} IS NULL THEN"
    yield from _indented(_assign("NEW", table, (fill,)))
    yield "END IF;"


def _assign(record: str, table: str, values: Iterable[Computed]) -> Iterator[str]:
    for each in values:
        value = _value(table, each)
        yield f"{record}.{quote_name(each.column)} := {value};"


def _value(table: str, computed: Computed) -> str:
    """Return its expression over the columns of NEW; the plain forms are a lot faster."""
    if computed.is_plain:
        return f"NEW.{computed.expression}"
    row = f"(SELECT NEW.*) AS {quote_name(table)}"
    return f"(SELECT {computed.expression} FROM {row})"  # noqa: S608 - the developer's own SQL


def _differ(one: str, columns: Sequence[str], other: str) -> str:
    """Return the condition that the ``columns`` of two records differ."""
    return f"{_row(one, columns)} {_CHANGED} {_row(other, columns)}"


def _row(record: str, columns: Sequence[str]) -> str:
    # As records: PostgreSQL would compare two rows column by column.
    return f"ROW({', '.join(f'{record}.{quote_name(name)}' for name in columns)})::record"


def _names(values: Iterable[Computed]) -> tuple[str, ...]:
    return tuple(each.column for each in values)


def _indented(lines: Iterable[str], by: int = 4) -> Iterator[str]:
    return (" " * by + line for line in lines)
