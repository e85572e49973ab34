"""Enum classes as PostgreSQL's native enums: their names, and the labels of their members."""

import logging
from enum import Enum, Flag
from functools import cache
from typing import Any

from berceau.errors import DatabaseError, EntityError
from berceau.orm.diagnosis import place_of
from berceau.orm.naming import default_name
from berceau.schema.names import MAX_BYTES

log = logging.getLogger("berceau")

BUILT_IN_TYPES = frozenset(
    """
    aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange
    anycompatiblenonarray anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange
    bit bool box bpchar bytea char cid cidr circle cstring date datemultirange daterange
    event_trigger fdw_handler float4 float8 gtsvector index_am_handler inet int2 int2vector int4
    int4multirange int4range int8 int8multirange int8range internal interval json jsonb jsonpath
    language_handler line lseg macaddr macaddr8 money name numeric nummultirange numrange oid
    oidvector path point polygon record refcursor regclass regcollation regconfig regdictionary
    regnamespace regoper regoperator regproc regprocedure regrole regtype table_am_handler text tid
    time timestamp timestamptz timetz trigger tsm_handler tsmultirange tsquery tsrange
    tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit varchar void xid xid8 xml
    """.split()
)
"""Types of ``pg_catalog`` (PostgreSQL 18), which is always searched first; ``pg_*`` aside."""

_unknown: dict[tuple[type[Enum], str], Enum] = {}
_numbers: dict[type[Enum], int] = {}


def enum_type_name(enum_class: type[Enum]) -> str:
    """Return the name, unquoted, of the PostgreSQL type of ``enum_class``: snake_case of its own.

    Raises ``EntityError`` where PostgreSQL would read the name as another type's.
    """
    name = default_name(enum_class.__name__, enum_class)
    if name in BUILT_IN_TYPES or name.startswith("pg_"):
        raise EntityError(
            f"The enum {enum_class.__name__} would become the type {name}, a name that "
            "PostgreSQL keeps for itself.",
            where=place_of(enum_class),
            cure="Rename the class.",
        )
    return name


def enum_labels(enum_class: type[Enum]) -> tuple[str, ...]:
    """Return the labels of ``enum_class`` in PostgreSQL, in order of declaration.

    They are the members' values where all of these are strings, otherwise the members' names; an
    alias has no label of its own. Raises ``EntityError`` where PostgreSQL can't have them.
    """
    return tuple(enum_members(enum_class))


@cache
def enum_members(enum_class: type[Enum]) -> dict[str, Enum]:
    """Return the members of ``enum_class`` by their labels: see ``enum_labels``."""
    members = list(enum_class)
    if issubclass(enum_class, Flag) or not members:
        raise EntityError(
            f"The enum {enum_class.__name__} has no members, or is a Flag, whose values combine.",
            where=place_of(enum_class),
            cure="Give it members; keep a Flag's value in an int attribute.",
        )
    by_value = all(isinstance(member.value, str) for member in members)
    found = {str(member.value) if by_value else member.name: member for member in members}
    for label in found:
        if not 0 < len(label.encode()) <= MAX_BYTES or "\0" in label:
            raise EntityError(
                f"The enum {enum_class.__name__} has the label {label!r}, which PostgreSQL "
                "can't have.",
                where=place_of(enum_class),
                cure=f"Use 1 to {MAX_BYTES} bytes, without a null character.",
            )
    return found


@cache
def _labels_by_name(enum_class: type[Enum]) -> dict[str, str]:
    return {member.name: label for label, member in enum_members(enum_class).items()}


def enum_label(member: Enum) -> str:
    """Return the label of ``member`` in PostgreSQL."""
    label = _labels_by_name(type(member)).get(member.name, "")
    # An unknown label may be spelled like another member's name.
    return label if enum_members(type(member)).get(label) is member else member.name


def enum_member(enum_class: type[Enum], label: str) -> Enum:
    """Return the member that ``label`` stands for where it is read.

    A label that the class lacks was added by a newer release, which runs beside this one. It has a
    member that is like the others, but isn't among them: its name and its value are the label, it
    equals no other, iterating over the class doesn't give it, and it can't be looked up there. In
    an ``IntEnum`` its value is a number below all others, which means nothing. Raises
    ``DatabaseError`` where members are of another type, and can't be made up.
    """
    found = enum_members(enum_class).get(label)
    key = enum_class, label
    if found is None and key not in _unknown:
        new = _made(enum_class, label)
        if _unknown.setdefault(key, new) is new:  # of threads, one is first
            log.warning(
                "the database holds %r, which the enum %s lacks: it is read as a member that "
                "equals no other",
                *(label, enum_class.__name__),
            )
    return _unknown[key] if found is None else found


def _made(enum_class: type[Enum], label: str) -> Any:
    of: Any = enum_class
    kind = of._member_type_
    if kind is object:
        new: Any = object.__new__(of)
    elif kind is str:
        new = str.__new__(of, label)
    elif kind is int:
        _numbers[of] = min(_numbers.get(of, 0), *map(int, of)) - 1
        new = int.__new__(of, _numbers[of])
    else:
        raise DatabaseError(
            f"The database holds {label!r}, which the enum {enum_class.__name__} lacks.",
            where=place_of(enum_class),
            cure="Run the code that belongs to the migrations of this database.",
        )
    new._name_, new._value_ = label, int(new) if kind is int else label
    new.__reduce_ex__ = lambda _: (enum_member, (enum_class, label))  # the class can't find it
    return new
