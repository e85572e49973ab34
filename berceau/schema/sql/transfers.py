"""The triggers that keep two tables in step while one row becomes two, as SQL."""

import json
from collections.abc import Iterable, Iterator

from berceau.schema.codec import decode
from berceau.schema.model import Transfer
from berceau.schema.names import object_name, quote_name
from berceau.schema.renaming import EndTransfer, StartTransfer
from berceau.schema.sql.render import render
from berceau.schema.statement import Lock, Statement, Transaction
from berceau.schema.transfers import require_known

MARK = "-- berceau transfer "
"""How the line of a function begins that says what it is for."""

VERSION = 1
"""The form of transfers as text. One that reads otherwise gets the next number."""

PREFIX = "zz_berceau_"
"""How the names of all triggers of Berceau begin."""


def to_text(transfer: Transfer) -> str:
    """Return ``transfer`` in one line."""
    fields = (transfer.target, transfer.key, transfer.id_column, transfer.columns, transfer.given)
    return f"{VERSION}: {json.dumps(fields, ensure_ascii=False)}"


def from_text(text: str) -> Transfer:
    """Return what ``to_text`` wrote; what has another form is an unknown transfer."""
    version, _, fields = text.partition(":")
    try:
        if int(version) == VERSION:
            return decode(Transfer, [*json.loads(fields), ""])
    except (ValueError, TypeError):
        pass
    return Transfer("", "", "", (), unknown=text)


def _functions(table: str, transfer: Transfer) -> tuple[str, str]:
    """Return the names of the functions: from ``table``, and back to it."""
    both = f"{table}_{transfer.target}"
    return object_name(both, (), "berceau_to"), object_name(both, (), "berceau_back")


def _triggers(table: str, transfer: Transfer) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name of each trigger, when it fires, its table and its function."""
    there, back = _functions(table, transfer)
    both = f"{PREFIX}{table}_{transfer.target}"
    yield object_name(both, (), "to"), "AFTER INSERT OR UPDATE", table, there
    # Before: the reference to the row would keep it.
    yield object_name(both, (), "gone"), "BEFORE DELETE", table, there
    events = "AFTER INSERT OR UPDATE OR DELETE"
    yield object_name(both, (), "back"), events, transfer.target, back


@render.register
def _(change: StartTransfer) -> Iterator[Statement]:
    table, transfer = change.table, change.transfer
    require_known(table, transfer)
    there, back = _functions(table, transfer)
    text = f"{MARK}{to_text(transfer)}\n{_there(table, transfer)}"
    yield Statement(_function(there, text))
    yield Statement(_function(back, _back(table, transfer)))
    for name, events, on, function in _triggers(table, transfer):
        yield Statement(
            f"CREATE TRIGGER {quote_name(name)} {events} ON {quote_name(on)}\n"
            f"    FOR EACH ROW EXECUTE FUNCTION {quote_name(function)}()",
            lock=Lock.SHARE_ROW_EXCLUSIVE,
        )
    here, target = quote_name(table), quote_name(transfer.target)
    key, row = quote_name(transfer.key), quote_name(transfer.id_column)
    ours, theirs = map(quote_name, transfer.columns[0])
    # What is written as it is passes the triggers, in as many transactions as there are batches.
    if change.back:
        text = f"UPDATE {target} SET {theirs} = {theirs} WHERE {key} IS NOT NULL"  # noqa: S608
    else:
        text = (
            f"UPDATE {here} SET {ours} = {ours} "  # noqa: S608 - all is quoted
            f"WHERE NOT ({_empty(quote_name(name) for name, _ in transfer.columns)}) "
            f"AND NOT EXISTS (SELECT FROM {target} WHERE {target}.{key} = {here}.{row})"
        )
    yield Statement(text, lock=Lock.ROW_EXCLUSIVE, transaction=Transaction.BATCHES)


@render.register
def _(change: EndTransfer) -> Iterator[Statement]:
    require_known(change.table, change.transfer)
    for name, _, table, _ in _triggers(change.table, change.transfer):
        yield Statement(
            f"DROP TRIGGER {quote_name(name)} ON {quote_name(table)}", lock=Lock.ACCESS_EXCLUSIVE
        )
    for name in _functions(change.table, change.transfer):
        yield Statement(f"DROP FUNCTION {quote_name(name)}()")


def _function(name: str, text: str) -> str:
    body = f"\n{text}\n"
    tag = next(tag for tag in ("$berceau$", "$berceau2$", "$berceau3$") if tag not in body)
    return (
        f"CREATE FUNCTION {quote_name(name)}() RETURNS trigger LANGUAGE plpgsql\n"
        f"    SET search_path FROM CURRENT AS {tag}{body}{tag}"
    )


_THERE = """#variable_conflict use_column
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM {target} WHERE {key} = OLD.{id};
        RETURN OLD;
    END IF;
    -- Only what this statement changed: a column that was added may wait for its values still.
    UPDATE {target} SET {sets}
        WHERE {key} = {row} AND {theirs} OPERATOR(pg_catalog.*<>) {ours}
            AND (TG_OP = 'INSERT' OR {ours} OPERATOR(pg_catalog.*<>) {were});
    IF NOT ({empty}) AND NOT EXISTS (SELECT FROM {target} WHERE {key} = {row}) THEN
        INSERT INTO {target} ({names})
            SELECT {values} FROM (SELECT NEW.*) AS {table};
    END IF;
    RETURN NULL;
