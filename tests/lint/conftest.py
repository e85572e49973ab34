"""Queries as text: what the rules find in them, and what Pony makes of them."""

import datetime
import decimal
import enum
import itertools
import linecache
import math
import uuid
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pony.orm
import pytest
from pony.orm import IntArray, Json, Optional, Required, Set, StrArray, db_session

from berceau.lint.read_rules import check_reads
from berceau.lint.source import examine
from berceau.orm.attributes import read_attributes
from berceau.orm.database import map_entities
from tests.lint.blog import database

PONY = "count, exists, left_join, select, sum"

IMPORTS = """
import datetime, decimal, itertools, math, uuid
from datetime import date, timedelta, timezone
from pony.orm import *
from .entities import Author, Color, Post
"""
MODULES = (datetime, decimal, itertools, math, uuid)


class Color(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


def declare(database: Any) -> dict[str, Any]:
    """Declare and map the entities of the tests, and return them by name."""

    class Author(database.Entity):
        name = Required(str)
        age = Required(int)
        posts = Set("Post")

        def shout(self) -> str:
            return self.name.upper()

    class Post(database.Entity):
        title = Required(str)
        n = Required(int)
        f = Required(float)
        amount = Required(decimal.Decimal)
        at = Required(datetime.datetime)
        day = Required(datetime.date)
        ok = Required(bool)
        tags = Optional(StrArray)
        numbers = Optional(IntArray)
        data = Optional(Json)
        author = Required(Author)
        color = Required(Color)
        opt = Optional(int)

    map_entities(database)
    return {"Author": Author, "Post": Post}


@pytest.fixture(scope="session")
def names() -> dict[str, Any]:
    """What a query can use: Pony's functions, entities, modules, and values of a caller."""
    pony_names = {name: getattr(pony.orm, name) for name in vars(pony.orm) if name[0] != "_"}
    times = {name: getattr(datetime, name) for name in ("date", "timedelta", "timezone")}
    modules = {module.__name__: module for module in MODULES}
    thing = SimpleNamespace(value=1, method=lambda: 1)
    values = {"x": 1, "xs": [1, 2], "words": ["a"], "known": {"a": 1}, "thing": thing}
    functions = {"helper": lambda number: number + 1, "call": lambda *_, **__: 1}
    entities = declare(pony.orm.Database())
    return pony_names | times | modules | values | functions | entities | {"Color": Color}


@pytest.fixture(scope="session")
def translate(names) -> Callable[[str], str]:
    """Return a function that gives Pony's SQL for a query, or raises what Pony does."""

    def translate(text: str) -> str:
        file = f"<query {text}>"  # Pony caches by the code's place
        linecache.cache[file] = (len(text), None, [text], file)
        with db_session:
            sql: str = eval(compile(text, file, "eval"), dict(names)).get_sql()
            return sql

    return translate


@pytest.fixture(scope="session")
def faults() -> Callable[[str], list[tuple[int, str, str]]]:
    """Return a function that gives the lines, codes and messages that the rules give a module.

    The module's lines are counted below the usual imports.
    """

    def faults(text: str) -> list[tuple[int, str, str]]:
        found = examine((IMPORTS + dedent(text)).encode()).faults
        above = IMPORTS.count("\n")
        return [(line - above, code, message) for line, code, message in found]

    return faults


@pytest.fixture(scope="session")
def codes(faults) -> Callable[[str], list[str]]:
    """Return a function that gives the codes of the rules that a module breaks."""
    return lambda text: [code for _, code, _ in faults(text)]


@pytest.fixture(scope="session")
def messages(faults) -> Callable[[str], list[str]]:
    """Return a function that gives what the rules say of a module."""
    return lambda text: [message for _, _, message in faults(text)]


@pytest.fixture(scope="session")
def mapped() -> pony.orm.Database:
    map_entities(database)
    return database


@pytest.fixture(scope="session")
def found(mapped) -> Callable[[str], list[tuple[int, str]]]:
    """Return a function that gives the lines and codes of what is wrong with a module."""

    def found(text: str) -> list[tuple[int, str]]:
        imports = f"from pony.orm import {PONY}\nfrom .entities import *\n"
        compile(imports + text, "<test>", "exec")
        facts = {Path("service.py"): examine((imports + text).encode())}
        diagnostics = check_reads(read_attributes(mapped), facts)
        return sorted(((each.line or 0) - imports.count("\n"), each.code) for each in diagnostics)

    return found
