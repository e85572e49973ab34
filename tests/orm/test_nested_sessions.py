"""A ``db_session`` of Pony's inside a unit of work."""

import inspect
from collections.abc import Callable
from contextlib import suppress

import pytest
from pony.orm import Database, Required, count, db_session, flush

from berceau.errors import DatabaseError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work

database = GlobalDatabase()


class Note(database.Entity):
    text = Required(str)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def empty() -> None:
    with unit_of_work():
        Note.select().delete(bulk=True)


def texts() -> list[str]:
    with unit_of_work(read_only=True):
        return sorted(note.text for note in Note.select())


def by_block(error: Exception | None = None) -> None:
    with db_session:
        Note(text="inner")
        flush()
        if error:
            raise error


@db_session
def by_decorator(error: Exception | None = None) -> None:
    """Write a note."""
    Note(text="inner")
    flush()
    if error:
        raise error


WAYS = pytest.mark.parametrize("write", [by_block, by_decorator])


@WAYS
def test_it_is_committed_with_the_unit(write: Callable[..., None]) -> None:
    with unit_of_work():
        write()
        Note(text="outer")
    assert texts() == ["inner", "outer"]


@WAYS
def test_it_is_undone_with_the_unit(write: Callable[..., None]) -> None:
    with unit_of_work() as unit:
        write()
        unit.rollback()
    assert texts() == []


@WAYS
def test_where_it_fails_the_unit_cannot_be_committed(write: Callable[..., None]) -> None:
    def swallow() -> None:
        with suppress(ValueError):
            write(ValueError("why"))
        Note(text="outer")

    with pytest.raises(DatabaseError, match=r"inner unit of work.*its exception.*why"):
        unit_of_work()(swallow)()
    assert texts() == []


@WAYS
def test_it_may_fail_in_a_savepoint(write: Callable[..., None]) -> None:
    with unit_of_work() as unit:
        Note(text="outer")
        with pytest.raises(ValueError, match="why"), unit.savepoint():
            write(ValueError("why"))
    assert texts() == ["outer"]


@pytest.mark.parametrize("allowed", [[ValueError], lambda error: isinstance(error, ValueError)])
def test_an_exception_that_it_allows_is_no_failure(allowed: object) -> None:
    session = db_session(allowed_exceptions=allowed)
    with unit_of_work(), suppress(ValueError), session:
        Note(text="inner")
        raise ValueError("why")
    assert texts() == ["inner"]


def test_outside_of_a_unit_it_is_ponys() -> None:
    with pytest.raises(ValueError, match="why"):
        by_block(ValueError("why"))
    with db_session:
        with pytest.raises(ValueError, match="why"):
            by_decorator(ValueError("why"))
        assert count(note for note in Note) == 1
    assert texts() == ["inner"]


def test_a_decorated_function_stays_what_it_was() -> None:
    assert by_decorator.__name__ == "by_decorator"
    assert by_decorator.__doc__ == "Write a note."
    assert [*inspect.signature(by_decorator).parameters] == ["error"]
