"""A release at work: Pony's entities do all that they can on some schema, in real transactions."""

import datetime
import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isclose
from textwrap import dedent
from typing import Any
from uuid import UUID

import pony.orm
from pony.orm import Database, db_session, flush, rollback
from pony.orm.ormtypes import FloatArray, IntArray, Json, StrArray

from berceau.errors import DatabaseError
from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.model import Schema
from berceau.schema.release_values import LONG
from berceau.settings import Limits

TIMES = ("date", "datetime", "time", "timedelta")
OF_VALUES = ("23", "P0")
NOT_NULL = "23502"
_NEW_LABEL = re.compile("The database holds '(red|blue|green)', which the enum")


@dataclass
class AtWork:
    """The entities of a release, mapped, and what they declare."""

    database: Any
    schema: Schema

    def failures(self, url: Url, rows_of: "AtWork | None" = None) -> dict[tuple[str, ...], str]:
        """Do everything on the schema of ``url``, beside rows of another release; return failures.

        Each is known by its entity, its attribute, and what was done.
        """
        pool = ConnectionPool(url, Limits())
        if rows_of is not None:
            rows_of.leave_rows(pool)
        orm.connect(pool, self.database)
        try:
            return dict(_Work(self.database).failures())
        finally:
            self.database.disconnect()
            pool.close()

    def pairs(self, url: Url, name: str) -> str:
        """Make rows of an entity after those that it refers to; return what went wrong, if so."""
        pool = ConnectionPool(url, Limits())
        orm.connect(pool, self.database)
        try:
            for full in (False, True):
                with db_session:
                    _Work(self.database).make(self.database.entities[name], 7, full=full)
        except Exception as error:
            return str(error)
        finally:
            self.database.disconnect()
            pool.close()
        return ""

    def leave_rows(self, pool: ConnectionPool) -> None:
        """Leave a row of each entity, as far as that can be."""
        orm.connect(pool, self.database)
        for entity in self.database.entities.values():
            try:
                with db_session:
                    _Work(self.database).make(entity, 9, full=True)
            except Exception:  # its own release isn't the point
                rollback()
        self.database.disconnect()


def mapped(entities: str) -> AtWork:
    """Map ``entities``, as text."""
    database = Database()
    names = {**vars(pony.orm), "Decimal": Decimal, "UUID": UUID, "enum": enum, "db": database}
    exec(dedent(entities), names | {name: getattr(datetime, name) for name in TIMES})
    orm.map_entities(database)
    return AtWork(database, to_schema(database))


class _Work:
    def __init__(self, database: Any) -> None:
        self.entities = sorted(database.entities.values(), key=lambda entity: int(entity._id_))

    def failures(self) -> Iterator[tuple[tuple[str, ...], str]]:
        for entity in self.entities:
            for what, do in self.deeds(entity):
                said = _said(do)
                if said is not None:
                    yield (entity.__name__, *what), said

    def deeds(self, entity: Any) -> Iterator[tuple[tuple[str, ...], Callable[[], None]]]:
        """Yield what can be done with ``entity``."""
        yield ("", "read"), lambda: self.read(entity)
        yield ("", "create"), lambda: self.create(entity, full=False)
        yield ("", "create all"), lambda: self.create(entity, full=True)
        yield ("", "delete"), lambda: self.delete(entity)
        for attribute in entity._attrs_:
            if attribute.is_pk or attribute.is_discriminator or attribute in entity._pk_attrs_:
                continue
            if attribute.is_collection:
                if attribute.reverse.is_collection:
                    yield (attribute.name, "link"), lambda a=attribute: self.link(entity, a)
                continue
            if not attribute.columns:
                continue
            for number, value in enumerate(self.values(attribute)):
                yield (
                    (attribute.name, f"update {number}"),
                    lambda a=attribute, v=value: self.update(entity, a, v),
                )

    def read(self, entity: Any) -> None:
        """Read all rows, and update each of them: Pony looks whether it is as it was read."""
        for row in entity.select()[:]:
            row.load()
        keys = [row.get_pk() for row in entity.select()[:]]
        for key in keys:
            rollback()
            row = entity[key]
            changed = [
                each
                for each in entity._attrs_
                if not (each.is_pk or each in entity._pk_attrs_ or each.is_collection)
                and each.columns
                and not each.is_discriminator
                and not each.reverse
            ]
            for each in changed:
                getattr(row, each.name)
            for each in changed[:1]:
                value = self.value(each, 5)
                if getattr(row, each.name) == value:
                    value = self.value(each, 6)
                setattr(row, each.name, value)
                flush()

    def create(self, entity: Any, *, full: bool) -> None:
        self.make(entity, 2, full=full)
        flush()

    def update(self, entity: Any, attribute: Any, value: Any) -> None:
        row = self.one(entity)
        if attribute.reverse:
            value = value and self.one(attribute.py_type)
        setattr(row, attribute.name, value)
        flush()
        key = row.get_pk()
        pony.orm.commit()
        rollback()
        row = entity[key]
        read = getattr(row, attribute.name)
        if attribute.reverse:
            return
        same = isclose(read, value) if attribute.py_type is float and value else read == value
        assert same, f"{value!r} is read as {read!r}"
        # Only a row that still has what was read is updated.
        setattr(row, attribute.name, next(each for each in self.others(attribute, value)))
        flush()

    def others(self, attribute: Any, value: Any) -> Iterator[Any]:
        """Yield other values than ``value``, or this one where there is no other."""
        yield from (each for each in self.values(attribute) if each is not None and each != value)
        yield value

    def link(self, entity: Any, attribute: Any) -> None:
        mine, other = self.one(entity), self.one(attribute.py_type)
        items = getattr(mine, attribute.name)
        items.add(other)
        flush()
        items.remove(other)
        flush()
        list(items)

    def delete(self, entity: Any) -> None:
        self.one(entity).delete()
        flush()

    def one(self, entity: Any) -> Any:
        row = self.make(entity, 3, full=False)
        flush()
        return row

    def make(self, entity: Any, n: int, *, full: bool, depth: int = 0) -> Any:
        given = {}
        for attribute in entity._attrs_:
            if attribute.is_collection or attribute.is_discriminator or attribute.auto:
                continue
            if (attribute.is_required and attribute.sql_default is None) or attribute.is_pk:
                wanted = True
            else:
                wanted = full and bool(attribute.columns) and attribute.sql_default is None
            if not wanted:
                continue
            if attribute.reverse:
                if attribute.is_required or depth == 0:
                    if depth > 3:
                        raise RecursionError
                    value = self.make(attribute.py_type, n + 10, full=False, depth=depth + 1)
                    given[attribute.name] = value
            else:
                given[attribute.name] = self.value(attribute, n)
        return entity(**given)

    def value(self, attribute: Any, n: int) -> Any:
        return _usual(attribute, n)

    def values(self, attribute: Any) -> Iterator[Any]:
        if attribute.reverse:
            yield True
        else:
            yield self.value(attribute, 4)
            yield from _unusual(attribute)
        may_be_none = attribute.nullable or (
            not attribute.is_required and not attribute.is_string and attribute.py_type is not Json
        )
        if may_be_none and attribute.py_type not in (IntArray, StrArray, FloatArray, Json):
            yield None


