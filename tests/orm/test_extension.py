"""What a component adds to an entity of another, from its own folder."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pony.orm
import pytest
from pony.orm import Optional, Required, Set, db_session

from berceau.errors import EntityError
from berceau.orm import database as orm
from berceau.orm.attributes import read_attributes
from berceau.orm.database import GlobalDatabase
from berceau.orm.extension import index
from berceau.orm.mapping import declaring_modules, to_schema
from berceau.orm.signatures import Signatures
from berceau.schema.model import Table

USER = """
class User(db.Entity):
    name = Required(str)
    email = Optional(str)

    def greeting(self):
        return f"I am {self.name}"

class Admin(User):
    level = Optional(int)
"""


def declare(text: str) -> Any:
    """Return a Database with the entities of ``text``, not mapped yet."""
    database = GlobalDatabase()
    names = {**vars(pony.orm), "db": database, "index": index, "__name__": __name__}
    exec(USER + text, names)
    return database


def tables(text: str) -> dict[str, Table]:
    database = declare(text)
    orm.map_entities(database)
    return {table.name: table for table in to_schema(database).tables}


@pytest.fixture(scope="module")
def world(make_tables: Callable[[Any], None]) -> SimpleNamespace:
    db = GlobalDatabase()

    class User(db.Entity):
        name = Required(str)

        def greeting(self) -> str:
            return f"I am {self.name}"

    class Post(db.Entity):
        author = Required(User)
        title = Required(str)
        readers = Set(User)

    class Wallet(db.Entity):
        user = Optional(User)

    class UserPosts(User, extend=True):  # type: ignore[call-arg,unused-ignore]
        """What posts add."""

        posts = Set("Post", reverse="author", cascade_delete=True)
        reading = Set("Post", reverse="readers")
        wallet = Optional("Wallet")
        limit = 3

        def titles(self) -> list[str]:
            return sorted(self.posts.title)

        @property
        def first(self) -> str:
            return self.titles()[0]

        @staticmethod
        def shout(text: str) -> str:
            return text.upper()

        @classmethod
        def named(cls, name: str) -> Any:
            return cls.get(name=name)

        def own_greeting(self) -> str:
            return __class__.greeting(self)  # type: ignore[name-defined,no-any-return]

    make_tables(db)
    return SimpleNamespace(User=User, Post=Post, Wallet=Wallet, UserPosts=UserPosts, db=db)


def test_an_extension_is_the_entity(world: SimpleNamespace) -> None:
    assert world.UserPosts is world.User
    assert set(world.db.entities) == {"User", "Post", "Wallet"}
    assert world.User._subclasses_ == set()


def test_what_is_added_works_as_if_the_entity_declared_it(world: SimpleNamespace) -> None:
    with db_session:
        ann = world.User(name="Ann")
        world.Post(author=ann, title="b", readers=[ann])
        ann.posts.create(title="a")
        wallet = world.Wallet(user=ann)
        pony.orm.flush()
        assert ann.titles() == ["a", "b"]
        assert (ann.first, ann.limit, ann.shout("x")) == ("a", 3, "X")
        assert ann.own_greeting() == "I am Ann"
        assert ann.wallet is wallet
        assert ann.reading.select().first().title == "b"
        assert world.User.named("Ann") is ann
        user = world.User
        found = pony.orm.select(u.name for u in user if "a" in u.posts.title)
        assert list(found) == ["Ann"]
    with db_session:
        world.User.get(name="Ann").delete()
    with db_session:
        assert world.Post.select().count() == 0
        assert world.Wallet.get().user is None


def test_the_columns_stay_in_the_tables_of_those_who_add() -> None:
    found = tables(
        "class Wallet(db.Entity):\n    user = Optional(User)\n    fans = Set(User)\n"
        "class UserWallet(User, extend=True):\n    wallet = Optional(Wallet, reverse='user')\n"
        "    liked = Set(Wallet, reverse='fans')\n    more = Set('Note')\n"
        "class Note(db.Entity):\n    text = Optional(str)\n"
    )
    assert [each.name for each in found["user"].columns] == [
        *("id", "name", "email", "classtype", "level")
    ]
    assert [each.name for each in found["wallet"].columns] == ["id", "user"]
    assert set(found) == {"user", "wallet", "user_wallet", "note", "note_user"}


def test_indexes_are_added() -> None:
    found = tables(
        "class UserPosts(User, extend=True):\n    composite_index('name', 'email')\n"
        "    index('email')\n"
        "class AdminPosts(Admin, extend=True):\n    index(Admin.level)\n"
    )
    assert [each.keys for each in found["user"].indexes] == [
        *(("email",), ("level",), ("name", "email"))
    ]


def test_an_index_changes_no_column() -> None:
    before = tables("")["user"].columns
    for statement in ("index('email')", "composite_index('email', 'name')"):
        text = f"class UserPosts(User, extend=True):\n    {statement}\n"
        assert tables(text)["user"].columns == before
    own = tables("class Note(db.Entity):\n    text = Optional(str)\n    index(text)\n")["note"]
    assert [each.not_null for each in own.columns] == [True, True]
    assert [each.keys for each in own.indexes] == [("text",)]


def test_an_index_that_is_there_already_is_no_mistake() -> None:
    found = tables(
        "class Note(db.Entity):\n    by = Required(User)\n    at = Required(int, unique=True)\n"
        "    on_ = Required(int, index=True)\n    composite_index(at, on_)\n"
        "class One(Note, extend=True):\n    index('by')\n    index('at')\n    index('on_')\n"
        "    index('at', 'on_')\n    index('on_', 'at')\n"
        "class Two(Note, extend=True):\n    index('on_', 'at')\n"
        "class UserOne(User, extend=True):\n    index('email')\n"
        "class AdminOne(Admin, extend=True):\n    index('email')\n"
    )
    assert sorted(each.keys for each in found["note"].indexes) == [
        *(("at", "on_"), ("by",), ("on_",), ("on_", "at"))
    ]
    assert [each.keys for each in found["user"].indexes] == [("email",)]


def test_what_is_added_belongs_to_the_module_that_adds_it() -> None:
    database = declare(
        "class Post(db.Entity):\n    readers = Set(User)\n"
        "__name__ = 'tests.orm.conftest'\n"
        "class UserPosts(User, extend=True):\n    reading = Set(Post)\n"
    )
    orm.map_entities(database)
    (added,) = (each for each in read_attributes(database) if each.entity == "User" and each.added)
    assert (str(added), added.written) == ("User.reading", "UserPosts.reading")
    assert added.file.name == "conftest.py"
    assert declaring_modules(database)["post_user"] == {__name__, "tests.orm.conftest"}
    assert "reading" in {each.name for each in Signatures(database.Admin).attributes}


REFUSED = {
    "a value": ("bio = Optional(str)", r"UserPosts\.bio would add a column to the table of User"),
    "a required relation": ("post = Required('Post')", "would add a column"),
    "a relation with a column": ("post = Optional('Post', column='post')", "would add a column"),
    "an attribute that is there": ("email = Set('Post')", "User has email already"),
    "an attribute that an heir has": ("level = Set('Post')", "Admin has level already"),
    "a method that is there": ("def greeting(self): ...", "User has greeting already"),
    "a method of all entities": ("def delete(self): ...", "User has delete already"),
    "a hook": ("def before_insert(self): ...", "User has before_insert already"),
    "a magic method": ("def __str__(self): ...", "User has __str__ already"),
    "a setting of Pony's": ("_table_ = 'people'", "User has _table_ already"),
    "a unique key": ("composite_key('name', 'email')", "UserPosts adds a key to User"),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED)
def test_an_extension_only_adds(body: str, message: str) -> None:
    with pytest.raises(EntityError, match=message) as caught:
        declare(f"class UserPosts(User, extend=True):\n    {body}\n")
    assert caught.value.cure


def test_an_extension_extends_one_entity() -> None:
    for base in ("db.Entity", "User, Admin"):
        with pytest.raises(EntityError, match="isn't one entity"):
            declare(f"class More({base}, extend=True):\n    x = 1\n")


def test_a_side_that_needs_a_column_is_refused() -> None:
    database = declare(
        "class Post(db.Entity):\n    n = Optional(int)\n"
        "class UserPosts(User, extend=True):\n    favourite = Optional(Post)\n"
    )
    with pytest.raises(EntityError, match=r"UserPosts\.favourite would add a column"):
        orm.map_entities(database)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("True", r"both sides of relationship \(Post\.author and User\.posts\)"),
        ("False", r"Post\.author says cascade_delete, but UserPosts\.posts declares"),
    ],
)
def test_what_deleting_does_is_said_at_the_side_that_is_added(says: str, message: str) -> None:
    database = declare(
        f"class Post(db.Entity):\n    author = Required(User, cascade_delete={says})\n"
        "class UserPosts(User, extend=True):\n    posts = Set(Post)\n"
    )
    with pytest.raises(EntityError, match=message):
        orm.map_entities(database)


def test_a_descriptor_knows_its_name() -> None:
    database = declare(
        "class Named:\n"
        "    def __set_name__(self, owner, name):\n        self.name = owner.__name__, name\n"
        "    def __get__(self, instance, owner):\n        return self.name\n"
        "class UserPosts(User, extend=True):\n    called = Named()\n"
    )
    assert database.User.called == ("User", "called")


def test_an_extension_comes_before_the_mapping() -> None:
    database = declare("")
    orm.map_entities(database)
    with pytest.raises(EntityError, match="too late"):
        type("More", (database.User,), {"__module__": __name__}, extend=True)
