"""What the rules find in loops and aggregates, compared with the queries that Pony really sends."""

import builtins
import linecache
import re
from collections.abc import Callable, Iterator
from typing import Any

import pony.orm
import pytest
from pony.orm import db_session

from berceau.orm.database import connect
from berceau.orm.mapping import to_schema
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from berceau.workflows.shared.databases import Databases
from tests.lint.blog import OBJECTS, database, populate
from tests.lint.test_read_rules import WRONG

FEW = 5
"""How many queries a loop sends at most that reads for all its objects at once."""


@pytest.fixture(scope="module")
def sent(server: Databases, mapped) -> Iterator[Callable[[str], int]]:
    """Return a function that runs code, and returns how many queries it sent."""
    with scratch(server.migration_url) as connection:
        execute_statements(connection, to_statements(order(create(to_schema(mapped)))))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            url = server.migration_url.with_schema(*cursor.fetchone())
        connect(ConnectionPool(url, Limits()), mapped)
        with db_session:
            populate()
        statements: list[str] = []
        really = database._exec_sql

        def count(sql: str, *arguments: Any, **options: Any) -> Any:
            statements.append(sql)
            return really(sql, *arguments, **options)

        database._exec_sql = count

        def sent(text: str) -> int:
            file = f"<{text}>"
            linecache.cache[file] = (len(text), None, [text], file)
            statements.clear()
            names = vars(builtins) | {"select": pony.orm.select, "count": pony.orm.count}
            names |= {
                "sum": pony.orm.sum,
                "exists": pony.orm.exists,
                "left_join": pony.orm.left_join,
            }
            with db_session:
                exec(compile(text, file, "exec"), vars(builtins) | names | database.entities)
            return len(statements)

        yield sent
        database.disconnect()


