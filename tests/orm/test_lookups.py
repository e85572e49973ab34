"""Look-ups by what a visitor sends: a value that noitem can have finds noitem."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

import pytest
from pony.orm import (
    IntArray,
    Json,
    ObjectNotFound,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    composite_key,
    flush,
    select,
)

from berceau.errors import UnstorableTextError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work

database = GlobalDatabase()


class Color(StrEnum):
    RED = "red"


class Owner(database.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    items = Set("Item")
    places = Set("Place")


class Item(database.Entity):
    id = PrimaryKey(int)
    name = Required(str, 10, unique=True)
    owner = Optional(Owner)
    big = Optional(int, size=64)
    count = Optional(int, min=1)
    price = Optional(Decimal)
    ratio = Optional(float)
    at = Optional(datetime)
    day = Optional(date)
    hour = Optional(time)
    span = Optional(timedelta)
    color = Optional(Color)
    token = Optional(UUID)
    numbers = Optional(IntArray)
    words = Optional(StrArray)
    data = Optional(Json)
    even = Optional(int, py_check=lambda value: value % 2 == 0)


class Place(database.Entity):
    owner = Required(Owner)
    number = Required(int)
    PrimaryKey(owner, number)
    label = Optional(str)
    composite_key(label, number)


EDGE = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))
NAIVE = datetime(2026, 1, 1)
NOTHING = {
    "too long": {"name": "a" * 11},
    "empty": {"name": ""},
    "blank": {"name": "  "},
    "missing": {"name": None},
    "a number as a name": {"name": 5},
    "beyond the integer": {"id": 2**31},
    "far beyond the integer": {"id": 2**70},
    "beyond the big integer": {"big": 2**63},
    "no integer": {"id": "abc"},
    "a fraction": {"id": 0.5},
    "not a number": {"id": float("nan")},
    "infinite": {"id": float("inf")},
    "a list": {"id": []},
    "less than allowed": {"count": 0},
    "no decimal": {"price": "abc"},
    "an infinite decimal": {"price": Decimal("Infinity")},
    "a huge decimal": {"price": "1e200000"},
    "no float": {"ratio": "abc"},
    "beyond the float": {"ratio": 10**400},
    "no moment": {"at": "yesterday"},
    "naive": {"at": NAIVE},
    "after the last moment": {"at": EDGE},
    "no date": {"day": "31.2."},
    "no time": {"hour": "25:00"},
    "no interval": {"span": "long"},
    "no member": {"color": "blue"},
    "no UUID": {"token": "abc"},
    "no UUID, of 16 characters": {"token": "abcdabcdabcdabcd"},
    "a UUID beyond": {"token": 2**128},
    "an item beyond": {"numbers": [2**31]},
    "an item of another type": {"words": [5]},
    "refused by py_check": {"even": 3},
    "no key of another": {"owner": "abc"},
    "with others that fit": {"name": "a", "id": 2**70},
}


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)
    with unit_of_work():
        owner = Owner(id=UUID(int=1))
        Item(id=1, name="a", big=3, price=1, ratio=0.5, at=datetime.now(UTC), numbers=[1])
        Place(owner=owner, number=1, label="home")


@pytest.mark.parametrize("values", NOTHING.values(), ids=NOTHING)
class TestWhatCantBeStored:
    def test_is_found_by_no_look_up(self, values) -> None:
        with unit_of_work():
            assert Item.get(**values) is None
            assert Item.get_for_update(**values) is None
            assert not Item.exists(**values)
            for query in (
                Item.select(**values),
                Item.select(lambda each: each.id > 0).filter(**values),
                select(each for each in Item).where(**values),
            ):
                assert list(query) == []
                assert query.first() is query.get() is None
                assert query.count() == query.delete(bulk=True) == 0
                assert not query.exists()
                assert list(query.filter(lambda each: each.id > 0).for_update()) == []

    def test_is_still_refused_for_an_attribute(self, values) -> None:
        with unit_of_work() as unit:
            unit.rollback()
            item = Item[1]
            with pytest.raises((ValueError, TypeError, ArithmeticError)):
                Item(**{"id": 2, "name": "b"} | values)
            with pytest.raises((ValueError, TypeError, ArithmeticError)):
                item.set(**values)


@pytest.mark.parametrize("key", ["abc", 2**70, None, [], float("nan")])
def test_a_key_that_nothing_has_isn_t_found(key) -> None:
    with unit_of_work(), pytest.raises(ObjectNotFound):
        Item[key]


@pytest.mark.parametrize(
    "key", [("abc", 1), (UUID(int=1), 2**70), (UUID(int=2), 1), ("abcdabcdabcdabcd", None)]
)
def test_a_key_of_several_parts_isn_t_found(key) -> None:
    with unit_of_work():
        with pytest.raises(ObjectNotFound):
            Place[key]
        assert Place.get(owner=key[0], number=key[1]) is None


def test_the_error_names_the_key() -> None:
    with unit_of_work(), pytest.raises(ObjectNotFound, match=r"^Item\['abc'\]$"):
        Item["abc"]


def test_what_can_be_stored_is_found() -> None:
    with unit_of_work():
        assert Item.get(name=" a ") is Item["1"] is Item.get(price="1") is Item[1]
        assert Item.get(id=True) is Item.select(id=True).get() is Item[True] is Item[1]
        assert Place.get(owner=str(UUID(int=1)), number="1") is Place[UUID(int=1), 1]
        assert [*Owner[UUID(int=1)].places.select(label="home")] == [Place[UUID(int=1), 1]]
        assert [*Owner[UUID(int=1)].places.select(number=2**70)] == []


@pytest.mark.parametrize("document", [{"a": [1, None]}, [], ["a"], "a", "", 1, 1.5, True])
def test_a_document_is_found_by_all_of_it(document) -> None:
    with unit_of_work() as unit:
        unit.rollback()
        item = Item(id=2, name="b", data=document)
        flush()
        assert Item.get(data=document) is Item.get_for_update(data=document) is item
        assert Item.exists(data=document, name="b")
        assert not Item.exists(data={"other": document})
        with pytest.raises(UnstorableTextError):
            Item.get(data=["\0"])


def test_a_mistake_in_code_is_still_one() -> None:
    with unit_of_work():
        owner = Owner[UUID(int=1)]
        with pytest.raises(TypeError):
            Item.get(nmae="a")
        with pytest.raises(TypeError):
            Owner.get(items=[])
        with pytest.raises(TypeError):
            Item.get(name=owner)


HUGE, INFINITE, NONE, TINY = map(Decimal, ("1e200000", "Infinity", "-Infinity", "1e-200000"))
NUMBER, MISSING, PARTLY = 2**70, [2**70], [1, 2**70]
PARAMETERS = {
    "an integer": (lambda each: each.id == NUMBER, 0),
    "another than the integer": (lambda each: each.id != NUMBER, 1),
    "less than the integer": (lambda each: each.id < NUMBER, 1),
    "one of several": (lambda each: each.id in MISSING, 0),
    "none of several": (lambda each: each.id not in MISSING, 1),
    "an item": (lambda each: NUMBER in each.numbers, 0),
    "items": (lambda each: MISSING in each.numbers, 0),
    "some items": (lambda each: PARTLY in each.numbers, 0),
    "without items": (lambda each: MISSING not in each.numbers, 1),
    "a huge decimal": (lambda each: each.price == HUGE, 0),
    "less than a huge decimal": (lambda each: each.price < HUGE, 1),
    "less than infinite": (lambda each: each.price < INFINITE, 1),
    "more than minus infinite": (lambda each: each.price > NONE, 1),
    "more than tiny": (lambda each: each.price > TINY, 1),
    "before the end": (lambda each: each.at < EDGE, 1),
}


@pytest.mark.parametrize(("condition", "count"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_of_any_size(condition, count) -> None:
    with unit_of_work():
        assert Item.select(condition).count() == count


def test_pages_before_the_first_and_after_the_last_are_empty() -> None:
    with unit_of_work():
        items = Item.select().order_by(Item.id)
        for number in (-(2**70), -1, 0, 2, 2**61, 2**70):
            assert list(items.page(number)) == []
        assert list(items.page(1)) == list(items.limit(2**70)) == list(items[: 2**70])
        assert len(items.page(1)) == 1
        assert list(items.limit(1, offset=2**70)) == list(items[2**70 : 2**71]) == []
        assert list(items.limit(-1)) == []


TEXT_WAYS = {
    "get": lambda text: Item.get(name=text),
    "exists": lambda text: Item.exists(name=text),
    "keyword": lambda text: list(Item.select(name=text)),
    "parameter": lambda text: list(Item.select(lambda each: each.name == text)),
    "part": lambda text: list(Item.select(lambda each: text in each.name)),
    "one of several": lambda text: list(Item.select(lambda each: each.name in [text, "a"])),
    "item": lambda text: list(Item.select(lambda each: text in each.words)),
    "path": lambda text: list(Item.select(lambda each: each.data[text] == 1)),
    "array": lambda text: list(Item.select(words=[text])),
    "document": lambda text: list(Item.select(data={"a": [text]})),
    "name in a document": lambda text: list(Item.select(data={text: 1})),
    "parameter of SQL": lambda text: database.select("1 WHERE $text = ''"),  # noqa: ARG005
    "SQL": lambda text: database.select(f"1 WHERE '{text}' = ''"),
    "insert": lambda text: Item(id=2, name=text).flush(),
    "insert a document": lambda text: Item(id=2, name="b", data=text).flush(),
    "update": lambda text: Item[1].set(words=[text]) or flush(),
}


@pytest.mark.parametrize("text", ["a\0", "\0", "\ud800", "a\udfffb"])
@pytest.mark.parametrize("way", TEXT_WAYS.values(), ids=TEXT_WAYS)
def test_a_text_that_postgresql_can_t_have_is_one_error(way, text) -> None:
    with unit_of_work() as unit:
        unit.rollback()
        with pytest.raises(UnstorableTextError, match="NUL or half"):
            way(text)


def test_json_that_only_looks_like_it_is_stored() -> None:
    with unit_of_work() as unit:
        unit.rollback()
        item = Item(id=2, name="b", data={"a": "\\u0000 \\ud800 \U0001f600"})
        flush()
        assert [*Item.select(data={"a": "\\u0000 \\ud800 \U0001f600"})] == [item]
