"""Entities whose units of work share one transaction."""

from pony.orm import Database, PrimaryKey, Required, Set, db_session, select

database = Database()


class Author(database.Entity):
    name = Required(str, unique=True)
    books = Set("Book")


class Book(database.Entity):
    id = PrimaryKey(int, auto=True)
    title = Required(str)
    author = Required(Author)


def add(name) -> None:
    with db_session:
        Author(name=name)


def names() -> set[str]:
    with db_session:
        return set(select(author.name for author in Author))
