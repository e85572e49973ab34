import pytest
from hypothesis import given
from hypothesis.strategies import binary, data, integers

from berceau.schema.model import EMPTY, Column, Enum, Schema, Table
from berceau.workflows.shared.cache import SchemaCache

SCHEMA = Schema((Enum("e", ("A",)),), (Table("t", (Column("c", "text"),)),))


@pytest.fixture
def cache(tmp_path) -> SchemaCache:
    return SchemaCache(tmp_path / "cache")


def never() -> None:
    pytest.fail("read again")


def test_the_same_causes_give_the_kept_schema(cache) -> None:
    assert cache.get(Schema, "current", ("a", "b"), lambda: SCHEMA) == SCHEMA
    assert cache.get(Schema, "current", ("a", "b"), never) == SCHEMA


@pytest.mark.parametrize("causes", [("a",), ("ab",), ("b", "a"), ("a", "b", "")])
def test_other_causes_give_another_schema(cache, causes) -> None:
    cache.get(Schema, "current", ("a", "b"), lambda: SCHEMA)
    assert cache.get(Schema, "current", causes, lambda: EMPTY) == EMPTY


def test_kinds_are_kept_apart(cache) -> None:
    cache.get(Schema, "current", ("a",), lambda: SCHEMA)
    assert cache.get(Schema, "desired", ("a",), lambda: EMPTY) == EMPTY
    assert cache.get(Schema, "current", ("a",), never) == SCHEMA


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}', "null", "a b\n[]"])
def test_a_damaged_file_is_read_again(cache, damage) -> None:
    cache.get(Schema, "current", ("a",), lambda: EMPTY)
    (cache.folder / "current.json").write_text(damage)
    assert cache.get(Schema, "current", ("a",), lambda: SCHEMA) == SCHEMA


@given(data())
def test_no_byte_of_a_file_can_change_unnoticed(tmp_path_factory, data) -> None:
    cache = SchemaCache(tmp_path_factory.mktemp("cache"))
    cache.keep("current", ("a",), SCHEMA)
    file = cache.folder / "current.json"
    kept = file.read_bytes()
    place = data.draw(integers(0, len(kept) - 1))
    other = data.draw(binary(min_size=0, max_size=1).filter(lambda byte: byte != kept[place:][:1]))
    file.write_bytes(kept[:place] + other + kept[place + 1 :])
    assert cache.find(Schema, "current", ("a",)) is None


def test_an_intact_file_of_another_shape_is_none(cache) -> None:
    cache.keep("current", ("a",), SCHEMA.tables[0])
    assert cache.find(Schema, "current", ("a",)) is None


def test_other_code_of_berceau_is_another_cause(cache, monkeypatch) -> None:
    cache.get(Schema, "current", ("a",), lambda: EMPTY)
    monkeypatch.setattr("berceau.workflows.shared.fingerprint.of_berceau", lambda: "new code")
    assert cache.get(Schema, "current", ("a",), lambda: SCHEMA) == SCHEMA
