import datetime
import decimal
import uuid
from collections.abc import Iterator

import pytest
from pony.orm import (
    Database,
    Discriminator,
    FloatArray,
    IntArray,
    IntegrityError,
    Json,
    LongStr,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    commit,
    composite_index,
    composite_key,
    db_session,
    select,
)
from pony.orm.core import UnrepeatableReadError

database = Database()


class Sample(database.Entity):
    id = PrimaryKey(uuid.UUID, auto=True)
    flag = Required(bool, default=False)
    small = Optional(int, size=16)
    big = Optional(int, size=64)
    ratio = Optional(float)
    price = Optional(decimal.Decimal, 10, 2)
    exact = Optional(decimal.Decimal, sql_type="numeric")
    text = Optional(str)
    long_text = Optional(LongStr)
    blob = Optional(bytes)
    day = Optional(datetime.date)
    hour = Optional(datetime.time)
    pause = Optional(datetime.timedelta)
    short_pause = Optional(datetime.timedelta, precision=3)
    data = Optional(Json)
    numbers = Optional(IntArray)
    words = Optional(StrArray, index=True)
    floats = Optional(FloatArray)


class Person(database.Entity):
    id = PrimaryKey(int, size=64, auto=True)
    name = Required(str, unique=True)
    boss = Optional("Person", reverse="staff")
    staff = Set("Person", reverse="boss")
    friends = Set("Person", reverse="friends")
    tags = Set("Tag")
    notes = Set("Note")
    passport = Optional("Passport", cascade_delete=True)


class Passport(database.Entity):
    holder = Required(Person)
    country = Required(str)
    number = Required(int, size=64)
    composite_key(country, number)


class Tag(database.Entity):
    realm = Required(str)
    name = Required(str)
    PrimaryKey(realm, name)
    people = Set(Person)


class Note(database.Entity):
    kind = Discriminator(str)
    author = Required(Person)
    text = Required(str)
    composite_index(author, text)


class Reminder(Note):
    due = Required(datetime.date)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def _empty(tables) -> Iterator[None]:  # noqa: ARG001 - they come first
    yield
    with db_session:
        for entity in (Sample, Person, Tag):
            entity.select().delete()


VALUES = {
    "flag": True,
    "small": -32768,
    "big": 2**63 - 1,
    "ratio": 0.1,
    "price": decimal.Decimal("12345678.90"),
    "exact": decimal.Decimal("0.1234567890123456789012345678901234567890"),
    "text": "snow ☃",
    "long_text": "long " * 5000 + ".",
    "blob": bytes(range(256)),
    "day": datetime.date(1, 1, 1),
    "hour": datetime.time(23, 59, 59, 999999),
    "pause": datetime.timedelta(days=-3, microseconds=1),
    "short_pause": datetime.timedelta(milliseconds=1),
    "data": {"list": [1, {"deep": None}], "snow": "☃", "quote": "'\"\\"},
    "numbers": [1, -2, 3],
    "words": ["a", "b,c", '"d"', "{e}", ""],
    "floats": [0.1, -1.5],
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_survives_the_database(name) -> None:
    with db_session:
        key = Sample(**{name: VALUES[name]}).id
    with db_session:
        assert getattr(Sample[key], name) == VALUES[name]


# Pony takes a list of floats for no array, and compares JSON by path only.
@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("data", "floats")])
@pytest.mark.usefixtures("session")
def test_a_query_finds_a_value(name) -> None:
    value = VALUES[name]
    sample = Sample(**{name: value})
    assert select(s for s in Sample if getattr(s, name) == value)[:] == [sample]
    assert Sample.get(**{name: value}) is sample


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.usefixtures("session")
def test_an_object_and_its_row_agree(name) -> None:
    sample = Sample(**{name: VALUES[name]})
    commit()
    assert getattr(sample, name) == VALUES[name]
    sample.text = "changed"
    commit()  # checks that the row still holds what was read
    assert select(s for s in Sample)[:] == [sample]


@pytest.mark.parametrize("number", [1e23, -1e308, 5e-324, -0.0, 0.1, 2**64 + 1])
@pytest.mark.usefixtures("session")
def test_a_number_in_json_agrees_with_its_row_however_postgresql_writes_it(number) -> None:
    sample = Sample(data={"number": number})
    commit()
    assert sample.pause is None  # reads the row, and compares it
    assert float(sample.data["number"]) == float(number)
    sample.text = "changed"
    commit()


