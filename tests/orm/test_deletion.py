"""A deletion that is refused after others were cascaded leaves every object as it was."""

from collections.abc import Callable

import pytest
from pony.orm import Database, PrimaryKey, Required, Set

from berceau.errors import ConflictError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work

database = GlobalDatabase()


class Shelf(database.Entity):
    id = PrimaryKey(int)
    books = Set("Book", cascade_delete=True)
    loans = Set("Loan", cascade_delete=False)


class Book(database.Entity):
    shelf = Required(Shelf)
    pages = Set("Page", cascade_delete=True)


class Page(database.Entity):
    book = Required(Book)
    number = Required(int, unique=True)


class Loan(database.Entity):
    shelf = Required(Shelf)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


def test_a_refused_deletion_is_undone_at_all_levels() -> None:
    with unit_of_work() as unit:
        shelf = Shelf(id=1)
        book = Book(shelf=shelf)
        pages = [Page(book=book, number=number) for number in (1, 2)]
        Loan(shelf=shelf)
        database.flush()
        pages[0].number = 3
        with pytest.raises(ConflictError, match=r"non-empty set of loans"):
            shelf.delete()
        assert {*shelf.books} == {book}
        assert {*book.pages} == {*pages}
        assert Page.get(number=3) is pages[0]
        pages[1].number = 4
        database.flush()
        assert database.select("SELECT number FROM page ORDER BY number") == [3, 4]
        unit.rollback()
