"""Objects that are made unless they are there, also beside others, and many rows at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from pony.orm import (
    Database,
    Json,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    composite_key,
    flush,
)

from berceau.errors import ConflictError, DatabaseError
from berceau.orm.database import GlobalDatabase, map_entities
from berceau.orm.session import run_unit, unit_of_work
from tests.waiting import SECONDS

database = GlobalDatabase()


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Owner(database.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    name = Required(str, 20, unique=True)
    email = Optional(str, unique=True)
    color = Required(Color, default=Color.RED)
    visits = Required(int, default=0)
    created = Required(datetime, default=lambda: datetime.now(UTC))
    price = Optional(Decimal)
    data = Optional(Json)
    words = Optional(StrArray)
    hooked = Optional(str)
    notes = Set("Note")
    desk = Optional("Desk")

    def before_insert(self) -> None:
        self.hooked = "yes"


class Note(database.Entity):
    owner = Required(Owner)
    title = Required(str)
    tags = Set("Tag")
    composite_key(owner, title)


class Long(Note):
    pages = Required(int, default=1)


class Tag(database.Entity):
    realm = Required(str)
    name = Required(str)
    PrimaryKey(realm, name)
    notes = Set(Note)


class Desk(database.Entity):
    owner = Required(Owner)
    code = Optional(str, unique=True)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(tables: None) -> Iterator[None]:  # noqa: ARG001 (they are in them)
    with unit_of_work():
        Owner(name="Ada", email="ada@example.org")
    yield
    with unit_of_work():
        database.execute("TRUNCATE owner, note, tag, note_tag, desk")


def at_once(count: int, work: Callable[[], object]) -> list[object]:
    """Return what ``work`` returned in ``count`` units of work that begin together."""
    together = Barrier(count)

    def unit(_: int) -> object:
        together.wait(SECONDS)
        return run_unit(work)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(unit, range(count)))


class TestGetOrCreate:
    def test_it_makes_what_isn_t_there_with_defaults_and_hooks(self) -> None:
        with unit_of_work():
            bob, is_new = Owner.get_or_create(name="Bob", defaults={"color": "blue"})
            assert is_new
            assert (bob.color, bob.hooked) == (Color.BLUE, "yes")
        with unit_of_work():
            assert Owner.get(name="Bob").color is Color.BLUE

    def test_it_returns_what_is_there_as_it_is(self) -> None:
        with unit_of_work():
            ada = Owner.get(name="Ada")
            assert Owner.get_or_create(name=" Ada ", defaults={"color": "blue"}) == (ada, False)
            assert ada.color is Color.RED

    def test_keys_of_every_kind(self) -> None:
        with unit_of_work():
            ada = Owner.get(name="Ada")
            for entity, key in (
                (Owner, {"id": UUID(int=5)}),
                (Note, {"owner": ada, "title": "One"}),
                (Long, {"owner": ada.id, "title": "Two"}),
                (Tag, {"realm": "r", "name": "n"}),
                (Desk, {"owner": ada}),
            ):
                defaults = {"name": "Eve"} if entity is Owner else {}
                made, is_new = entity.get_or_create(defaults=defaults, **key)
                assert is_new
                assert entity.get_or_create(**key) == (made, False)

    def test_many_to_many_is_a_default_too(self) -> None:
        with unit_of_work():
            tag = Tag(realm="r", name="n")
            owner = Owner.get(name="Ada")
            note, _ = Note.get_or_create(owner=owner, title="One", defaults={"tags": [tag]})
            assert tag in note.tags
            assert database.select("note FROM note_tag") == [note.id]

    @pytest.mark.parametrize(
        ("key", "defaults", "message"),
        [
            ({"color": "red"}, {}, r"Owner.get_or_create\(color=...\): .* no unique key"),
            ({"name": "Bob", "color": "red"}, {}, "no unique key"),
            ({}, {"name": "Bob"}, "no unique key"),
            ({"email": None}, {"name": "Bob"}, "email is None"),
            ({"name": "Bob"}, {"name": "Eve"}, "name twice"),
        ],
    )
    def test_what_is_no_unique_key_is_refused(self, key, defaults, message) -> None:
        with unit_of_work(), pytest.raises(DatabaseError, match=message):
            Owner.get_or_create(defaults=defaults, **key)

    def test_a_mistake_is_told_as_by_the_constructor(self) -> None:
        with unit_of_work() as unit:
            with pytest.raises(TypeError, match="nmae"):
                Owner.get_or_create(nmae="Bob")
            with pytest.raises(ValueError, match="too long"):
                Owner.get_or_create(name="b" * 21)
            with pytest.raises(ValueError, match="required"):
                Owner.get_or_create(email="bob@example.org")
            unit.rollback()

    def test_another_value_that_is_taken_is_a_conflict(self) -> None:
        with unit_of_work():
            Owner.get(name="Ada").visits = 5
            with pytest.raises(ConflictError) as found:
                Owner.get_or_create(name="Bob", defaults={"email": "ada@example.org"})
            assert found.value.attributes == ("email",)
            assert found.value.cure.startswith("Give another email, or look for the object by")
            assert Owner.get_or_create(name="Bob")[1], "the unit goes on"
        with unit_of_work():
            assert Owner.get(name="Ada").visits == 5

    def test_an_object_of_another_class_that_has_the_key_is_a_conflict(self) -> None:
        with unit_of_work():
            ada = Owner.get(name="Ada")
            note = Note(owner=ada, title="One")
            flush()
            for create in (Long.get_or_create, Long.upsert):
                for key in ({"owner": ada, "title": "One"}, {"id": note.id}):
                    values = {"owner": ada, "title": "Two"} if "id" in key else {}
                    with pytest.raises(ConflictError) as found:
                        create(defaults=values, **key)
                    assert str(found.value.cure).startswith(
                        f"Note[{note.id}] has this {', '.join(key)}, and is no Long: change"
                    )

    def test_what_was_deleted_in_the_unit_is_made_again(self) -> None:
        with unit_of_work():
            Owner.get(name="Ada").delete()
            assert Owner.get_or_create(name="Ada")[1]

    @pytest.mark.parametrize("serializable", [True, False])
    def test_another_unit_that_was_faster_wins(self, serializable) -> None:
        attempts = []

        def work() -> bool:
            if not attempts:
                Owner.get(name="Ada")  # a serializable unit's snapshot begins
                attempts.append(None)
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(run_unit, lambda: Owner(name="Bob")).result()
            bob, is_new = Owner.get_or_create(name="Bob", defaults={"color": "blue"})
            bob.visits += 1
            return is_new or bob.color is Color.BLUE

        assert not run_unit(work, serializable=serializable)
        with unit_of_work():
            assert Owner.get(name="Bob").visits == 1

    @pytest.mark.parametrize("count", [8, pytest.param(64, marks=pytest.mark.slow)])
    def test_many_at_once_make_one(self, count) -> None:
        def work() -> object:
            owner, is_new = Owner.get_or_create(name="Bob")
            note, _ = Note.get_or_create(owner=owner, title="One")
            return owner.id, note.id, is_new

        found = at_once(count, work)
        assert len({ids[:2] for ids in found}) == 1
        assert [is_new for *_, is_new in found].count(True) == 1


class TestUpsert:
    def test_it_makes_or_changes(self) -> None:
        with unit_of_work():
            bob, is_new = Owner.upsert(name="Bob", defaults={"visits": 1})
            assert (bob.visits, is_new) == (1, True)
            ada, is_new = Owner.upsert(name="Ada", defaults={"visits": 2})
            assert (ada.visits, is_new) == (2, False)
        with unit_of_work():
            assert Owner.get(name="Ada").visits == 2

    def test_a_new_one_may_get_other_values(self) -> None:
        with unit_of_work():
            for name, visits in (("Bob", 7), ("Ada", 1)):
                found, _ = Owner.upsert(
                    name=name, defaults={"visits": 1}, create_defaults={"visits": 7}
                )
                assert found.visits == visits

    @pytest.mark.parametrize("count", [8, pytest.param(64, marks=pytest.mark.slow)])
    def test_many_at_once_make_one_and_lose_nothing(self, count) -> None:
        def work() -> None:
            owner, _ = Owner.upsert(name="Bob")
            owner.visits += 1

        at_once(count, work)
        with unit_of_work():
            assert Owner.get(name="Bob").visits == count


class TestBulkCreate:
    def test_rows_are_as_by_the_constructor(self) -> None:
        values = {
            "name": " Eve ",
            "email": "eve@example.org",
            "color": "blue",
            "price": "1.005",
            "data": {"a": ["100%s"]},
            "words": ["a", "b"],
        }
        with unit_of_work():
            one = Owner(**values)
            flush()
            values |= {"name": " Kim ", "email": "kim@example.org"}
            (key,) = Owner.bulk_create([values])
            other = Owner[key]
            for name in ("color", "price", "data", "words", "visits"):
                assert getattr(other, name) == getattr(one, name)
            assert other.name == "Kim"
            assert other.hooked == "", "hooks aren't called"
            assert other.created.tzinfo is UTC

    def test_it_returns_keys_in_order(self) -> None:
        with unit_of_work():
            ada = Owner.get(name="Ada")
            keys = Note.bulk_create({"owner": ada, "title": str(n)} for n in range(2500))
            assert [Note[key].title for key in keys[::500]] == [str(n) for n in range(0, 2500, 500)]
            assert Tag.bulk_create([{"realm": "r", "name": n} for n in "ab"]) == [
                ("r", "a"),
                ("r", "b"),
            ]
            assert Desk.bulk_create([{"owner": ada.id, "code": "c"}]) == [Desk.get(owner=ada).id]
            assert Note.bulk_create([]) == []
            assert len(database.select("id FROM note")) == 2500

    def test_a_subclass_is_told_apart(self) -> None:
        with unit_of_work():
            (key,) = Long.bulk_create([{"owner": Owner.get(name="Ada"), "title": "One"}])
            assert type(Note[key]) is Long
            assert Note[key].pages == 1

    def test_rows_refer_to_what_is_new(self) -> None:
        def rows() -> Iterator[dict[str, object]]:
            for name in ("Bob", "Eve"):
                yield {"owner": Owner(name=name), "title": "One"}

        with unit_of_work():
            assert len(Note.select()[:]) == 0
            keys = Note.bulk_create(rows())
            assert {Note[key].owner.name for key in keys} == {"Bob", "Eve"}
            assert len(Note.select()[:]) == 2, "no result is remembered"

    def test_what_was_loaded_before_knows_the_new_rows(self) -> None:
        with unit_of_work():
            ada = Owner.get(name="Ada")
            assert (list(ada.notes), ada.notes.count(), ada.desk) == ([], 0, None)
            (note,) = Note.bulk_create([{"owner": ada, "title": "One"}])
            (desk,) = Desk.bulk_create([{"owner": ada, "code": "c"}])
            assert (list(ada.notes), ada.notes.count()) == ([Note[note]], 1)
            assert ada.desk is Desk[desk]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"name": "b" * 21}, "too long"),
            ({}, "Owner.name is required"),
            ({"name": "Bob", "nmae": "Bob"}, "nmae"),
            ({"name": "Bob", "notes": []}, "Owner.notes is in no column"),
            ({"name": "Bob", "desk": None}, "Owner.desk is in no column"),
            ({"name": "Bob", "visits": 2**31}, "visits"),
        ],
    )
    def test_a_mistake_writes_nothing(self, row, message) -> None:
        with unit_of_work():
            with pytest.raises((ValueError, TypeError), match=message):
                Owner.bulk_create([{"name": "Eve"}, row])
            assert Owner.select().count() == 1

    @pytest.mark.parametrize("rows", [[{"name": "Eve"}, 5], [{"name": "Eve"}, ("name", "Bob")]])
    def test_a_row_that_is_no_dict_is_named(self, rows) -> None:
        with (
            unit_of_work(),
            pytest.raises(TypeError, match=r"Owner.bulk_create\(\): row 2 is [5(]"),
        ):
            Owner.bulk_create(rows)

    def test_conflicts(self) -> None:
        rows = [{"name": name} for name in ("Bob", "Ada", "Eve", "Bob")]
        with unit_of_work() as unit:
            with pytest.raises(ConflictError) as found, unit.savepoint():
                Owner.bulk_create(rows)
            assert found.value.attributes == ("name",)
            keys = Owner.bulk_create(rows, ignore_conflicts=True)
            assert [Owner[key].name for key in keys] == ["Bob", "Eve"]


def test_conflicts_of_a_one_to_one_relation_cant_be_ignored() -> None:
    own = GlobalDatabase()
    side = {"other": Optional("Right"), "__module__": __name__}
    left = type(own.Entity)("Left", (own.Entity,), side)
    type(own.Entity)("Right", (own.Entity,), {"left": Required(left), "__module__": __name__})
    map_entities(own)
    with pytest.raises(DatabaseError, match=r"Right.left is a one-to-one relation"):
        own.Right.bulk_create([], ignore_conflicts=True)
