"""Default names in the database, and what stays as its author wrote it."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pony.orm import Database, Optional, PrimaryKey, Required, Set, composite_index, composite_key

from berceau.errors import EntityError
from berceau.orm.database import map_entities
from berceau.orm.naming import snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Post", "post"),
        ("DemoPost", "demo_post"),
        ("HTTPRequest", "http_request"),
        ("RequestHTTP", "request_http"),
        ("Post2", "post2"),
        ("Post2Tag", "post2_tag"),
        ("already_snake", "already_snake"),
        ("DemoPost_HTTPTag", "demo_post_http_tag"),
        ("_Hidden", "_hidden"),
        ("A", "a"),
        ("CaféBar", "café_bar"),
        ("ÉtatCivil", "état_civil"),
    ],
)
def test_snake_case(name, expected) -> None:
    assert snake_case(name) == expected


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True))
def test_snake_case_keeps_letters_and_settles(name) -> None:
    once = snake_case(name)
    assert once.replace("_", "") == name.lower().replace("_", "")
    assert snake_case(once) == once


@pytest.fixture(scope="module")
def tables() -> Mapping[str, Any]:
    database = Database()

    class HTTPHost(database.Entity):
        realm = Required(str)
        name = Required(str, column="HostName")
        PrimaryKey(realm, name)
        demo_posts = Set("DemoPost")
        reviews = Set("DemoPost", reverse="reviewer", table="Reviews", column="reviewed")

    class DemoPost(database.Entity):
        shortTitle = Required(str, unique=True)  # noqa: N815 - its name is the subject
        hosts = Set(HTTPHost)
        reviewer = Set(HTTPHost, reverse="reviews", columns=["a", "b"])
        origin = Optional("DemoUser")
        twins = Set("DemoPost", reverse="twins")
        parents = Set("DemoPost", reverse="children")
        children = Set("DemoPost", reverse="parents")
        composite_key(shortTitle, origin)

    class DemoUser(database.Entity):
        _table_ = "Users"
        first = Required(str)
        last = Required(str)
        posts = Set(DemoPost)
        composite_index(first, last)

    map_entities(database)
    return database.schema.tables


def test_tables(tables) -> None:
    assert set(tables) == {
        "http_host",
        "demo_post",
        "Users",
        "demo_post_http_host",
        "Reviews",
        "demo_post_twins",
        "demo_post_demo_post",
    }


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("http_host", ["realm", "HostName"]),
        ("demo_post", ["id", "short_title", "origin"]),
        ("demo_post_http_host", ["demo_post", "http_host_realm", "http_host_host_name"]),
        ("Reviews", ["reviewed", "a", "b"]),
        ("demo_post_twins", ["demo_post", "demo_post_2"]),
        ("demo_post_demo_post", ["demo_post", "demo_post_2"]),
    ],
)
def test_columns(tables, table, columns) -> None:
    assert [column.name for column in tables[table].column_list] == columns


def test_constraints_and_indexes_are_named_as_postgresql_would(tables) -> None:
    names = {
        index.name for table in tables.values() for index in table.indexes.values() if index.name
    }
    assert {
        "demo_post_short_title_key",
        "demo_post_short_title_origin_key",
        "demo_post_origin_idx",
        "Users_first_last_idx",
        "demo_post_twins_demo_post_2_idx",
    } <= names
    assert {key.name for key in tables["demo_post"].foreign_keys.values()} == {
        "demo_post_origin_fkey"
    }


def declare(name, attribute) -> Database:
    database = Database()
    type(name, (database.Entity,), {"__module__": __name__, attribute: Required(str)})
    return database


@pytest.mark.parametrize(
    ("name", "attribute"), [("E" + "x" * 63, "name"), ("É" * 32, "name"), ("Post", "é" * 32)]
)
def test_a_default_name_of_more_than_63_bytes_is_refused(name, attribute) -> None:
    database = declare(name, attribute)
    with pytest.raises(EntityError, match="has 64 bytes") as refusal:
        map_entities(database)
    assert refusal.value.where.file.name == "test_naming.py"
    assert "_table_" in refusal.value.cure


def test_63_bytes_are_kept() -> None:
    database = declare("E" + "x" * 62, "é" * 31)
    map_entities(database)
    (table,) = database.schema.tables.values()
    assert table.name == "e" + "x" * 62
    assert table.column_list[1].name == "é" * 31


def test_long_names_of_constraints_stay_apart() -> None:
    database = Database()

    class Post(database.Entity):
        the_title_in_the_language_of_its_author = Required(str)
        the_translated_title_in_english = Required(str)
        the_translated_title_in_french = Required(str)
        composite_key(the_title_in_the_language_of_its_author, the_translated_title_in_english)
        composite_key(the_title_in_the_language_of_its_author, the_translated_title_in_french)

    map_entities(database)
    indexes = database.schema.tables["post"].indexes.values()
    names = {index.name for index in indexes if not index.is_pk}
    assert len(names) == 2
    assert {len(name) for name in names} == {63}


def test_names_of_two_tables_indexes_and_keys_stay_apart() -> None:
    database = Database()

    class Tag(database.Entity):
        a = Set("A")
        ab = Set("AB")

    class A(database.Entity):
        _table_ = "a"
        b_tag = Required(Tag, reverse="a")

    class AB(database.Entity):
        _table_ = "a_b"
        tag = Required(Tag, reverse="ab")

    map_entities(database)
    tables = [database.schema.tables[name] for name in ("a", "a_b")]
    indexes = [index.name for table in tables for index in table.indexes.values() if index.name]
    keys = [key.name for table in tables for key in table.foreign_keys.values()]
    assert {"a_b_tag_idx", "a_b_tag_idx_2"} <= set(indexes)
    assert sorted(keys) == ["a_b_tag_fkey", "a_b_tag_fkey_2"]
