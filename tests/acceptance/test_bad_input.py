"""What a component gets wrong is told once, with its place and cure, and leaves nothing behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest


@dataclass(frozen=True)
class Case:
    """Components by name, as their entities; one line bears ``# culprit``; what is said of it."""

    components: Mapping[str, str]
    says: tuple[str, ...]
    cure: str
    files: Mapping[str, str] = field(default_factory=dict)


POST = "class Post(db.Entity):\n    title = Required(str)\n"
OTHER = "class Other(db.Entity):\n    name = Required(str)\n"

CASES = {
    "an entity twice": Case(
        {"alpha": POST, "blog": "\n\nclass Post(db.Entity):  # culprit\n    n = 1\n"},
        ("The entity Post is declared twice", "alpha/entities.py:3"),
        "Rename one of them",
    ),
    "an entity twice in one file": Case(
        {"blog": POST + "class Post(db.Entity):  # culprit\n    pass\n"},
        ("The entity Post is declared twice", "blog/entities.py:3"),
        "Rename one of them",
    ),
    "a table twice": Case(
        {
            "alpha": POST,
            "blog": "class Text(db.Entity):  # culprit\n    _table_ = 'post'\n    n = 1",
        },
        ("Post and Text both become the table post", "alpha/entities.py:3"),
        "Rename one of the classes",
    ),
    "an enum twice": Case(
        {
            "alpha": "import enum\nState = enum.Enum('State', 'ON OFF')\n"
            "class Lamp(db.Entity):\n    state = Required(State)\n",
            "blog": "import enum\nclass State(enum.Enum):  # culprit\n    OPEN = 'OPEN'\n"
            "class Door(db.Entity):\n    state = Required(State)\n",
        },
        ("State and State both become the enum type state", "alpha/entities.py"),
        "Rename one of the classes",
    ),
    "an enum named like a table": Case(
        {
            "blog": "import enum\nclass Post(enum.Enum):  # culprit\n    A = 'A'\n"
            "class Letter(db.Entity):\n    kind = Required(Post)\n",
            "zeta": POST,
        },
        ("Post and Post both become the table or enum type post", "zeta/entities.py:3"),
        "Rename one of the classes",
    ),
    "a link table named like a table": Case(
        {
            "blog": "class Post(db.Entity):\n    tags = Set('Tag', table='other')\n"
            "class Tag(db.Entity):\n    posts = Set('Post')\n",
            "zeta": "class Other(db.Entity):  # culprit\n    name = Required(str)\n",
        },
        ("The relation Post.tags and the entity Other both become the table other",),
        "give the relation another table",
    ),
    "the table of Berceau's own": Case(
        {"blog": "class BerceauMigration(db.Entity):  # culprit\n    name = Required(str)\n"},
        ("berceau_migration",),
        "Rename the class",
    ),
    "a Database": Case(
        {"blog": "mine = Database()  # culprit\n"}, ("creates its own Database",), "Use the global"
    ),
    "a bind that only its run shows": Case(
        {"blog": "from berceau.orm import db as store\nstore.bind('sqlite')  # culprit\n"},
        ("The global Database is bound by Berceau",),
        "Remove the call",
    ),
    "a schema": Case(
        {
            "blog": "class Post(db.Entity):\n    tags = Set('Tag', table=('a', 'b'))  # culprit\n"
            "class Tag(db.Entity):\n    posts = Set(Post)\n"
        },
        ("The table a.b names a schema",),
        "?schema=",
    ),
    "a relation to nothing": Case(
        {"blog": "class Post(db.Entity):\n    author = Required('Author')  # culprit\n"},
        ("Post.author refers to the entity Author, which no component declares",),
        "Declare Author",
    ),
    "a relation whose other side has another name": Case(
        {
            "blog": "class Post(db.Entity):\n"
            "    other = Required('Other', reverse='postings')  # culprit\n",
            "zeta": OTHER + "    posts = Set('Post')\n",
        },
        ("Post.other names its other side Other.postings, which isn't there",),
        "other side",
    ),
    "an entity outside of its file": Case(
        {"blog": OTHER},
        ("The entity Post is declared outside",),
        "Move it to entities.py",
        {"blog/views.py": "from berceau.orm import db\nclass Post(db.Entity): ...  # culprit"},
    ),
    "an attribute that Pony refuses when it makes the class": Case(
        {
            "blog": "class Post(db.Entity):\n    title = Required(str)\n"
            "    n = Optional(int, unique=True, nullable=False)  # culprit\n    m = Optional(int)\n"
        },
        ("Optional unique attribute Post.n must be nullable",),
        "Correct the line",
    ),
    "an extension that adds a column": Case(
        {
            "blog": POST,
            "zeta": "from components.blog.entities import Post\n"
            "class PostLikes(Post, extend=True):\n    likes = Set('Like')\n"
            "    number = Optional(int)  # culprit\n"
            "class Like(db.Entity):\n    post = Required(Post)\n",
        },
        ("PostLikes.number would add a column to the table of Post",),
        "Declare an entity of your own",
    ),
    "an attribute of an extension that Pony refuses": Case(
        {
            "blog": POST,
            "zeta": "from components.blog.entities import Post\n"
            "class PostLikes(Post, extend=True):\n    number = 1\n"
            "    likes = Set('Like', default=[])  # culprit\n",
        },
        ("Default value could not be set for collection attribute",),
        "Correct the line",
    ),
    "a module that does not import": Case(
        {"blog": POST + "def broken(:  # culprit\n    pass\n"}, ("SyntaxError",), "Correct the line"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_mistake_is_named_with_its_place_and_cure(project, case) -> None:
    for name, entities in case.components.items():
        project.component(name, entities)
    for path, text in case.files.items():
        project.write(f"components/{path}", text)

    message = project.fail("build", "--json")

    file, line = project.culprit()
    component = file.relative_to(project.root / "components").parts[0]
    assert f"in component {component}, {file}:{line}\n" in message
    for words in (*case.says, case.cure):
        assert words in message
    assert project.files() == {}


def test_every_command_that_composes_refuses_alike(project) -> None:
    project.component("blog", "no_such_name  # culprit")
    nowhere = {"DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/b"}
    file, line = project.culprit()
    for command in (("migrate", "--name", "init"), ("migrate.status",)):
        assert f"in component blog, {file}:{line}\n" in project.fail(*command, **nowhere)
    assert project.files() == {}


def test_what_stands_in_the_way_of_an_output_is_named(project) -> None:
    project.component("blog", POST)
    project.write(".berceau/schema", "a file where a folder belongs")
    message = project.fail("build")
    assert f"{project.root / '.berceau/schema/main.sql'} can't be written: File exists" in message


def test_a_server_that_is_not_there_is_named_without_the_password(project) -> None:
    project.component("blog", POST)
    message = project.fail("migrate", DATABASE_URL="postgresql://ann:secret@127.0.0.1:1/b")
    assert "127.0.0.1" in message
    assert "'ann'" in message
    assert "secret" not in message
    assert project.migrations() == []


def test_a_role_without_the_right_is_told_which(connected, database) -> None:
    connected.component("blog", POST)
    runtime = database.runtime_url.with_password()
    message = connected.fail("migrate", MIGRATION_DATABASE_URL=runtime)
    assert f"The role '{database.runtime_url.user}' can't create anything" in message
    assert f"schema '{database.migration_url.schema}'" in message
    assert "MIGRATION_DATABASE_URL" in message
    assert connected.migrations() == []


def test_a_schema_that_is_not_there_is_named(connected, database) -> None:
    connected.component("blog", POST)
    urls = {
        "DATABASE_URL": database.runtime_url.with_schema("gone").with_password(),
        "MIGRATION_DATABASE_URL": database.migration_url.with_schema("gone").with_password(),
    }
    message = connected.fail("migrate", **urls)
    assert f"The role '{database.migration_url.user}' can't find the schema 'gone'" in message
    assert "invoke db.provision" in message
    assert connected.migrations() == []
