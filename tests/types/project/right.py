"""What is right: no type checker may object to a line of this."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, assert_type
from uuid import UUID

from components.blog import entities as blog
from components.blog.entities import Comment, Post, Size, Status, Tag
from components.people.entities import Admin, Passport, Person
from components.reviews.entities import Badge, Review
from components.shop.settings import ShopSettings
from pony.orm import (
    avg,
    commit,
    count,
    db_session,
    delete,
    desc,
    exists,
    flush,
    group_concat,
    left_join,
    max,
    min,
    raw_sql,
    rollback,
    select,
    sum,
)
from pony.orm.core import Query, SetInstance

from berceau.orm import UnitOfWork, db, run_unit, unit_of_work
from berceau.testing import AssertQueries, Migrator
from berceau.testing import Query as SentQuery
from berceau.web import MalformedError, Upload, is_blank


def values(post: Post, person: Person) -> None:
    assert_type(post.id, UUID)
    assert_type(post.title, str)
    assert_type(post.text, str)
    assert_type(post.summary, str)
    assert_type(post.status, Status)
    assert_type(post.size, Size | None)
    assert_type(post.price, Decimal | None)
    assert_type(post.rating, float)
    assert_type(post.pinned, bool)
    assert_type(post.due, date | None)
    assert_type(post.image, bytes | None)
    assert_type(post.scores, list[int])
    assert_type(post.created, datetime)
    assert_type(person.email, str | None)
    assert_type(person.nickname, str)
    assert_type(person.motto, str | None)
    assert_type(person.age, int | None)
    assert_type(person.languages, list[str])
    assert_type(post.extra, Any)
    name: str = post.extra["names"][0]
    post.extra["names"].append(name)


def relations(post: Post, comment: Comment, person: Person, tag: Tag) -> None:
    assert_type(post.author, Person)
    assert_type(post.author.name, str)
    assert_type(post.editor, Person | None)
    assert_type(comment.post.author.name, str)
    assert_type(comment.writer, Admin | None)
    assert_type(person.mentor, Person | None)
    assert_type(person.posts, SetInstance[Post])
    for student in person.students:
        assert_type(student, Person)
    assert_type([each.name for each in post.tags], list[str])
    assert_type(len(person.posts), int)
    assert_type(post.comments.count(), int)
    assert_type(person.posts.select(lambda p: p.title == "x").first(), Post | None)
    post.tags.add(tag)
    post.tags.add([tag])
    post.tags = [tag]
    post.tags.remove(tag)
    post.tags.clear()
    assert post not in tag.posts


def assignments(post: Post, person: Person) -> None:
    post.title = "A title"
    post.price = None
    post.price = Decimal("1.50")
    post.rating = 3
    post.status = Status.PUBLISHED
    post.author = person
    post.editor = None
    post.extra = {"names": ["Ada"], "count": 1}
    post.scores = [1, 2]
    person.motto = None
    post.set(title="A title", status=Status.DRAFT, editor=None, tags=[], scores=[3])


def inheritance() -> None:
    admin = Admin(name="Ada", level=1)
    assert_type(admin, Admin)
    assert_type(admin.name, str)
    assert_type(admin.level, int)
    assert_type(Admin.get(level=1), Admin | None)
    assert_type(Person.get(name="Ada"), Person | None)
    admin.set(level=2, name="Countess")
    Post(title="", slug="", text="", author=admin)


def construction(person: Person) -> None:
    post = Post(title="A title", slug="a-title", text="Some text", author=person)
    assert_type(post, Post)
    Post(
        title="A title",
        slug="a-title",
        text="Some text",
        author=person,
        editor=None,
        price=Decimal(1),
        extra=["a", 1, None],
        tags=[Tag(name="news")],
    )
    Passport(country="GB", number=1815)
    assert_type(Person(name="Ada", mentor=person, students=[person]), Person)


def by_key(key: UUID, person: Person) -> Post:
    post = Post[key]
    assert_type(post, Post)
    again = blog.Post[UUID(str(key))]
    assert_type(again, Post)
    passport = Passport["GB", 1815]
    assert_type(passport, Passport)
    first: Post = Post[key]
    tag = Tag["news"]
    assert_type(tag.name, str)
    assert_type(Post.get(author=person, slug="a"), Post | None)
    assert_type(Post.get(lambda p: p.title == "x"), Post | None)
    assert_type(Post.get_for_update(id=key), Post | None)
    assert_type(Post.exists(title="x", editor=None), bool)
    assert_type(Tag.get_or_create(name="news"), tuple[Tag, bool])
    assert_type(Tag.get_or_create(name="news", defaults={"posts": []}), tuple[Tag, bool])
    post, is_new = Post.upsert(
        id=key, defaults={"title": "A title", "size": None}, create_defaults={"slug": "a-title"}
    )
    assert_type(post, Post)
    assert_type(is_new, bool)
    assert_type(Tag.bulk_create([{"name": "news"}, {"name": "art"}]), list[str])
    assert_type(Comment.bulk_create([{"post": post, "text": "Yes"}]), list[int])
    names = ["news", "art"]
    Tag.bulk_create(({"name": name} for name in names), ignore_conflicts=True)
    return first or Post[key]


def queries(person: Person, titles: Sequence[str]) -> None:
    posts = select(p for p in Post if p.title.startswith("A") and p.author == person)
    assert_type(posts, Query[Post])
    assert_type(select(p.title for p in Post), Query[str])
    assert_type(select((p.author, count(p)) for p in Post), Query[tuple[Person, int]])
    assert_type(select((p, t) for p in Post for t in p.tags), Query[tuple[Post, Tag]])
    assert_type(left_join(p.author for p in Post), Query[Person])
    assert_type(Post.select(), Query[Post])
    assert_type(Post.select(lambda p: p.price is not None and p.price > 1), Query[Post])
    assert_type(posts.first(), Post | None)
    assert_type(posts.get(), Post | None)
    assert_type(list(posts), list[Post])
    assert_type(posts.limit(10, offset=20)[0], Post)
    assert_type(posts.page(2).to_list(), list[Post])
    assert_type(posts[:10][0].author, Person)
    assert_type(posts.count(), int)
    assert_type(posts.exists(), bool)
    assert_type(posts.delete(bulk=True), int)
    assert_type([p.title for p in posts.filter(lambda p: p.title in titles)], list[str])
    posts.where(lambda p: p.pinned).filter(pinned=True)
    posts.order_by(Post.title, desc(Post.created)).prefetch(Post.author, Person, Post.tags)
    posts.order_by(Post.status, desc(Post.status)).prefetch(Post.comments)
    posts.order_by(lambda p: (desc(p.created), p.title)).for_update()
    pairs = select((p.title, p.rating) for p in Post)
    pairs.order_by(lambda title, rating: desc(rating)).filter(lambda title, rating: rating > 1)
    lines = select((p.title, p.rating, p.created, p.status, p.author.name) for p in Post)
    ordered = lines.order_by(lambda title, _r, created, _s, _n: (desc(created), title))
    assert_type(ordered.first(), tuple[str, float, datetime, Status, str] | None)
    lines.sort_by(lambda *_: 1)
    for title, rating in pairs:
        assert_type(title, str)
        assert_type(rating, float)
    for each in Person.select_random(2):
        assert_type(each, Person)


def aggregates() -> None:
    assert_type(count(p for p in Post), int)
    assert_type(sum(p.rating for p in Post), float)
    assert_type(avg(p.rating for p in Post), float | None)
    assert_type(max(p.created for p in Post), datetime | None)
    assert_type(min(p.title for p in Post if p.pinned), str | None)
    assert_type(max([1, 2]), int)
    assert_type(select(p.rating for p in Post).sum(), float)
    assert_type(select(p.created for p in Post).max(), datetime | None)
    assert_type(select((p.author, max(p.created)) for p in Post), Query[tuple[Person, datetime]])
    assert_type(group_concat(p.title for p in Post), str | None)
    assert_type(exists(p for p in Post), bool)
    assert_type(delete(p for p in Post if raw_sql("random() < 1")), int)


@db_session
def decorated(number: int) -> str:
    return str(number)


@db_session(retry=3)
def retried() -> int:
    return 1


def sessions() -> None:
    assert_type(decorated(1), str)
    assert_type(retried(), int)
    with db_session:
        flush()
        commit()
        rollback()
    with db_session(serializable=True):
        db.execute("SELECT 1")
        db.flush()


def own_code(post: Post, person: Person) -> None:
    assert_type(post.heading, str)
    assert_type(post.publish(), Post)
    assert_type(person.greet(post.author), str)
    assert_type(person.label.upper(), str)
    assert_type(post.to_dict(only=["title"]), dict[str, Any])
    post.delete()


def sides_and_extensions(person: Person, post: Post, review: Review, tag: Tag) -> None:
    assert_type(post.reviews, SetInstance[Review])
    assert_type(person.rivalries.select(lambda each: each.text == ""), Query[Review])
    assert_type(person.liked.count(), int)
    assert_type(person.badge, Badge | None)
    assert_type(person.written, SetInstance[Review])
    person.written = [review]
    person.badge = None
    person.liked += [review]
    assert_type(person.best(), list[Review])
    assert_type(person.best(number=1)[0].critic, Person)
    assert_type(person.verdicts, list[str])
    assert_type(Person.critics(2), list[Person])
    assert_type(person.stars(2), str)
    assert_type(review.critic.written.count(), int)
    Person.select().prefetch(Person.written, Person.badge)
    select(p for p in Person if p.written)
    Person(name="Ada", written=[review], badge=None, rivalries=[])
    person.set(liked=[review])
    assert_type(Badge(holder=person, label="").label, str)
    tag.label().upper()
    assert_type(tag.comments, SetInstance[Review])
    assert_type(post.comments, SetInstance[Comment])


def public_names(assert_queries: AssertQueries, migrator: Migrator, upload: Upload) -> None:
    with unit_of_work(read_only=True) as unit:
        assert_type(unit, UnitOfWork)
    assert_type(run_unit(lambda: len(upload.value)), int)
    with assert_queries(3) as queries:
        assert_type(queries, list[SentQuery])
    assert_type(migrator.applied, tuple[str, ...])
    error: ValueError = MalformedError()
    assert_type(is_blank(str(error)), bool)


def component_settings() -> ShopSettings:
    settings = ShopSettings.current()
    assert_type(settings, ShopSettings)
    assert_type(settings.sender, str)
    assert_type(settings.port, int)
    assert_type(settings.patience, timedelta)
    assert_type(settings.currency, Literal["EUR", "CHF"])
    assert_type(settings.languages, tuple[str, ...])
    assert_type(settings.password, str | None)
    assert_type(settings.host, str)
    return ShopSettings(sender="ada@example.org", port=1, languages=("en", "de"))
