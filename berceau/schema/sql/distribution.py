"""Where Citus has the rows of tables, as SQL that acts where Citus is, and is told everywhere.

A comment on the table, or on the column, tells it. So each PostgreSQL has it in its catalog, with
Citus and without, through renames, dumps and copies.
"""

from collections.abc import Iterator

from berceau.schema.changes import Distribute
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.placement import MARKS, Distribution
from berceau.schema.sql.render import render
from berceau.schema.sql.sequences import identity
from berceau.schema.statement import Hazard, Lock, Statement, Transaction

# Schemas whose name begins so are Berceau's own: what copies, proofs and tests make stays here.
_BLOCK = """DO $citus$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
        AND NOT starts_with(current_schema(), 'berceau_')
    THEN
        {move}
    END IF;
    {tell}
END
$citus$"""

_IS = """(
            SELECT FROM pg_dist_partition WHERE logicalrelid = {table}::regclass AND {kind}
        )"""
_ON_ALL = "repmodel = 't'"
_IN_PARTS = "partmethod = 'h'"

_TO_ALL = """IF NOT EXISTS {is_on_all} THEN
            PERFORM create_reference_table({table});
        END IF;"""
_TO_PARTS = """IF NOT EXISTS {is_in_parts} THEN
            PERFORM create_distributed_table({table}, {column}, colocate_with => {beside});
        END IF;"""
_LEAVE = """IF EXISTS {is_there} THEN
            PERFORM undistribute_table({table});
        END IF;"""
_SWAP = """IF {column} <> (
            SELECT column_to_column_name(logicalrelid, partkey) FROM pg_dist_partition
            WHERE logicalrelid = {table}::regclass AND partmethod = 'h'
        ) THEN
            PERFORM alter_distributed_table({table}, {column}, colocate_with => {beside});
        END IF;"""

# Citus makes another table of the name for these: without the comments, and not of one with numbers
# of its own, unless it doesn't see that they go. They go on where they were.
_ELSEWHERE = """DECLARE
            comments text[] := ARRAY(
                SELECT format('COMMENT ON %s IS %L', CASE d.objsubid WHEN 0 THEN 'TABLE ' || {table}
                              ELSE format('COLUMN %s.%I', {table}, a.attname) END, d.description)
                FROM pg_description d LEFT JOIN pg_attribute a
                    ON a.attrelid = d.objoid AND a.attnum = d.objsubid
                WHERE d.classoid = 'pg_class'::regclass AND d.objoid = {table}::regclass
            );
            comment text;{numbers}
        BEGIN
        {moves}
        FOREACH comment IN ARRAY comments LOOP
            EXECUTE comment;
        END LOOP;
        END;"""
_NUMBERS = """
            number_{n} bigint := nextval(pg_get_serial_sequence({table}, {column}));"""
_WITHOUT_NUMBERS = """SET LOCAL citus.enable_ddl_propagation = off;
        ALTER TABLE {name} {drops};
        SET LOCAL citus.enable_ddl_propagation = on;"""
_WITH_NUMBERS = """ALTER TABLE {name} ALTER COLUMN {column} ADD {identity};
        PERFORM setval(pg_get_serial_sequence({table}, {text}), number_{n}, false);"""

_TELL = "EXECUTE format('COMMENT ON {noun} IS %L', {text});"


@render.register
def _(change: Distribute) -> Iterator[Statement]:
    before, after = change.before, change.after
    tell = [_tell(change.table, each, is_so=False) for each in (before,) if each and each != after]
    tell += [_tell(change.table, each, is_so=True) for each in (after,) if each]
    text = _BLOCK.format(move=_move(change), tell="\n    ".join(tell))
    lock = Lock.SHARE_ROW_EXCLUSIVE if before is None else Lock.ACCESS_EXCLUSIVE
    yield Statement(text, frozenset({Hazard.MOVES_ROWS}), lock, Transaction.OWN)


def _move(change: Distribute) -> str:
    """Return what gives the rows their place. What is so already stays as it is."""
    table, after = quote_literal(quote_name(change.table)), change.after
    column = after.column if after is not None else None
    values = {
        "table": table,
        "column": quote_literal(column or ""),
        "beside": quote_literal(quote_name(change.beside) if change.beside else "default"),
        "is_on_all": _IS.format(table=table, kind=_ON_ALL),
        "is_in_parts": _IS.format(table=table, kind=_IN_PARTS),
    }
    come = [] if after is None else [_TO_ALL if column is None else _TO_PARTS]
    if change.before is None:
        return come[0].format(**values)
    leave = f"({_IN_PARTS} OR {_ON_ALL})"
    if after is not None and not change.numbered:
        leave = _IN_PARTS if column is None else _ON_ALL
        come += [] if column is None else [_SWAP]
    moves = [_LEAVE.format(is_there=_IS.format(table=table, kind=leave), **values)]
    moves = [*_around(change, moves), *(each.format(**values) for each in come)]
    numbers = (
        _NUMBERS.format(n=n, table=table, column=quote_literal(each.name))
        for n, each in enumerate(change.numbered, 1)
    )
    whole = "\n        ".join(moves)
    return _ELSEWHERE.format(table=table, numbers="".join(numbers), moves=whole)


def _around(change: Distribute, moves: list[str]) -> list[str]:
    """Return ``moves`` of a table whose columns have no numbers of their own meanwhile."""
    if not change.numbered:
        return moves
    name, table = quote_name(change.table), quote_literal(quote_name(change.table))
    drops = (f"ALTER COLUMN {quote_name(each.name)} DROP IDENTITY" for each in change.numbered)
    back = (
        _WITH_NUMBERS.format(
            n=n,
            name=name,
            table=table,
            column=quote_name(each.name),
            text=quote_literal(each.name),
            identity=identity(change.table, each),
        )
        for n, each in enumerate(change.numbered, 1)
    )
    return [_WITHOUT_NUMBERS.format(name=name, drops=", ".join(drops)), *moves, *back]


def _tell(table: str, place: Distribution, *, is_so: bool) -> str:
    """Return what notes in a comment that ``table`` has this ``place``, or has it no more."""
    name, relation = quote_name(table), f"{quote_literal(quote_name(table))}::regclass"
    if place.column is None:
        noun, mark = f"TABLE {name}", MARKS["reference"]
        said = f"obj_description({relation}, 'pg_class')"
    else:
        noun, mark = f"COLUMN {name}.{quote_name(place.column)}", MARKS["distribute"]
        said = (
            f"(SELECT col_description(attrelid, attnum) FROM pg_attribute "  # noqa: S608 - quoted
            f"WHERE attrelid = {relation} AND attname = {quote_literal(place.column)})"
        )
    rest = f"nullif(replace({said}, E'\\n{mark}', ''), '{mark}')"
    text = f"concat_ws(E'\\n',\n        {rest},\n        '{mark}')" if is_so else rest
    return _TELL.format(noun=_in_text(noun), text=text)


def _in_text(name: str) -> str:
    """Return ``name`` as it stands in a text that ``format`` takes."""
    return name.replace("'", "''").replace("%", "%%")