@pytest.mark.usefixtures("session")
def test_another_number_in_json_is_seen_however_near_it_is() -> None:
    sample = Sample(data={"number": 10**23})
    commit()
    assert sample.text == ""
    # As a float, it would be the same.
    database.execute("UPDATE sample SET data = jsonb_build_object('number', 1e23::numeric + 1)")
    with pytest.raises(UnrepeatableReadError):
        Sample.select().for_update()[:]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1.005", "1.01"), ("-1.005", "-1.01"), ("1.00499", "1.00"), ("99999999.994", "99999999.99")],
)
@pytest.mark.usefixtures("session")
def test_a_decimal_is_rounded_as_the_database_does(given, kept) -> None:
    sample = Sample(price=given)
    commit()
    assert str(sample.price) == kept
    sample.text = "changed"
    commit()
    assert str(select(s.price for s in Sample).first()) == kept
    assert database.select("SELECT $given::numeric(10, 2)::text") == [kept]


@pytest.mark.parametrize("given", ["99999999.995", "1e8", "Infinity"])
def test_a_decimal_that_does_not_fit_is_refused(given) -> None:
    with db_session, pytest.raises(ValueError, match="has more than 8 digits before the point"):
        Sample(price=given)


def test_changes_inside_json_and_arrays_are_saved() -> None:
    with db_session:
        key = Sample(data={"a": {"b": [1]}}, words=["x"]).id
    with db_session:
        Sample[key].data["a"]["b"].append(2)
        Sample[key].words.append("y")
    with db_session:
        assert Sample[key].data == {"a": {"b": [1, 2]}}
        assert Sample[key].words == ["x", "y"]


@pytest.mark.usefixtures("session")
def test_queries_reach_into_json_and_arrays() -> None:
    sample = Sample(data={"a": {"b": [1]}}, words=["x", "y"], numbers=[1, 2])
    Sample(data={"a": {"b": [2]}}, words=["z"], numbers=[2])
    wanted = ["x", "y"]
    assert select(s for s in Sample if s.data["a"]["b"][0] == 1)[:] == [sample]
    assert select(s for s in Sample if "x" in s.words)[:] == [sample]
    assert select(s for s in Sample if wanted in s.words)[:] == [sample]
    assert select(s for s in Sample if s.words == wanted)[:] == [sample]
    assert select(s for s in Sample if s.numbers[0] == 1)[:] == [sample]
    assert select(len(s.words) for s in Sample).order_by(1)[:] == [1, 2]


@pytest.fixture
def people() -> None:
    """Ann, who leads Bob, her friend; both have a tag, Ann two notes, Bob a passport."""
    with db_session:
        ann = Person(name="Ann")
        bob = Person(name="Bob", boss=ann, friends=[ann])
        Passport(holder=bob, country="FR", number=2**40)
        Tag(realm="r", name="n", people=[ann, bob])
        Note(author=ann, text="a")
        Reminder(author=ann, text="b", due=datetime.date(2024, 1, 1))


@pytest.mark.usefixtures("people")
def test_relations() -> None:
    with db_session:
        ann, bob = Person.get(name="Ann"), Person.get(name="Bob")
        assert set(ann.staff) == {bob}
        assert set(ann.friends) == {bob}
        assert set(bob.friends) == {ann}
        assert set(Tag["r", "n"].people) == {ann, bob}
        assert bob.passport.number == 2**40
        bob.friends.remove(ann)
    with db_session:
        assert not Person.get(name="Ann").friends


@pytest.mark.usefixtures("people")
def test_inheritance() -> None:
    with db_session:
        assert [type(n) for n in Note.select().order_by(Note.text)] == [Note, Reminder]
        assert select(r.text for r in Reminder)[:] == ["b"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("in_bulk", [False, True])
def test_deleting_cascades(in_bulk) -> None:
    with db_session:
        Person.select(lambda p: p.name == "Ann").delete(bulk=in_bulk)
    with db_session:
        bob = Person.get(name="Bob")
        assert bob.boss is None
        assert not Note.select()[:]
        assert set(Tag["r", "n"].people) == {bob}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("person", {"name": "Ann"}),
        ("passport", {"country": "FR", "number": 2**40}),
        ("tag", {"realm": "r", "name": "n"}),
    ],
)
def test_what_is_unique_stays_unique(table, row) -> None:
    with db_session:
        if table == "passport":
            row = row | {"holder": Person.get(name="Ann").id}
        with pytest.raises(IntegrityError, match="duplicate key"):
            database.insert(table, **row)