END"""

_BACK = """-- berceau transfer back to {table}
#variable_conflict use_column
BEGIN
    IF TG_OP <> 'INSERT' THEN
        -- Where the other row is being deleted itself, it can't be changed.
        IF TG_OP = 'DELETE' AND pg_trigger_depth() = 1
            OR TG_OP = 'UPDATE' AND OLD.{key} IS DISTINCT FROM NEW.{key}
        THEN
            UPDATE {table} SET {defaults} WHERE {id} = OLD.{key};
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE {table} SET {sets}
            WHERE {id} = NEW.{key} AND {ours} OPERATOR(pg_catalog.*<>) {theirs};
    END IF;
    RETURN NULL;
END"""


def _there(table: str, transfer: Transfer) -> str:
    """Return what a row of ``table`` does to that of the target."""
    ours = [f"NEW.{quote_name(name)}" for name, _ in transfer.columns]
    theirs = [quote_name(new) for _, new in transfer.columns]
    were = [f"OLD.{quote_name(name)}" for name, _ in transfer.columns]
    row = f"NEW.{quote_name(transfer.id_column)}"
    values = {quote_name(transfer.key): row, **dict(zip(theirs, ours, strict=True))}
    values |= {quote_name(name): value for name, value in transfer.given}
    return _THERE.format(
        target=quote_name(transfer.target),
        table=quote_name(table),
        key=quote_name(transfer.key),
        id=quote_name(transfer.id_column),
        row=row,
        sets=", ".join(map(_changed, theirs, ours, were)),
        theirs=_record(theirs),
        ours=_record(ours),
        were=_record(were),
        empty=_empty(ours),
        names=", ".join(values),
        values=", ".join(values.values()),
    )


def _back(table: str, transfer: Transfer) -> str:
    """Return what a row of the target does to that of ``table``."""
    ours = [quote_name(name) for name, _ in transfer.columns]
    theirs = [f"NEW.{quote_name(name)}" for _, name in transfer.columns]
    return _BACK.format(
        table=quote_name(table),
        id=quote_name(transfer.id_column),
        key=quote_name(transfer.key),
        sets=_sets(ours, theirs),
        defaults=", ".join(f"{name} = DEFAULT" for name in ours),
        ours=_record(ours),
        theirs=_record(theirs),
    )


def _empty(values: Iterable[str]) -> str:
    """Return whether ``values`` are those of a row of the new release, which gives them none."""
    return " AND ".join(f"coalesce({value}::text, '') = ''" for value in values)


def _changed(name: str, new: str, old: str) -> str:
    """Return how ``name`` gets what is ``new``, where that isn't what was there before."""
    changed = f"{_record([new])} OPERATOR(pg_catalog.*<>) {_record([old])}"
    return f"{name} = CASE WHEN TG_OP = 'INSERT' OR {changed} THEN {new} ELSE {name} END"


def _sets(names: Iterable[str], values: Iterable[str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))


def _record(values: Iterable[str]) -> str:
    return f"ROW({', '.join(values)})::record"
