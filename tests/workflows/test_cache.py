import pytest

from berceau.schema.model import EMPTY, Column, Enum, Schema, Table
from berceau.workflows.cache import SchemaCache

SCHEMA = Schema((Enum("e", ("A",)),), (Table("t", (Column("c", "text"),)),))


@pytest.fixture
def cache(tmp_path):
    return SchemaCache(tmp_path / "cache")


def never():
    pytest.fail("read again")


def test_the_same_causes_give_the_kept_schema(cache):
    assert cache.get(Schema, "current", ("a", "b"), lambda: SCHEMA) == SCHEMA
    assert cache.get(Schema, "current", ("a", "b"), never) == SCHEMA


@pytest.mark.parametrize("causes", [("a",), ("ab",), ("b", "a"), ("a", "b", "")])
def test_other_causes_give_another_schema(cache, causes):
    cache.get(Schema, "current", ("a", "b"), lambda: SCHEMA)
    assert cache.get(Schema, "current", causes, lambda: EMPTY) == EMPTY


def test_kinds_are_kept_apart(cache):
    cache.get(Schema, "current", ("a",), lambda: SCHEMA)
    assert cache.get(Schema, "desired", ("a",), lambda: EMPTY) == EMPTY
    assert cache.get(Schema, "current", ("a",), never) == SCHEMA


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}', "null"])
def test_a_damaged_file_is_read_again(cache, damage):
    cache.get(Schema, "current", ("a",), lambda: EMPTY)
    (cache.folder / "current.json").write_text(damage)
    assert cache.get(Schema, "current", ("a",), lambda: SCHEMA) == SCHEMA


def test_other_code_of_berceau_is_another_cause(cache, monkeypatch):
    cache.get(Schema, "current", ("a",), lambda: EMPTY)
    monkeypatch.setattr("berceau.workflows.fingerprint.of_berceau", lambda: "new code")
    assert cache.get(Schema, "current", ("a",), lambda: SCHEMA) == SCHEMA
