"""What may have been renamed is asked about, or refused with the options that settle it."""

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from berceau.errors import DataLossError, RenameError, StatementError
from berceau.schema.changes import DropColumn, DropTable
from berceau.schema.choices import parse as parse_choices
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.renaming import RenameColumn, RenameTable
from berceau.schema.sql import to_statements
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner

BLOG = """
class Post(db.Entity):
    title = Required(str)
    tags = Set("Tag")

class Tag(db.Entity):
    name = PrimaryKey(str)
    posts = Set(Post)
"""
MAGAZINE = BLOG.replace("Post", "Article").replace("title", "headline")
STATE = """
class State(enum.StrEnum):
    ON = "on"
    OFF = "off"

class Lamp(db.Entity):
    state = Required(State)
"""


@pytest.fixture
def lead(declare, server, cache, generated) -> Callable[..., Plan]:
    """Return a function that plans what leads from some entities, or SQL, to others."""

    def lead(before: str, after: str, *renames: str, **options) -> Plan:
        if "db.Entity" in before:
            before = "\n".join(map(str, to_statements(order(create(declare(before))))))
        migrations = [generated(before)]
        decisions = Decisions(renames, **options)
        return Planner(server.migration_url, migrations, cache, decisions).plan(declare(after))

    return lead


def answering(*answers: str | None) -> tuple[Callable[[Any], str | None], list[Any]]:
    left, asked = list(answers), []

    def ask(question) -> str | None:
        asked.append((question.path, question.candidates))
        return left.pop(0)

    return ask, asked


def test_tables_are_asked_about_before_what_is_in_them(lead) -> None:
    ask, asked = answering("article", "article_tag", "headline", "article")
    found = lead(BLOG, MAGAZINE, ask=ask)
    assert asked == [
        ("post", ("article",)),
        ("post_tag", ("article_tag",)),
        ("post.title", ("headline",)),
        ("post_tag.post", ("article",)),
    ]
    assert not any(isinstance(change, DropTable | DropColumn) for change in found.changes)


def test_a_no_is_a_drop(lead) -> None:
    ask, asked = answering(None, None)
    found = lead(BLOG, MAGAZINE, ask=ask)
    assert len(asked) == 2
    assert [each.table.name for each in found.changes if isinstance(each, DropTable)] == [
        "post",
        "post_tag",
    ]


def test_what_is_declared_is_not_asked(lead) -> None:
    ask, asked = answering("article_tag", None, None)
    found = lead(BLOG, MAGAZINE, "post=article", ask=ask)
    assert [path for path, _ in asked] == ["post_tag", "post.title", "post_tag.post"]
    assert RenameTable("post", "article") in found.changes


def test_a_name_is_offered_until_it_is_given(lead) -> None:
    before = "class A(db.Entity):\n    a = Optional(int)\n    b = Optional(int)\n"
    after = before.replace("a =", "c =").replace("b =", "d =")
    ask, asked = answering("d", "c")
    found = lead(before, after, ask=ask)
    assert asked == [("a.a", ("c", "d")), ("a.b", ("c",))]
    assert found.changes == (RenameColumn("a", "a", "d"), RenameColumn("a", "b", "c"))


def test_only_the_likeliest_are_offered(lead) -> None:
    entity = "class {}(db.Entity):\n    n = Optional(int)\n"
    ask, asked = answering("post2")
    after = "".join(entity.format(name) for name in ("A", "B", "C", "D", "Posts", "Post2"))
    lead(entity.format("Post"), after, ask=ask)
    assert asked == [("post", ("post2", "posts", "a", "b", "c"))]


def test_one_refusal_names_all_options(lead) -> None:
    with pytest.raises(RenameError) as caught:
        lead(BLOG, MAGAZINE, ask=None)
    assert str(caught.value).splitlines() == [
        "Renamed, or dropped and added?",
        "    table post: --rename post=article",
        "    table post_tag: --rename post_tag=article_tag",
        "    column post.title: --rename post.title=headline",
        "    column post_tag.post: --rename post_tag.post=article",
        "  Nothing was written. Run the command again with each --rename that applies, or with "
        "--allow-data-loss to drop and add.",
    ]
    options = re.findall(r"--rename (\S+=\S+)", caught.value.message)
    found = lead(BLOG, MAGAZINE, *options, ask=None)
    assert not any(isinstance(change, DropTable | DropColumn) for change in found.changes)


def test_an_option_survives_the_shell(lead) -> None:
    before = 'class A(db.Entity):\n    n = Optional(int, column="it\'s a.b")\n'
    after = before.replace("it's a.b", "$HOME")
    with pytest.raises(RenameError) as caught:
        lead(before, after, ask=None)
    (line,) = caught.value.message.splitlines()[1:]
    option = shlex.split(line.partition(": ")[2])
    assert option == ["--rename", 'a."it\'s a.b"=$HOME']
    assert lead(before, after, option[1], ask=None).changes == (
        RenameColumn("a", "it's a.b", "$HOME"),
    )


def test_values_of_enums_are_asked_about(lead) -> None:
    with pytest.raises(RenameError, match=r"value state\.on: --rename state\.on=lit"):
        lead(STATE, STATE.replace('"on"', '"lit"'), ask=None)


def test_enums_are_asked_about(lead) -> None:
    with pytest.raises(RenameError, match="enum state: --rename state=mode"):
        lead(STATE, STATE.replace("State", "Mode"), ask=None)


def test_a_value_that_is_mapped_is_not_asked_about(lead) -> None:
    choices = parse_choices((), ["state.on=lit"])
    lead(STATE, STATE.replace('"on"', '"lit"'), ask=None, choices=choices)


def test_a_table_renamed_by_hand_leaves_its_name_to_another(lead) -> None:
    columns = "id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n text UNIQUE"
    renamed = f"CREATE TABLE post ({columns}); ALTER TABLE post RENAME TO article;"
    entities = "class {}(db.Entity):\n    n = Optional(str, unique=True)\n"
    found = lead(renamed, entities.format("Article") + entities.format("Post"), ask=None)
    assert "CONSTRAINT post_pkey_2 PRIMARY KEY (id)" in str(found.up[0])


def test_a_name_that_something_made_by_hand_has_is_refused(lead) -> None:
    before = "CREATE TABLE post (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n text);"
    view = "CREATE VIEW article AS SELECT n FROM post;"
    after = "class Article(db.Entity):\n    n = Optional(str, nullable=True)\n"
    with pytest.raises(StatementError) as caught:
        lead(before + view, after, "post=article")
    assert 'relation "article" already exists' in caught.value.message
    assert "Free the name" in caught.value.cure


def test_losses_are_counted_under_the_names_of_today(migrate, query) -> None:
    before = "class Post(db.Entity):\n    title = Required(str)\n    n = Optional(int)\n"
    migrate(before)
    query("INSERT INTO post (title, n) VALUES ('a', 1), ('b', NULL)")
    after = "class Article(db.Entity):\n    headline = Required(str)\n"
    with pytest.raises(DataLossError, match=r"column article\.n \(1 row with a value\)"):
        migrate(after, renames=["post=article", "post.title=headline"])
    migrate(after, renames=["post=article", "post.title=headline"], allow_data_loss=True)
    assert query("SELECT * FROM article") == [(1, "a"), (2, "b")]
