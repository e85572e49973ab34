"""Relations of which only one side is written: the same tables, and objects that behave."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pony.orm
import pytest
from pony.orm import Optional, Required, Set, db_session

from berceau.orm import database as orm
from berceau.orm.attributes import read_attributes
from berceau.orm.database import GlobalDatabase
from berceau.orm.mapping import to_schema
from berceau.orm.signatures import Signatures
from berceau.schema.model import Schema

USER = "class User(db.Entity):\n    name = Optional(str)\n"
NODE = "class Node(db.Entity):\n    name = Optional(str)\n"


def declare(text: str) -> Any:
    """Return a mapped Database with the entities of ``text``."""
    database = GlobalDatabase()
    exec(text, {**vars(pony.orm), "db": database, "__name__": __name__})
    orm.map_entities(database)
    return database


def schema(text: str) -> Schema:
    return to_schema(declare(text))


ONE_SIDED = {
    "required": (
        USER + "{}class Post(db.Entity):\n    author = Required('User')",
        "    posts = Set('Post')\n",
    ),
    "optional": (
        USER + "{}class Post(db.Entity):\n    author = Optional('User')",
        "    posts = Set('Post')\n",
    ),
    "declared before its target": (
        "class Post(db.Entity):\n    author = Required('User')\n" + USER + "{}",
        "    posts = Set('Post')\n",
    ),
    "two to the same entity": (
        USER + "{}class Post(db.Entity):\n    author = Required('User')\n"
        "    editor = Optional('User')",
        "    posts = Set('Post', reverse='author')\n    edited = Set('Post', reverse='editor')\n",
    ),
    "one of two is written": (
        USER + "    posts = Set('Post', reverse='author')\n"
        "{}class Post(db.Entity):\n    author = Required('User')\n    editor = Required('User')",
        "    edited = Set('Post', reverse='editor')\n",
    ),
    "many to many": (
        USER + "{}class Post(db.Entity):\n    readers = Set('User')",
        "    reading = Set('Post')\n",
    ),
    "many to many, twice": (
        USER + "{}class Post(db.Entity):\n    readers = Set('User')\n    fans = Set('User')",
        "    reading = Set('Post', reverse='readers')\n    likes = Set('Post', reverse='fans')\n",
    ),
    "one to one": (
        USER + "{}class Profile(db.Entity):\n    user = Required('User', unique=True)",
        "    profile = Optional('Profile')\n",
    ),
    "one to one, optional": (
        USER + "{}class Profile(db.Entity):\n    user = Optional('User', unique=True)",
        "    profile = Optional('Profile')\n",
    ),
    "one to one, optional, by another name": (
        USER + "{}class Wallet(db.Entity):\n    user = Optional('User', unique=True)",
        "    wallet = Optional('Wallet')\n",
    ),
    "one to one, as the key": (
        USER + "{}class Profile(db.Entity):\n    user = PrimaryKey('User')",
        "    profile = Optional('Profile')\n",
    ),
    "a part of the key": (
        USER + "{}class Seat(db.Entity):\n    user = Required('User')\n    row = Required(int)\n"
        "    PrimaryKey(user, row)",
        "    seats = Set('Seat')\n",
    ),
    "to a key of several columns": (
        "class Place(db.Entity):\n    x = Required(int)\n    y = Required(int)\n"
        "    PrimaryKey(x, y)\n"
        "{}class House(db.Entity):\n    place = Optional('Place', unique=True)\n"
        "    near = Set('Place')",
        "    house = Optional('House', reverse='place')\n    by = Set('House', reverse='near')\n",
    ),
    "to itself": (NODE + "    parent = Optional('Node')\n{}", "    children = Set('Node')\n"),
    "to itself, one to one": (
        NODE + "    after = Optional('Node', unique=True, column='after')\n{}",
        "    before = Optional('Node')\n",
    ),
    "to itself, many to many": (
        NODE + "    links = Set('Node')\n{}",
        "    origins = Set('Node')\n",
    ),
    "from and to entities that inherit": (
        USER + "class Admin(User):\n    level = Optional(int)\n{}"
        "class Page(db.Entity):\n    by = Required('Admin')\n"
        "class News(Page):\n    n = Optional(int)",
        "    pages = Set('Page')\n",
    ),
}


@pytest.mark.parametrize("case", ONE_SIDED.values(), ids=ONE_SIDED)
def test_the_tables_are_those_of_both_sides(case: tuple[str, str]) -> None:
    text, other = case
    one, both = schema(text.format("")), schema(text.format(other))
    assert (one.enums, one.tables) == (both.enums, both.tables)


@pytest.mark.parametrize(
    ("relation", "action"),
    [
        ("Required('User')", "CASCADE"),
        ("Required('User', cascade_delete=True)", "CASCADE"),
        ("Required('User', cascade_delete=False)", "NO ACTION"),
        ("Required('User', unique=True)", "NO ACTION"),
        ("Required('User', unique=True, cascade_delete=True)", "CASCADE"),
        ("Optional('User')", "SET NULL"),
        ("Optional('User', cascade_delete=True)", "CASCADE"),
    ],
)
def test_the_relation_says_what_deleting_does(relation: str, action: str) -> None:
    post = next(
        table
        for table in schema(USER + f"class Post(db.Entity):\n    author = {relation}").tables
        if table.name == "post"
    )
    assert [key.on_delete for key in post.foreign_keys] == [action]


def test_a_side_is_known_by_the_name_that_reverse_gives() -> None:
    database = declare(
        USER + "class Post(db.Entity):\n    author = Required('User', reverse='mine')"
    )
    assert database.User.mine.py_type is database.Post
    assert "mine" in {each.name for each in Signatures(database.User).attributes}


def test_a_side_is_known_to_entities_that_inherit() -> None:
    database = declare(
        USER + "class Admin(User):\n    level = Optional(int)\n"
        "class Post(db.Entity):\n    author = Required('User', reverse='posts')\n"
        "    user = Optional('User', unique=True)"
    )
    assert [each.name for each in database.Admin._attrs_] == [
        *("id", "name", "classtype", "posts", "~Post:user", "level"),
    ]
    assert database.Admin._adict_["posts"] is database.User.posts


def test_a_made_side_belongs_to_the_relation() -> None:
    database = declare(USER + "class Post(db.Entity):\n    readers = Set('User')")
    (made,) = (each for each in read_attributes(database) if each.made)
    assert (made.declared_by, made.target, str(made)) == ("User", "Post", "Post.readers")


@pytest.fixture(scope="module")
def world(make_tables: Callable[[Any], None]) -> SimpleNamespace:
    """Entities around a user that knows none of them."""
    db = GlobalDatabase()
    seen: list[str] = []

    class User(db.Entity):
        name = Optional(str)

    class Post(db.Entity):
        author = Required(User)
        editor = Optional(User)
        comments = Set("Comment")

    class Comment(db.Entity):
        post = Required(Post)

    class Badge(db.Entity):
        owners = Set(User)

    class Profile(db.Entity):
        user = Required(User, unique=True, cascade_delete=True)

    class Seat(db.Entity):
        user = Optional(User, unique=True, reverse="seat")

    class Invoice(db.Entity):
        user = Required(User, cascade_delete=False)

    class Logged(db.Entity):
        user = Required(User)

        def before_delete(self) -> None:
            seen.append("gone")

    class Held(db.Entity):
        user = Required(User)

    class Holder(db.Entity):
        held = Required(Held, cascade_delete=False)

    class Folder(db.Entity):
        parent = Optional("Folder", reverse="children")
        related = Set("Folder", reverse="origins")

    make_tables(db)
    names = locals()
    return SimpleNamespace(
        **{name: each for name, each in names.items() if isinstance(each, type)}, db=db, seen=seen
    )


@pytest.fixture
def statements(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that the statements go to which Pony sends."""
    sent: list[str] = []
    plain = type(world.db)._exec_sql

    def record(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        sent.append(sql)
        return plain(self, sql, *arguments, **options)

    monkeypatch.setattr(type(world.db), "_exec_sql", record)
    return sent


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "world" in request.fixturenames:
        world = request.getfixturevalue("world")
        with db_session:
            for name in ("Holder", "Invoice"):
                getattr(world, name).select().delete(bulk=True)
            world.User.select().delete(bulk=True)
            world.Folder.select().delete(bulk=True)


def test_hidden_sides_are_not_in_dictionaries(world: SimpleNamespace) -> None:
    with db_session:
        user = world.User(name="Ann")
        world.Post(author=user)
        world.Profile(user=user)
        everything = user.to_dict(with_collections=True, with_lazy=True)
        assert everything == {"id": user.id, "name": "Ann", "seat": None}
        assert set(world.Post.get().to_dict()) == {"id", "author", "editor"}
    assert "~" not in world.User.describe()
    assert [each.name for each in Signatures(world.User).attributes] == ["id", "name", "seat"]


def test_deleting_leaves_to_the_database_what_it_does(
    world: SimpleNamespace, statements: list[str]
) -> None:
    with db_session:
        ann, bob = world.User(name="Ann"), world.User(name="Bob")
        for _ in range(3):
            world.Comment(post=world.Post(author=ann, editor=bob))
        world.Post(author=bob, editor=ann)
        world.Badge(owners=[ann, bob])
    with db_session:
        ann = world.User.get(name="Ann")
        statements.clear()
        ann.delete()
        pony.orm.flush()
    assert not [each for each in statements if '"post"' in each or '"badge' in each]
    with db_session:
        assert world.Post.select().count() == 1
        assert world.Post.get().editor is None
        assert world.Comment.select().count() == 0
        assert [each.name for each in world.Badge.get().owners] == ["Bob"]


def test_deleting_heeds_what_is_in_memory(world: SimpleNamespace) -> None:
    with db_session:
        ann, bob = world.User(name="Ann"), world.User(name="Bob")
        mine, edited = world.Post(author=ann), world.Post(author=bob, editor=ann)
        badge = world.Badge(owners=[ann, bob])
        pony.orm.flush()
        unsaved = world.Post(author=ann)
        ann.delete()
        assert edited.editor is None
        assert list(badge.owners) == [bob]
        with pytest.raises(pony.orm.core.OperationWithDeletedObjectError):
            mine.editor = bob
        with pytest.raises(pony.orm.core.OperationWithDeletedObjectError):
            unsaved.editor = bob
    with db_session:
        assert world.Post.select().count() == 1


def test_what_was_deleted_in_vain_is_there_again(world: SimpleNamespace) -> None:
    with db_session:
        ann = world.User(name="Ann")
        world.Invoice(user=ann)
        world.Post(author=ann)
    with db_session:
        ann = world.User.get()
        with pytest.raises(
            pony.orm.ConstraintError, match=r"because Invoice\.user refers to it"
        ) as e:
            ann.delete()
        assert (e.value.entity, e.value.attributes) == ("Invoice", ("user",))
        assert world.Post.get().author is ann
        assert world.Post(author=ann).author is ann


def test_hooks_run_where_an_entity_has_some(world: SimpleNamespace) -> None:
    with db_session:
        world.Logged(user=world.User())
    with db_session:
        world.User.get().delete()
    assert world.seen == ["gone"]
    with db_session:
        assert world.Logged.get() is None


def test_what_holds_an_object_is_seen_before_it_is_deleted_with_its_owner(
    world: SimpleNamespace,
) -> None:
    with db_session:
        user = world.User()
        world.Holder(held=world.Held(user=user))
    with (
        db_session,
        pytest.raises(pony.orm.ConstraintError, match=r"because Holder\.held refers to it"),
    ):
        world.User.get().delete()


def test_one_to_one_is_one_to_one(world: SimpleNamespace) -> None:
    with db_session:
        ann, bob = world.User(name="Ann"), world.User(name="Bob")
        seat = world.Seat(user=ann)
        assert ann.seat is seat
        bob.seat = seat
        assert ann.seat is None
        world.Profile(user=bob)
    with db_session:
        world.User.get(name="Bob").delete()
    with db_session:
        assert world.Profile.get() is None
        assert world.Seat.get().user is None


def test_an_entity_relates_to_itself(world: SimpleNamespace) -> None:
    with db_session:
        top = world.Folder()
        world.Folder(parent=top, related=[top])
        pony.orm.flush()
        top.delete()
    with db_session:
        assert world.Folder.get().parent is None
        assert world.Folder.get().related.is_empty()


def test_queries_follow_the_relation(world: SimpleNamespace) -> None:
    with db_session:
        ann = world.User(name="Ann")
        world.Post(author=ann)
        world.Badge(owners=[ann])
        user, post, badge = world.User, world.Post, world.Badge
        found = pony.orm.select(p.author.name for p in post if p.author in user.select())
        assert list(found) == ["Ann"]
        assert pony.orm.select(b for b in badge if ann in b.owners).count() == 1