ALONE = [
    "[a.note for a in Author.select()]",
    "[a.bio for a in Author.select()]",
    "[a.bio for a in select(a for a in Author)]",
    "[a.bio for a in select(a for a in Author).order_by(Author.name)[:20]]",
    "[a.bio for a in Author.select().prefetch(Author.posts)]",
    "[a.bio for a, n in select((a, count(a.posts)) for a in Author)]",
    "[p.author.bio for p in Post.select()]",
    "[p.author.bio for p in list(Post.select())]",
    "[p.author.profile for p in Post.select()]",
    "[a.profile.text for a in Author.select()]",
    "[a.profile for a in Author.select().prefetch(Author.profile)]",
    "[a.posts.count() for a in Author.select()]",
    "[a.posts.count() for n, a in enumerate(Author.select())]",
    "[a.posts.count() for a in sorted(Author.select(), key=lambda a: a.name)]",
    "{a.name: a.posts.count() for a in Author.select()}",
    "{a.posts.count() for a in Author.select()}",
    "max(a.posts.count() for a in Author.select())",
    "any(a.posts.count() > 3 for a in Author.select())",
    "sorted(Author.select(), key=lambda a: a.name) and [a.groups.count() for a in Author.select()]",
    "[a.posts.is_empty() for a in Author.select()]",
    "[a for a in Author.select() if a.posts.is_empty()]",
    "[a.posts.select()[:] for a in Author.select()]",
    "[a.posts.select(lambda p: p.n > 0)[:] for a in Author.select()]",
    "[a.posts.filter(lambda p: p.n > 0)[:] for a in Author.select()]",
    "[list(a.posts.order_by(Post.n)) for a in Author.select()]",
    "[a.posts.page(1)[:] for a in Author.select()]",
    "[a.posts.limit(1)[:] for a in Author.select()]",
    "[a.posts.random(1) for a in Author.select()]",
    "[a.posts.select().count() for a in Author.select()]",
    "[a.posts.select().first() for a in Author.select().prefetch(Author.posts)]",
    "[len(a.letters) for a in Author.select()]",
    "[p.tags.count() for a in Author.select() for p in a.posts]",
    "[[t.posts.count() for t in p.tags] for p in Post.select()]",
    "[t.posts.count() for t in Tag.select()]",
    "[a.posts.count() for a in Group[1].authors]",
    "[a.posts.count() for a in Group[1].authors.select()]",
    "[a.posts.count() for a in select(a for g in Group for a in g.authors)]",
    "[a.posts.count() for a in select(p.author for p in Post)]",
    "[a.posts.count() for a in Group.get(id=1).authors]",
    "[count(p for p in Post if p.author == a) for a in Author.select()]",
    "[exists(p for p in Post if p.author == a) for a in Author.select()]",
    "[Profile.get(author=a) for a in Author.select()]",
    "[Post.exists(author=a, n=7) for a in Author.select()]",
    "[Post.select(lambda p: p.author == a)[:] for a in Author.select()]",
    "[Post.select(author=a)[:] for a in Author.select()]",
]
TOGETHER = [
    "[p.author.name for p in Post.select()]",
    "[p.author for p in Post.select()]",
    "[p.author.id for p in Profile.select()]",
    "[p.author.name for p in Profile.select()]",
    "[a.bio for a in Author.select().prefetch(Author.bio)]",
    "[a.note for a in Author.select().prefetch(Author.note, Author.bio)]",
    "[p.author.bio for p in Post.select().prefetch(Author, Author.bio)]",
    "[len(a.posts) for a in Author.select()]",
    "[list(a.posts) for a in Author.select()]",
    "[bool(a.posts) for a in Author.select()]",
    "[p.title for a in Author.select() for p in a.posts]",
    "[sorted(a.posts, key=lambda p: p.n) for a in Author.select()]",
    "[list(a.posts.title) for a in Author.select()]",
    "[list(a.groups) for a in Author.select()]",
    "[a.posts.count() for a in Author.select().prefetch(Author.posts)]",
    "[a.posts.is_empty() for a in select(a for a in Author).prefetch(Author.posts)]",
    "[(len(a.posts), a.posts.count()) for a in Author.select()]",
    "[[t.name for t in p.tags] for p in Post.select()]",
    "[p.tags.count() for a in Author.select().prefetch(Author.posts, Post.tags) for p in a.posts]",
    "select((a, count(a.posts)) for a in Author)[:]",
    "select((a.name, a.bio) for a in Author)[:]",
    "select((a.name, a.profile.text) for a in Author)[:]",
    "select((a, a.profile) for a in Author)[:]",
    "select(a for a in Author if not a.posts.is_empty())[:]",
    "Author.select(lambda a: count(a.posts) > 1)[:]",
    "[a.posts.count() for a in [Author[1]]]",
    "Author[1].posts.count()",
    "Author.get(id=1).posts.select()[:]",
    "Author.select().first().bio",
    "[p.author.name for p in Author[1].posts]",
    "sum(p.n for p in Post)",
    "count(p for p in Post)",
    "Post.select().count()",
    "Post.select().sum() if False else None",
    "max(p.n for p in [Post[1]])",
]


@pytest.mark.parametrize("text", ALONE)
def test_what_sends_a_query_for_each_object_is_found(sent, found, text) -> None:
    assert sent(text) >= OBJECTS
    assert [code for _, code in found(text)] == ["L303"]


@pytest.mark.parametrize("text", TOGETHER)
def test_what_sends_few_queries_passes(sent, found, text) -> None:
    assert sent(text) <= FEW
    assert found(text) == []


FAILING = [
    text
    for text in WRONG
    if text.endswith(("# L611", "# L612", "# L611 L611"))
    and not re.search("def |class |lambda:|import", text)
]


@pytest.mark.parametrize("text", FAILING)
def test_an_error_is_sure_to_fail(sent, text) -> None:
    with pytest.raises((TypeError, AttributeError)):
        sent(text.partition("  #")[0])
