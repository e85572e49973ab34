"""The options of attributes, by the kind of attribute."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from pony.orm._attributes import Attribute

class Column(TypedDict, total=False):
    sql_type: str
    column: str
    index: str | bool
    lazy: bool
    volatile: bool
    optimistic: bool
    sql_default: str | bool
    hidden: bool

class Value(Column, total=False):
    auto: bool
    size: Literal[8, 16, 24, 32, 64]
    unsigned: bool
    precision: int
    scale: int
    min: object
    max: object
    max_len: int
    autostrip: bool

class FreeValue(Value, total=False):
    unique: bool
    nullable: bool

class One(Column, total=False):
    unique: bool
    nullable: bool
    columns: Sequence[str]
    reverse: str | Attribute[Any]
    reverse_index: str | bool
    cascade_delete: bool
    fk_name: str
    interleave: bool

class Many(TypedDict, total=False):
    reverse: str | Attribute[Any]
    cascade_delete: bool
    lazy: bool
    volatile: bool
    table: str | tuple[str, str]
    column: str
    columns: Sequence[str]
    reverse_column: str
    reverse_columns: Sequence[str]
    nplus1_threshold: int
    index: str | bool
    reverse_index: str | bool
    fk_name: str
    reverse_fk_name: str
    sql_type: str
    hidden: bool
