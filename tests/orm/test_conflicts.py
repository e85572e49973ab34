"""Writes that other rows don't allow: what they are about, and when they are repeated."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest
from pony.orm import (
    CacheIndexError,
    ConstraintError,
    Database,
    IntegrityError,
    Optional,
    PrimaryKey,
    Required,
    Set,
    TransactionIntegrityError,
    composite_key,
    db_session,
    flush,
)
from pony.orm.core import CommitException

from berceau.errors import ConflictError
from berceau.orm.conflicts import conflict
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import run_unit, unit_of_work
from tests.waiting import SECONDS

database = GlobalDatabase()


class Author(database.Entity):
    name = Required(str, unique=True)
    posts = Set("Post", cascade_delete=False)
    desk = Optional("Desk")
    friends = Set("Author", reverse="friends")


class Post(database.Entity):
    title = Required(str, column="headline")
    author = Required(Author)
    year = Required(int, default=2026)
    tags = Set("Tag")
    composite_key(author, title)


class Review(Post):
    isbn = Optional(str, unique="one_isbn")


class Tag(database.Entity):
    realm = Required(str)
    name = Required(str)
    PrimaryKey(realm, name)
    posts = Set(Post)


class Desk(database.Entity):
    owner = Required(Author)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(tables: None) -> Iterator[None]:  # noqa: ARG001 (they are in them)
    with unit_of_work():
        ada = Author(name="Ada")
        Desk(owner=ada)
        Review(title="One", author=ada, isbn="1", tags=[Tag(realm="r", name="n")])
    yield
    with unit_of_work():
        for table in "post_tag", "desk", "post", "tag", "author":
            database.execute(f"DELETE FROM {table}")


def elsewhere(work: Callable[[], object]) -> None:
    """Run ``work`` in a unit of work of another thread."""
    thread = Thread(target=run_unit, args=(work,))
    thread.start()
    thread.join()


def ada() -> Author:
    return Author.get(name="Ada")


def link() -> None:
    database.execute("INSERT INTO post_tag SELECT * FROM post_tag")


def link_to_nothing() -> None:
    database.execute("INSERT INTO post_tag SELECT post, 'r', 'other' FROM post_tag")


MISSING = 2**31 - 1
CONFLICTS = {
    "unique": (lambda: Author(name="Ada"), "taken", "Author", ["name"]),
    "composite": (
        lambda: Post(title="One", author=ada().id),
        *("taken", "Post", ["author", "title"]),
    ),
    "key": (lambda: Tag(realm="r", name="n"), "taken", "Tag", ["realm", "name"]),
    "subclass": (
        lambda: Review(title="Two", author=ada().id, isbn="1"),
        *("taken", "Review", ["isbn"]),
    ),
    "one to one": (lambda: database.insert("desk", owner=ada().id), "taken", "Desk", ["owner"]),
    "update": (lambda: Author(name="Bob").set(name="Ada"), "taken", "Author", ["name"]),
    "reference": (lambda: Post(title="Two", author=MISSING), "missing", "Post", ["author"]),
    "link": (link, "taken", "Post", ["tags"]),
    "link to nothing": (link_to_nothing, "missing", "Post", ["tags"]),
    "link to itself": (
        lambda: database.insert("author_friends", author=ada().id, author_2=MISSING),
        *("missing", "Author", ["friends"]),
    ),
    "delete": (
        lambda: database.execute("DELETE FROM author"),
        *("referred to", None, None),
    ),
    "delete, in small letters": (
        lambda: database.execute("""
            delete from author
        """),
        *("referred to", None, None),
    ),
}


@pytest.mark.parametrize(
    ("write", "kind", "entity", "attributes"), CONFLICTS.values(), ids=CONFLICTS
)
def test_it_names_what_it_is_about(write, kind, entity, attributes) -> None:
    with pytest.raises(ConflictError) as found, unit_of_work():
        write()
    assert found.value.kind == kind
    if entity is not None:
        assert (found.value.entity, sorted(found.value.attributes)) == (entity, sorted(attributes))
        assert str(found.value).startswith(f"{entity}.")


@pytest.mark.parametrize("write", ["insert", "update", "SQL"])
def test_it_can_be_caught_where_it_is_written(write) -> None:
    with unit_of_work() as unit:
        unit.rollback()
        if write == "SQL":
            with pytest.raises(ConflictError) as found:
                database.insert("author", name="Ada")
        elif write == "insert":
            author = Author(name="Ada")
            with pytest.raises(ConflictError) as found:
                author.flush()
        else:
            author = Author(name="Bob")
            flush()
            author.name = "Ada"
            with pytest.raises(ConflictError) as found:
                flush()
    assert found.value.attributes == ("name",)
    assert isinstance(found.value, TransactionIntegrityError)
    assert isinstance(found.value, IntegrityError)
    other = found.value.with_cure("Ask Ada.")
    assert (other.attributes, other.original_exc) == (("name",), found.value.original_exc)


@pytest.mark.parametrize(
    ("make", "attributes"),
    [
        (lambda: Author(name="Ada"), ("name",)),
        (lambda: Author(name="Bob").set(name="Ada"), ("name",)),
        (lambda: setattr(Author(name="Bob"), "name", "Ada"), ("name",)),
        (lambda: Post(title="One", author=ada()), ("author", "title")),
        (lambda: Tag(realm="r", name="n"), ()),
    ],
)
def test_one_with_an_object_that_is_known_is_found_before(make, attributes) -> None:
    with unit_of_work() as unit:
        unit.rollback()
        assert [*ada().posts, *Tag.select()]
        with pytest.raises(CacheIndexError) as found:
            make()
    assert isinstance(found.value, ConflictError)
    assert found.value.attributes == attributes


@pytest.mark.parametrize(
    ("change", "entity", "attribute"),
    [
        (lambda: ada().delete(), "Author", "posts"),
        (lambda: setattr(ada(), "desk", None), "Desk", "owner"),
        (lambda: [each.delete() for each in ada().posts] and ada().delete(), "Author", "desk"),
    ],
)
def test_what_a_known_object_refers_to_is_one_too(change, entity, attribute) -> None:
    with unit_of_work() as unit:
        unit.rollback()
        with pytest.raises(ConstraintError) as found:
            change()
    assert isinstance(found.value, ConflictError)
    assert (found.value.kind, found.value.entity) == ("referred to", entity)
    assert found.value.attributes == (attribute,)


def test_a_constraint_of_another_name_is_known_by_its_columns(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE author RENAME CONSTRAINT author_name_key TO other")
    try:
        with pytest.raises(ConflictError) as found, unit_of_work():
            Author(name="Ada")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE author RENAME CONSTRAINT other TO author_name_key")
    assert found.value.attributes == ("name",)


def test_a_constraint_on_one_row_is_no_conflict() -> None:
    with pytest.raises(IntegrityError) as found, unit_of_work():
        database.execute("INSERT INTO author (name) VALUES (NULL)")
    assert conflict(found.value) is None


def test_one_that_waits_for_the_commit(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE desk ALTER CONSTRAINT desk_owner_fkey DEFERRABLE INITIALLY DEFERRED"
        )
    try:
        with pytest.raises(ConflictError) as found, unit_of_work():
            Desk(owner=MISSING).flush()
        assert (found.value.kind, found.value.attributes) == ("missing", ("owner",))
        with pytest.raises(CommitException) as raw, db_session:
            Desk(owner=MISSING).flush()
        assert conflict(raw.value) is not None
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE desk ALTER CONSTRAINT desk_owner_fkey NOT DEFERRABLE")


class TestRepetition:
    def test_a_race_is_run_again_at_once(self, monkeypatch) -> None:
        monkeypatch.setattr("berceau.orm.session.sleep", lambda _: pytest.fail("it waited"))
        found = []

        def add() -> None:
            found.append(Author.get(name="Bob"))
            if found[-1] is None:
                elsewhere(lambda: Author(name="Bob"))
                Author(name="Bob")

        run_unit(add)
        assert [each is None for each in found] == [True, False]

    def test_a_link_that_another_made_meanwhile(self) -> None:
        attempts = []

        def tag(post) -> None:
            post.tags.add(Tag.get(realm="r", name="new"))

        def work() -> None:
            post = Post.get(title="One")
            post.tags.add(Tag.get(realm="r", name="new"))
            if not attempts:
                elsewhere(lambda: tag(Post.get(title="One")))
            attempts.append(None)

        with unit_of_work():
            Tag(realm="r", name="new")
        run_unit(work)
        assert len(attempts) == 2
        with unit_of_work():
            assert len(Post.get(title="One").tags) == 2

    def test_a_row_that_another_deleted_meanwhile(self) -> None:
        with unit_of_work():
            Author(name="Bob")
        found = []

        def write() -> None:
            bob = Author.get(name="Bob")
            found.append(bob)
            if bob is not None:
                elsewhere(lambda: Author.get(name="Bob").delete())
                Post(title="Two", author=bob)

        run_unit(write)
        assert [each is None for each in found] == [False, True]

    def test_what_comes_back_is_no_race(self) -> None:
        attempts = []

        def add() -> None:
            attempts.append(None)
            Author(name="Ada")

        with pytest.raises(ConflictError):
            run_unit(add, attempts=5)
        assert len(attempts) == 2

    def test_several_races_are_lost_one_after_the_other(self) -> None:
        attempts = []

        def add() -> None:
            name = f"Author {len(attempts)}"
            attempts.append(name)
            if len(attempts) < 3:
                elsewhere(lambda: Author(name=name))
            Author(name=name)

        run_unit(add)
        assert len(attempts) == 3


def create(_: int) -> None:
    if Author.get(name="Bob") is None:
        Author(name="Bob")


def add(_: int) -> None:
    Post.get(title="One").tags.add(Tag.get(realm="r", name="new"))


def remove(_: int) -> None:
    Post.get(title="One").tags.remove(Tag.get(realm="r", name="n"))


def refer(number: int) -> None:
    eve = Author.get(name="Eve")
    if eve is None:
        return
    if number == 0:
        eve.delete()
    else:
        Post(title=f"Post {number}", author=eve)


WRITES = {
    "create": (create, "SELECT count(*) FROM author WHERE name = 'Bob'", {1}),
    "add": (add, "SELECT count(*) FROM post_tag WHERE tag_name = 'new'", {1}),
    "remove": (remove, "SELECT count(*) FROM post_tag", {0}),
    "refer": (refer, "SELECT count(*) FROM author WHERE name = 'Eve'", {0, 1}),
}


@pytest.mark.parametrize("count", [8, pytest.param(64, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("write", "sql", "expected"), WRITES.values(), ids=WRITES)
def test_many_at_once(write, sql, expected, count) -> None:
    """Only a deletion may be refused, where new rows refer to it again and again."""
    with unit_of_work():
        Tag(realm="r", name="new")
        Author(name="Eve")
    together = Barrier(count)

    def unit(number: int) -> None:
        together.wait(SECONDS)
        try:
            run_unit(lambda: write(number))
        except ConflictError as error:
            if (write, number, error.kind) != (refer, 0, "referred to"):
                raise

    with ThreadPoolExecutor(count) as threads:
        list(threads.map(unit, range(count)))
    with unit_of_work():
        assert database.select(sql)[0] in expected