def _said(do: Callable[[], None]) -> str | None:
    """Return why the release can't do it; values that don't fit a rule are no reason."""
    try:
        with db_session:
            do()
            rollback()
    except RecursionError:
        return None
    except Exception as error:
        state = _sqlstate(error)
        if state is not None and state.startswith(OF_VALUES) and state != NOT_NULL:
            return None
        if isinstance(error, DatabaseError) and _NEW_LABEL.search(str(error)):
            return None  # rows of another release may hold it: see surprises
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def _sqlstate(error: BaseException | None) -> str | None:
    while error is not None:
        state = getattr(error, "pgcode", None)
        if state:
            return str(state)
        error = getattr(error, "original_exc", None) or error.__cause__ or error.__context__
    return None


def _usual(attribute: Any, n: int) -> Any:
    kind = attribute.py_type
    if issubclass(kind, enum.Enum):
        members = list(kind)
        return members[n % len(members)]
    if kind is bool:
        return bool(n % 2)
    if kind is str or issubclass(kind, str):
        length = getattr(attribute.converters[0], "max_len", None) or 10
        return f"{n:x}"[-length:]
    makers: dict[type, Callable[[], Any]] = {
        int: lambda: 20_000 + n,
        float: lambda: n + 0.5,
        Decimal: lambda: Decimal(n % 10) + Decimal("0.25"),
        bytes: lambda: bytes([n]),
        datetime.datetime: lambda: datetime.datetime(2000, 1, 2, 1, 2, n, tzinfo=datetime.UTC),
        datetime.date: lambda: datetime.date(2000, 1, n + 1),
        datetime.time: lambda: datetime.time(1, 2, n),
        datetime.timedelta: lambda: datetime.timedelta(1, n),
        UUID: lambda: UUID(int=n),
        Json: lambda: {"n": n},
        IntArray: lambda: [n],
        StrArray: lambda: [str(n)],
        FloatArray: lambda: [n + 0.5],
    }
    return makers[kind]()


def _unusual(attribute: Any) -> Iterator[Any]:
    kind, converter = attribute.py_type, attribute.converters[0]
    if issubclass(kind, enum.Enum):
        yield from kind
    elif kind is int:
        size = getattr(converter, "size", None) or 32
        bits = {8: 15, 16: 15, 24: 31, 32: 31, 64: 63}[size]
        yield converter.max_val or 2**bits - 1
    elif kind is float:
        yield 1 / 3
        yield 1e300
    elif kind is Decimal:
        yield (
            Decimal(10) ** (converter.precision - converter.scale) - Decimal(10) ** -converter.scale
        )
    elif kind is str or issubclass(kind, str):
        yield "x" * (getattr(converter, "max_len", None) or LONG)
    elif kind is datetime.time and not converter.precision:
        yield datetime.time(23, 59, 59, 999999)
    elif kind is datetime.datetime and not converter.precision:
        yield datetime.datetime(2000, 1, 1, 1, 2, 3, 999999, tzinfo=datetime.UTC)
