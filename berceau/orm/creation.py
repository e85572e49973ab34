"""Objects that are made unless they are there, safe beside other units, and many rows at once."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from reprlib import repr as shortened
from typing import Any

from pony.orm import core as pony_core
from pony.orm import flush

from berceau.errors import ConflictError, DatabaseError
from berceau.orm.lookups import Lookups
from berceau.orm.savepoints import savepoint

core: Any = pony_core  # as it is inside: its types tell what is for users

BATCH = 1000
"""How many rows one INSERT has at most."""


class Creation(Lookups):
    """What entities offer for writes that others may do at the same time."""

    def get_or_create(
        self, defaults: Mapping[str, Any] | None = None, **key: Any
    ) -> tuple[Any, bool]:
        """Return the object with the unique ``key``, and whether it was made now.

        A new one has the values ``defaults``, too. Where another unit of work makes the same one at
        the same time, its object is returned. Raises ``ConflictError`` where a value in
        ``defaults`` is taken, ``DatabaseError`` where ``key`` isn't unique. An example::

            tag, is_new = Tag.get_or_create(name="python", defaults={"color": Color.BLUE})
        """
        _check_key(self, "get_or_create", key, defaults or {})
        found = self.get(**key)
        if found is not None:
            return found, False
        return _made(self, {**key, **(defaults or {})}, self.get, key)

    def upsert(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **key: Any,
    ) -> tuple[Any, bool]:
        """Give the object with the unique ``key`` the values ``defaults``, or make it.

        A new one gets ``create_defaults`` instead, if they are given. Returns the object, and
        whether it was made. It is locked until the end of the unit of work, so that no other unit
        changes it meanwhile. Raises as ``get_or_create()`` does. An example::

            setting, is_new = Setting.upsert(name="theme", defaults={"value": "dark"})
        """
        values = defaults if create_defaults is None else create_defaults
        _check_key(self, "upsert", key, {**(defaults or {}), **(values or {})})
        found, is_new = self.get_for_update(**key), False
        if found is None:
            found, is_new = _made(self, {**key, **(values or {})}, self.get_for_update, key)
        if not is_new:
            found.set(**(defaults or {}))
        return found, is_new

    def bulk_create(
        self, rows: Iterable[Mapping[str, Any]], *, ignore_conflicts: bool = False
    ) -> list[Any]:
        """Insert ``rows``, as values by the names of attributes, in few statements.

        Returns their primary keys in the same order. With ``ignore_conflicts`` rows are left out
        that contradict others, and so are their keys. Values are checked and defaults are filled in
        as the constructor does. Neither the constructor nor hooks such as ``before_insert()`` are
        called, and collections can't be filled. Raises ``ConflictError``, and ``ValueError`` or
        ``TypeError`` for a value that the attribute can't have. An example::

            keys = Post.bulk_create({"title": title, "author": ada} for title in titles)
        """
        if ignore_conflicts:
            _require_immediate(self)
        keys: list[Any] = []
        remaining = enumerate(rows, 1)
        while batch := list(islice(remaining, BATCH)):
            flush()  # what the rows refer to may be new, too
            values = [_columns(self, row, number) for number, row in batch]
            keys += _inserted(self, values, ignore_conflicts)
        self._database_._get_cache().query_results.clear()
        return keys


def _check_key(
    entity: Any, method: str, key: Mapping[str, Any], defaults: Mapping[str, Any]
) -> None:
    """Raise ``DatabaseError`` unless at most one object can have ``key``."""
    call = f"{entity.__name__}.{method}({', '.join(f'{name}=...' for name in key)})"
    if twice := key.keys() & defaults.keys():
        raise DatabaseError(
            f"{call} gets {', '.join(sorted(twice))} twice: in the key, and as a default.",
            cure="Remove one of them.",
        )
    unknown = [name for name in (*key, *defaults) if name not in entity._adict_]
    if unknown:
        raise TypeError(f"Unknown attribute {unknown[0]!r}")
    if {entity._adict_[name] for name in key} not in list(_keys(entity)):
        raise DatabaseError(
            f"{call}: the attributes are no unique key, so two units could make two rows.",
            cure="Declare unique=True or a composite_key(), and give other values as defaults.",
        )
    if empty := [name for name, value in key.items() if value is None]:
        raise DatabaseError(
            f"{call}: {', '.join(empty)} is None, and a unique key allows any number of these.",
            cure="Give the key a value, or create the object by its constructor.",
        )


def _keys(entity: Any) -> Iterator[set[Any]]:
    """Yield the attributes of each unique key, one-to-one relations included."""
    yield set(entity._pk_attrs_)
    yield from map(set, entity._keys_)
    for attr in entity._attrs_:
        if attr.reverse and attr.columns and not (attr.is_collection or attr.reverse.is_collection):
            yield {attr}


def _require_immediate(entity: Any) -> None:
    """Refuse ``ON CONFLICT`` where a constraint is deferred, as PostgreSQL does."""
    for attr in entity._attrs_:
        if attr.reverse and attr.columns and not (attr.is_collection or attr.reverse.is_collection):
            raise DatabaseError(
                f"{entity.__name__}.bulk_create() can't ignore conflicts: {attr} is a one-to-one "
                "relation, whose unique constraint PostgreSQL checks at the commit.",
                cure="Leave ignore_conflicts out, or call get_or_create() for each row.",
            )


def _made(
    entity: Any, values: Mapping[str, Any], look: Any, key: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Return a new object, or what ``look`` finds where another unit was faster."""
    try:
        with savepoint():
            made = entity(**values)
            made.flush()
    except ConflictError as error:
        found = look(**key)
        if found is not None:
            return found, False
        if cure := _cure(error, entity, key):
            raise error.with_cure(cure) from error
        raise
    return made, True


