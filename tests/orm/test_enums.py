"""An enum class as a native type: its name, its labels, and values on their way in and out."""

import re
from enum import Enum, Flag, IntEnum, StrEnum, auto

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pony.orm import (
    Database,
    Discriminator,
    Optional,
    PrimaryKey,
    Required,
    Set,
    composite_key,
    db_session,
    flush,
    select,
)

from berceau.errors import EntityError
from berceau.orm.database import map_entities
from berceau.orm.enums import BUILT_IN_TYPES, enum_labels, enum_type_name
from berceau.orm.mapping import enum_classes
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema import model
from berceau.schema.diff import create
from berceau.schema.model import Schema
from berceau.schema.sql import to_statements

database = Database()


class Status(Enum):
    DRAFT = "draft"
    LIVE = 'it\'s \\ "live", 100%'
    PUBLISHED = 'it\'s \\ "live", 100%'  # an alias


class Colour(StrEnum):
    RED = auto()
    BLUE = auto()


class Position(IntEnum):  # a word that SQL keeps for itself
    FIRST = 1
    LAST = 9


class Kind(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Country(database.Entity):
    code = PrimaryKey(Colour)
    cities = Set("City")


class City(database.Entity):
    country = Required(Country)
    position = Required(Position)
    PrimaryKey(country, position)
    streets = Set("Street")


class Street(database.Entity):
    city = Required(City)
    status = Required(Status, default=Status.DRAFT)
    colour = Optional(Colour, unique=True)
    position = Optional(Position, index=True)
    composite_key(city, status)
    tags = Set("Tag")


class Tag(database.Entity):
    colour = PrimaryKey(Colour)
    kind = Discriminator(Kind)
    _discriminator_ = Kind.SMALL
    streets = Set(Street)


class LargeTag(Tag):
    _discriminator_ = Kind.LARGE


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


def street(**values) -> Street:
    country = Country.get(code=Colour.RED) or Country(code=Colour.RED)
    city = City.get(country=country) or City(country=country, position=Position.LAST)
    return Street(city=city, **values)


@pytest.mark.parametrize(
    ("enum_class", "name", "labels"),
    [
        (Status, "status", ("draft", 'it\'s \\ "live", 100%')),
        (Colour, "colour", ("red", "blue")),
        (Position, "position", ("FIRST", "LAST")),
        (Enum("HTTPVerb", {"GET": "get", "PUT": 2}), "http_verb", ("GET", "PUT")),
        (Enum("PostStatus2", {"É": "é" * 31}), "post_status2", ("é" * 31,)),
    ],
)
def test_name_and_labels(enum_class, name, labels) -> None:
    assert enum_type_name(enum_class) == name
    assert enum_labels(enum_class) == labels


@pytest.mark.parametrize(
    ("enum_class", "message"),
    [
        (Enum("Empty", {}), "has no members"),
        (Flag("Rights", "READ WRITE"), "Flag"),
        (Enum("Long", {"A": "é" * 32}), "label 'é+'"),
        (Enum("Blank", {"A": ""}), "label ''"),
        (Enum("Zero", {"A": "a\0"}), "label"),
    ],
)
def test_labels_that_postgresql_cannot_have(enum_class, message) -> None:
    with pytest.raises(EntityError, match=message):
        enum_labels(enum_class)


@pytest.mark.parametrize("name", ["Text", "Point", "DateRange", "PgClass"])
def test_a_name_that_postgresql_keeps(name) -> None:
    with pytest.raises(EntityError, match="keeps for itself") as refusal:
        enum_type_name(Enum(name.replace("Range", "range"), "A B"))
    assert refusal.value.where.file.name == "test_enums.py"
    assert refusal.value.cure


def test_the_list_of_names_is_the_server_s(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT typname FROM pg_type"
            " WHERE typnamespace = 'pg_catalog'::regnamespace AND typname !~ '^(_|pg_)'"
        )
        assert {name for (name,) in cursor.fetchall()} == BUILT_IN_TYPES


def test_the_mapping_tells_the_class() -> None:
    assert enum_classes(database) == {
        "status": Status, "colour": Colour, "position": Position, "kind": Kind
    }  # fmt: skip
    columns = database.schema.tables["street"].column_dict
    assert columns["city_country"].converter.enum_class is Colour
    assert columns["city_position"].sql_type == '"position"'


@pytest.mark.parametrize("value", [Status.LIVE, Status.LIVE.value, Status.PUBLISHED])
@pytest.mark.usefixtures("session")
def test_a_member_or_its_label_is_taken(value) -> None:
    made = street(status=value)
    assert made.status is Status.LIVE
    flush()
    assert Street.get(status=value) is made
    assert database.select("status::text FROM street") == [Status.LIVE.value]


@pytest.mark.parametrize("value", ["LIVE", "", 1, b"draft", Colour.RED, Position.FIRST])
@pytest.mark.usefixtures("session")
def test_anything_else_is_refused(value) -> None:
    expected = re.escape(f"Street.status: {value!r} is no Status; use one of 'draft', ")
    with pytest.raises(ValueError, match=expected):
        street(status=value)
    made = street()
    with pytest.raises(ValueError, match=expected):
        made.status = value


@pytest.mark.usefixtures("session")
def test_a_member_of_another_string_enum_is_no_label() -> None:
    other = StrEnum("Other", ["RED"])
    with pytest.raises(ValueError, match="is no Colour"):
        street(colour=other.RED)


@pytest.mark.usefixtures("session")
def test_default_and_null() -> None:
    made = street()
    flush()
    assert made.status is Status.DRAFT
    assert made.colour is None
    assert database.select("colour, position FROM street") == [(None, None)]
    with pytest.raises(ValueError, match="required"):
        made.status = None


def test_keys_and_relations() -> None:
    with db_session:
        made = street(colour="blue", position="FIRST", tags=[Tag(colour="red")])
        LargeTag(colour="blue", streets=[made])
    with db_session:
        made = Street.select().first()
        assert made.city is City[Country[Colour.RED], Position.LAST]
        assert Country["red"].code is Colour.RED
        assert made.colour is Colour.BLUE
        assert {tag.colour for tag in made.tags} == {Colour.RED, Colour.BLUE}
        assert type(Tag[Colour.BLUE]) is LargeTag
        assert select(s for s in Street for t in s.tags if t.colour == Colour.RED)[:] == [made]
        assert select(t.kind for t in Tag).order_by(1)[:] == [Kind.SMALL, Kind.LARGE]
        Country[Colour.RED].delete()
        Tag.select().delete()


def test_sql_type_is_refused() -> None:
    other = Database()
    type("Post", (other.Entity,), {"status": Required(Status, sql_type="text")})
    with pytest.raises(EntityError, match=r"Post.status can't have sql_type='text'"):
        map_entities(other)


LABELS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15)


@settings(max_examples=25, deadline=None)
@given(labels=st.lists(LABELS, min_size=1, unique=True))
def test_any_label_is_kept(connection, labels) -> None:
    enum_class = Enum("Label", [(f"M{i}", label) for i, label in enumerate(labels)])
    declared = Schema(enums=(model.Enum(enum_type_name(enum_class), enum_labels(enum_class)),))
    execute_statements(connection, to_statements(create(declared)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT enum_range(NULL::label)::text[]")
        assert cursor.fetchone()[0] == labels
        cursor.execute("DROP TYPE label")
