"""API views that show entities: what a model reads of them, pages of them, and their queries."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pony.orm import desc, select
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pyramid.config import Configurator
from pyramid_retry import RetryableException
from webtest import TestApp

from berceau.errors import ConflictError, DatabaseError
from berceau.orm.session import unit_of_work
from berceau.web.api import (
    CursorQuery,
    Int32,
    Int64,
    NaiveTime,
    NonBlankStr,
    NumberedPage,
    NumberedQuery,
    Page,
    UtcDatetime,
    cursor_page,
    numbered_page,
)
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class PostLine(BaseModel):
    id: UUID
    title: str
    status: DemoPostStatus


class Author(BaseModel):
    name: str
    posts: list[PostLine]


class Post(BaseModel):
    title: str
    author: Author


@pytest.fixture
def serve_api(db, running, tmp_path) -> Callable[..., TestApp]:  # noqa: ARG001 (the database is db's, and started)
    """Return a function that serves one API view at the root."""

    def serve_api(view, **options) -> TestApp:
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        config.add_route("root", "/")
        config.add_api_view(view, route_name="root", request_method="GET", **options)
        return TestApp(config.make_wsgi_app())

    return serve_api


def add_posts(*names: str, per_author: int = 1) -> None:
    """Write posts, some at the same moment: one a minute by each author."""
    with unit_of_work():
        for name in names:
            author = DemoUser(name=name, email=f"{name}@example.org")
            for number in range(per_author):
                moment = NOON + timedelta(minutes=number)
                DemoPost(title=f"{name}{number}", content="x", author=author, created_at=moment)


def test_a_model_reads_an_entity_its_relations_and_sets(serve_api) -> None:
    add_posts("ada", per_author=2)
    app = serve_api(lambda _: DemoPost.get(title="ada1"), returns=Post)
    shown = app.get("/").json
    assert shown["author"]["name"] == "ada"
    assert {post["title"] for post in shown["author"]["posts"]} == {"ada0", "ada1"}
    assert shown["author"]["posts"] == sorted(shown["author"]["posts"], key=lambda each: each["id"])
    assert set(shown["author"]) == {"name", "posts"}  # what the model doesn't name isn't shown


def test_with_prefetch_the_queries_do_not_grow_with_the_rows(serve_api, berceau_worker) -> None:
    add_posts(*"abc", per_author=3)

    def authors(_) -> list[Author]:
        return DemoUser.select().order_by(DemoUser.name).prefetch(DemoUser.posts)

    app = serve_api(authors)
    ran = []
    for _ in range(2):
        with berceau_worker.recorder.record() as queries:
            found = app.get("/").json
        ran.append(len(queries))
        if len(ran) == 1:
            add_posts(*"defghi", per_author=3)
    assert [(each["name"], len(each["posts"])) for each in found] == [(c, 3) for c in "abcdefghi"]
    assert ran[0] == ran[1]


def test_an_error_of_the_database_passes_as_it_is(serve_api) -> None:
    class Broken(BaseModel):
        title: str

    @dataclass
    class Row:
        @property
        def title(self) -> str:
            raise ConflictError("Two of one title.")

    serve_api(lambda _: Row(), returns=Broken).get("/", status=409)


def test_a_new_entity_has_its_key_and_its_conflicts_before_it_is_shown(serve_api) -> None:
    class Named(BaseModel):
        name: str

    add_posts("ada")
    app = serve_api(lambda _: DemoUser(name="ada", email="other@example.org"), returns=Named)
    assert app.get("/", status=409).json["attributes"] == ["name"]


def test_a_missing_entity_is_null_where_the_type_allows_it(serve_api) -> None:
    app = serve_api(lambda _: DemoPost.get(title="none"), returns=Post | None)
    assert app.get("/").json is None


def newest(_, query: CursorQuery) -> Page[PostLine]:
    return cursor_page(DemoPost.select(), query, desc(DemoPost.created_at))


def titles_by_cursor(app: TestApp, limit: int) -> list[list[str]]:
    """Return the titles of all pages, as a client follows them."""
    pages, cursor = [], ""
    while cursor is not None:
        sent = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        found = app.get("/", sent).json
        pages.append([post["title"] for post in found["items"]])
        cursor = found["next"]
    return pages


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (desc(DemoPost.created_at), "2"),
        (DemoPost.created_at, "0"),
        (DemoPost.id, None),
        (desc(DemoPost.id), None),
        (DemoPost.title, "0"),
        (DemoPost.status, None),
    ],
)
def test_pages_by_cursor_have_each_item_once(serve_api, order, first) -> None:
    add_posts(*"abc", per_author=3)

    def listed(_, query: CursorQuery) -> Page[PostLine]:
        return cursor_page(DemoPost.select(), query, order)

    app = serve_api(listed)
    pages = titles_by_cursor(app, 2)
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert len({title for page in pages for title in page}) == 9
    assert [title for page in pages for title in page] == titles_by_cursor(app, 100)[0]
    assert first is None or pages[0][0].endswith(first)


QUERIES = {
    "ordered otherwise": lambda: DemoPost.select().order_by(DemoPost.title),
    "joined": lambda: select(post for user in DemoUser for post in user.posts if user.name > "a"),
    "by keywords": lambda: DemoPost.select(status="DRAFT"),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.usefixtures("db")
def test_any_query_for_entities_has_pages(name) -> None:
    add_posts("ada", "bob", per_author=2)
    titles, cursor = [], ""
    while cursor is not None:
        with unit_of_work():
            page = cursor_page(
                QUERIES[name](), CursorQuery(limit=3, cursor=cursor or None), desc(DemoPost.title)
            )
            titles += [post.title for post in page.items]
            cursor = page.next
    assert titles == ["bob1", "bob0", "ada1", "ada0"]


def test_a_page_by_cursor_is_one_query_that_an_index_answers(serve_api, assert_queries) -> None:
    add_posts("ada", per_author=5)
    app = serve_api(newest)
    cursor = app.get("/?limit=2").json["next"]
    with assert_queries(1) as ran:
        app.get("/", {"limit": 2, "cursor": cursor})
    assert '("dp"."created_at", "dp"."id") < (' in ran[0].text


def test_what_is_added_meanwhile_moves_no_item_to_another_page(serve_api) -> None:
    add_posts("ada", per_author=4)
    app = serve_api(newest)
    found = app.get("/?limit=2").json
    with unit_of_work():
        author = DemoUser.get(name="ada")
        DemoPost(title="newer", content="x", author=author, created_at=NOON + timedelta(days=1))
    rest = app.get("/", {"cursor": found["next"]}).json
    assert [post["title"] for post in found["items"] + rest["items"]] == [
        *("ada3", "ada2", "ada1", "ada0")
    ]


def as_cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        *(
            "x",
            "",
            "é",
            "====",
            "a" * 4096,
            as_cursor("[]"),
            as_cursor("{}"),
            as_cursor("[" * 9999),
        ),
        as_cursor('["DemoPost.created_at.id-", 1, 2]'),
        as_cursor('["DemoPost.created_at.id-", "2026-01-02T03:04:05Z"]'),
        as_cursor(f'["DemoPost.created_at.id", "2026-01-02T03:04:05Z", "{UUID(int=1)}"]'),
        as_cursor(f'["DemoPost.created_at.id-", "2026-01-02T03:04:05", "{UUID(int=1)}"]'),
        as_cursor(f'["DemoPost.created_at.id-", "9999-12-31T23:59:59-23:00", "{UUID(int=1)}"]'),
    ],
)
def test_a_wrong_cursor_is_a_mistake_of_the_request(serve_api, cursor) -> None:
    add_posts("ada")
    found = serve_api(newest).get("/", {"cursor": cursor}, status=422).json
    assert [error["parameter"] for error in found["errors"]] == ["cursor"]


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_a_cursor_with_text_that_can_not_be_stored_is_a_mistake_of_the_request(
    serve_api, text
) -> None:
    def by_title(_, query: CursorQuery) -> Page[PostLine]:
        return cursor_page(DemoPost.select(), query, DemoPost.title)

    cursor = as_cursor(f'["DemoPost.title.id", "a{text}", "{UUID(int=1)}"]')
    found = serve_api(by_title).get("/", {"cursor": cursor}, status=422).json
    assert [error["parameter"] for error in found["errors"]] == ["cursor"]


def test_pages_by_number_tell_how_many_items_there_are(serve_api, assert_queries) -> None:
    add_posts("ada", per_author=5)

    def numbered(_, query: NumberedQuery) -> NumberedPage[PostLine]:
        return numbered_page(DemoPost.select().order_by(DemoPost.title), query)

    app = serve_api(numbered)
    with assert_queries(2):
        found = app.get("/?limit=2").json
    assert (found["total"], found["next"], len(found["items"])) == (5, 2, 2)
    found = app.get("/?limit=2&page=3").json
    assert (found["next"], [post["title"] for post in found["items"]]) == (None, ["ada4"])
    assert app.get("/?page=1000000&limit=100").json == {"items": [], "next": None, "total": 5}
    app.get("/?page=0", status=422)
    app.get("/?limit=101", status=422)


@pytest.mark.parametrize(
    ("order", "message"),
    [(DemoPost.author, "DemoPost.author"), (DemoUser.posts, "posts"), ("title", "by an attribute")],
)
@pytest.mark.usefixtures("db")
def test_an_order_that_has_no_place_for_each_row_is_refused(order, message) -> None:
    with unit_of_work(), pytest.raises(DatabaseError, match=message) as caught:
        cursor_page(DemoPost.select(), CursorQuery(), order)
    assert caught.value.cure


def test_a_request_that_runs_again_reads_its_body_again(db, running, tmp_path) -> None:  # noqa: ARG001
    attempts = []

    def add(_, body: PostLine) -> str:
        attempts.append(body.title)
        if len(attempts) < 2:
            raise RetryableException("somebody else is busy")
        return body.title

    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    config.add_route("root", "/")
    config.add_api_view(add, route_name="root", request_method="POST", token_api=True)
    app = TestApp(config.make_wsgi_app())
    sent = {"id": str(UUID(int=1)), "title": "x" * 100_000, "status": "DRAFT"}
    assert app.post_json("/", sent).json == sent["title"]
    assert attempts == [sent["title"]] * 2


class Held(BaseModel):
    """The types whose values an attribute can hold."""

    text: NonBlankStr = Field(max_length=5)
    number: Int32
    large: Int64
    moment: UtcDatetime
    hour: NaiveTime


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("text", value) for value in ("", " ", "\u200b", "\u3164", "abcdef")),
        *(("number", value) for value in (2**31, -(2**31) - 1, 10**30, 1.5, True)),
        *(("large", value) for value in (2**63, -(2**63) - 1)),
        *(("moment", value) for value in ("2026-01-02T03:04:05", "soon", 0)),
        ("moment", "0001-01-01T00:00:00+14:00"),
        ("moment", "9999-12-31T23:59:59-14:00"),
        *(("hour", value) for value in ("12:00Z", "12:00:00+02:00", "24:00", "12:00\n", 12)),
        *(("hour", value) for value in ("12:00:00.1234567", "12:00:00,5", "12:00:00.", "3600")),
    ],
)
def test_what_no_attribute_can_hold_is_a_mistake_of_its_field(name, value) -> None:
    fits = {"text": "x", "number": 1, "large": 1, "moment": "2026-01-02T03:04:05Z", "hour": "12:00"}
    Held.model_validate_json(json.dumps(fits), strict=True)
    with pytest.raises(ValidationError) as caught:
        Held.model_validate_json(json.dumps({**fits, name: value}), strict=True)
    assert [each["loc"] for each in caught.value.errors()] == [(name,)]


@pytest.mark.parametrize("value", ["0001-01-01T14:00:00+14:00", "9999-12-31T23:59:59.999999Z"])
@pytest.mark.usefixtures("db")
def test_what_fits_is_stored(value) -> None:
    moment = TypeAdapter(UtcDatetime).validate_python(value)
    with unit_of_work():
        DemoUser(name="ada", email="a@example.org", created_at=moment)
    with unit_of_work():
        assert DemoUser.get(name="ada").created_at == moment