def _cure(error: ConflictError, entity: Any, key: Mapping[str, Any]) -> str | None:
    """Return what to do where no object of ``entity`` with ``key`` is in the way of a new one."""
    declaring = max((entity._adict_[name].entity for name in key), key=lambda each: len(each.mro()))
    other = declaring.get(**key) if declaring is not entity else None
    if other is not None:
        return (
            f"{other} has this {', '.join(key)}, and is no {entity.__name__}: change that object, "
            "or give another value."
        )
    if error.kind == "taken" and not key.keys() >= set(error.attributes):
        return f"Give another {', '.join(error.attributes)}, or look for the object by that first."
    return None


def _columns(entity: Any, row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the values of a new row's columns as psycopg2 takes them; None for their defaults."""
    if not isinstance(row, Mapping):
        raise TypeError(
            f"{entity.__name__}.bulk_create(): row {number} is {shortened(row)}, and has to be a "
            "dict of values by the names of attributes."
        )
    for name in row:
        attr = entity._adict_.get(name)
        if attr is None:
            raise TypeError(f"Unknown attribute {name!r}")
        if not attr.columns or attr.is_collection:
            raise TypeError(f"{attr} is in no column of {entity._table_}: set it on the object.")
    found: dict[str, Any] = {}
    for attr in entity._attrs_with_columns_:
        value = attr.validate(row.get(attr.name, core.DEFAULT), None, entity, from_db=False)
        if value is None:
            found |= dict.fromkeys(attr.columns)
            continue
        values = attr.get_raw_values(value)
        if attr.reverse:
            _expire(value, attr.reverse)
        else:
            values = [attr.converters[0].val2dbval(value)]
        for column, converter, each in zip(attr.columns, attr.converters, values, strict=True):
            found[column] = converter.py2sql(each)
    return found


def _expire(related: Any, side: Any) -> None:
    """Let ``related`` read its ``side`` of a relation again: Pony takes a new row for an error."""
    known = related._vals_.get(side)
    if not side.is_collection:
        related._vals_.pop(side, None)
    elif known is not None:
        known.is_fully_loaded, known.count, known.absent = False, None, None


def _inserted(entity: Any, rows: list[dict[str, Any]], ignore_conflicts: bool) -> list[Any]:
    """Insert ``rows`` by one statement and return their primary keys."""
    quote = entity._database_.provider.quote_name
    arguments: dict[str, Any] = {}
    lines = []
    for row in rows:
        items = []
        for value in row.values():
            if value is None:
                items.append("DEFAULT")
            else:
                items.append(f"%(p{len(arguments)})s")
                arguments[f"p{len(arguments)}"] = value
        lines.append(f"({', '.join(items)})")
    columns, keys = (
        ", ".join(quote(name).replace("%", "%%") for name in names)
        for names in (rows[0], entity._pk_columns_)
    )
    sql = (
        f"INSERT INTO {quote(entity._table_).replace('%', '%%')} ({columns})\n"
        f"VALUES {', '.join(lines)}{' ON CONFLICT DO NOTHING' if ignore_conflicts else ''}\n"
        f"RETURNING {keys}"
    )
    cursor = entity._database_._exec_sql(sql, arguments, start_transaction=True)
    converters = entity._pk_converters_
    found = [
        tuple(converter.sql2py(value) for converter, value in zip(converters, row, strict=True))
        for row in cursor.fetchall()
    ]
    return found if len(converters) > 1 else [key for (key,) in found]
