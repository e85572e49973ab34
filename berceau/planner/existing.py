"""What the indexes of a table do already, and which types an index is good for."""

from collections.abc import Iterator
from dataclasses import replace

from berceau.planner.candidates import FLIPPED, Candidate, Key
from berceau.planner.conditions import bare
from berceau.schema.model import Index, PrimaryKey, Table, Unique
from berceau.schema.names import quote_name

# There is no order among these, or none that a query asks for.
_UNSORTED = ("json", "xml", "point", "tsvector", "bytea", "polygon", "box", "circle")
_TEXTS = ("text", "character varying")


def is_covered(candidate: Candidate, table: Table) -> bool:
    """Return whether an index of ``table`` does what ``candidate`` would."""
    return any(_covers(index, candidate) for index in (*constraint_indexes(table), *table.indexes))


def replaced(candidate: Candidate, table: Table) -> tuple[str, ...]:
    """Return the names of the indexes that ``candidate`` leaves nothing to do for, sorted."""
    if candidate.method != "btree" or candidate.where:
        return ()
    keys = [each.sql for each in candidate.keys]
    return tuple(
        sorted(
            index.name
            for index in table.indexes
            if is_plain(index) and not index.unique and list(index.keys) == keys[: len(index.keys)]
        )
    )


def shortened(candidate: Candidate, table: Table) -> Candidate:
    """Return ``candidate`` without the keys behind those of which no two rows have the same."""
    names = [each.column if not each.expression else "" for each in candidate.keys]
    required = {column.name for column in table.columns if column.not_null}
    unique = [{*each.columns} for each in table.uniques if required.issuperset(each.columns)]
    unique += [{*table.primary_key.columns}] if table.primary_key else []
    for size in range(1, len(names)):
        if {*names[:size]} in unique:
            return replace(candidate, keys=candidate.keys[:size])
    return candidate


def is_possible(candidate: Candidate, table: Table) -> bool:
    """Return whether ``table`` has the columns, of types that such an index is good for."""
    types = {column.name: column.type for column in table.columns}
    if any(name not in types for name in candidate.include):
        return False
    return all(
        each.column in types and (each.expression or _fits(candidate, each, types[each.column]))
        for each in candidate.keys
    )


def _fits(candidate: Candidate, key: Key, kind: str) -> bool:
    base = kind.partition("(")[0]
    if candidate.method == "gin":
        if key.suffix:
            return base in _TEXTS
        return "[]" in kind or base in ("jsonb", "tsvector")
    return not base.startswith(_UNSORTED) and "[]" not in kind


def constraint_indexes(table: Table) -> Iterator[Index]:
    """Yield the indexes that the primary key and the unique constraints of ``table`` made."""
    keys: list[PrimaryKey | Unique] = [table.primary_key] if table.primary_key else []
    for each in (*keys, *table.uniques):
        yield Index(each.name, tuple(map(quote_name, each.columns)), unique=True)


def is_plain(index: Index) -> bool:
    """Return whether ``index`` is a B-tree of all rows, with nothing but keys."""
    return index.method == "btree" and index.where is None and not index.options and index.valid


def _covers(index: Index, candidate: Candidate) -> bool:
    where = None if index.where is None else bare(index.where)
    if not index.valid or index.method != candidate.method or where != (candidate.where or None):
        return False
    size = len(candidate.keys)
    keys = index.keys[:size]
    if candidate.method != "btree":
        # A GIN index answers for each of its keys by itself.
        return {_text(each) for each in candidate.keys} <= {bare(key) for key in index.keys}
    held = {
        *(_split(key)[0] for key in index.keys[size:]),
        *(index.options.removeprefix("INCLUDE (")[:-1].split(", ")),
    }
    if not {*map(quote_name, candidate.include)} <= held:
        return False
    wanted = [(_text(replace(each, suffix="")), each.suffix) for each in candidate.keys]
    found = [_split(key) for key in keys]
    if [name for name, _ in wanted] != [name for name, _ in found]:
        return False
    suffixes = [suffix for _, suffix in wanted]
    has = [suffix for _, suffix in found]
    # Without an order of its own, a candidate is for conditions as much as for sorting.
    plain = not any(suffixes) and all(each in FLIPPED for each in has)
    return plain or suffixes in (has, [FLIPPED.get(each, each) for each in has])


def _split(key: str) -> tuple[str, str]:
    """Return the name or expression of an index's key, and what stands behind it."""
    for suffix in sorted((*FLIPPED, " text_pattern_ops"), key=len, reverse=True):
        if suffix and key.endswith(suffix):
            return bare(key.removesuffix(suffix)), suffix
    return bare(key), ""


def _text(key: Key) -> str:
    return bare(f"{key.expression or quote_name(key.column)}{key.suffix}")
