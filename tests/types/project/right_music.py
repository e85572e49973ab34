"""More of what people write with Pony, each on a line that no type checker may object to."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

from components.blog.entities import Comment, Post, Status, Tag
from components.music.entities import Album
from components.people.entities import Admin, Passport, Person
from components.shop.entities import (
    Buyer,
    Course,
    Group,
    Line,
    Pupil,
    Purchase,
    Shelf,
    Someone,
    Teacher,
    Ware,
)
from pony.orm import (
    JOIN,
    ObjectNotFound,
    avg,
    between,
    commit,
    concat,
    count,
    db_session,
    delete,
    desc,
    distinct,
    exists,
    flush,
    get,
    group_concat,
    left_join,
    max,
    min,
    raw_sql,
    rollback,
    select,
    show,
    sql_debug,
    sum,
)
from pony.orm.core import Query

from berceau.orm import db, run_unit, unit_of_work


def made(artist: Person, album: Album) -> None:
    assert_type(album.length, timedelta | None)
    assert_type(album.previous, Album | None)
    assert_type(album.shorten(), str)
    assert_type(album.total, int)
    album.length = None
    album.price = Decimal("1.5")
    album.price += 1
    album.year += 1
    album.title += "!"
    album.notes = "text"
    album.meta = {"a": [1, {"b": None}]}
    album.genres = ["rock"]
    album.genres.append("pop")
    album.length = timedelta(minutes=3)
    album.cover = b"bytes"
    if album.previous:
        assert_type(album.previous.title, str)
    if album.rating is not None and album.rating > 3:
        album.rating -= 1
    sorted(album.tracks, key=lambda track: track.number)
    [track.name for track in album.tracks if track.seconds > 30]
    {track.number: track for track in album.tracks}
    max(track.seconds for track in album.tracks)
    any(track.seconds for track in album.tracks)
    len(album.tracks)
    album.tracks.is_empty()
    album.tracks.count()
    album.delete()


def keys(key: UUID, name: str) -> None:
    person = Person[3]
    assert_type(person, Person)
    assert_type(Group[101].faculty, int)
    course = Course["Logic", 1]
    assert_type(course.name, str)
    line = Line[Purchase[1], Ware[2]]
    assert_type(line.amount, int)
    try:
        post = Post[key]
    except ObjectNotFound as error:
        print(error.entity, error.pkval)
    else:
        post.publish()
    assert_type(Admin[1].level, int)
    assert_type(person.get_pk(), Any)
    assert_type(Passport.get(country="GB", number=3), Passport | None)
    passport = Passport.get(number=3)
    if passport is not None:
        assert_type(passport.number, int)
    assert_type(Person.get(name=name) or Person(name=name), Person)
    assert_type(Ware.get_for_update(id=1, nowait=True), Ware | None)
    assert_type(Ware.get_for_update(lambda w: w.id == 1, skip_locked=True), Ware | None)
    assert_type(Ware.exists(name="a"), bool)
    assert_type(Ware.select_by_sql("SELECT * FROM ware"), list[Ware])
    assert_type(Ware.get_by_sql("SELECT * FROM ware WHERE id = $key"), Ware | None)
    assert_type(Ware.select_random(3)[0], Ware)
    assert_type(Ware.describe(), str)


def changed(post: Post, buyer: Buyer, key: UUID) -> None:
    post.set(title="a", rating=3, price=3)
    buyer.set(spouse=buyer, friends=[buyer], age=None)
    data = buyer.to_dict(only="name age", with_collections=True, related_objects=True)
    assert_type(data["name"], Any)
    buyer.to_dict(exclude=["age"], with_lazy=True)
    buyer.friends.add(buyer)
    buyer.friends -= buyer
    buyer.friends.remove([buyer])
    buyer.purchases.clear()
    buyer.purchases.load()
    buyer.load("name", "age")
    buyer.load(Buyer.name)
    buyer.flush()
    assert_type(buyer.friends.copy(), set[Buyer])
    assert_type(buyer.purchases.create(state="new", made=datetime.now(), total=3), Purchase)
    assert_type(buyer in buyer.friends, bool)
    assert_type(set(buyer.friends) | {buyer}, set[Buyer])
    Buyer.get_or_create(email="a", defaults={"name": "Ada", "country": "GB"})
    Buyer.upsert(email="a", defaults={"age": 3}, create_defaults={"name": "A", "country": "GB"})
    Buyer.bulk_create([{"email": "a", "name": "A", "country": "GB", "age": None}])
    Purchase.bulk_create(
        [{"state": "a", "made": datetime.now(), "total": Decimal(3), "buyer": buyer}]
    )
    delete(p for p in Purchase if p.state == "old")
    Purchase.select(lambda p: p.state == "old").delete()
    select(p for p in Purchase).delete(bulk=True)


def comparisons(since: date, names: list[str], buyer: Buyer, kind: str) -> None:
    select(b for b in Buyer if b.name in names)
    select(b for b in Buyer if b.name not in ("a", "b") and not b.age)
    select(b for b in Buyer if b.name.lower().startswith(kind) or b.name.upper() == kind)
    select(b for b in Buyer if kind in b.name and b.name.endswith("a"))
    select(b for b in Buyer if len(b.name) > 3 and b.name[0] == "A" and b.name[1:3] == "da")
    select(b for b in Buyer if b.name.strip() == kind)
    select(b for b in Buyer if 18 <= b.age <= 65)
    select(b for b in Buyer if b.age is None or b.age * 2 + 1 > 10)
    select(b for b in Buyer if b.spouse is not None and b.spouse.age > b.age)
    select(b for b in Buyer if b.spouse == buyer or b in buyer.friends)
    select(b for b in Buyer if buyer in b.friends)
    select(b for b in Buyer if b.purchases and not b.friends)
    select(p for p in Purchase if p.made.date() == since)
    select(p for p in Purchase if p.made.year == since.year and p.made.hour < 12)
    select(p for p in Purchase if p.shipped is None and p.total / 2 > 10)
    select(p for p in Purchase if abs(p.total) > 10 and round(p.total, 1) > 3)
    select(p for p in Purchase if p.total > 10.5)
    select(p for p in Purchase if p.total >= Decimal("10.5"))
    select(p for p in Post if p.status == Status.DRAFT and p.due < since)
    select(p for p in Post if p.due > date.today() - timedelta(days=3))
    select(p for p in Post if p.rating if p.pinned)
    select(p for p in Post if p.author.mentor.mentor.name == "Ada")
    select(p for p in Post if "news" in p.tags.name)
    select(p for p in Post for t in p.tags if t.name == "news")
    select(p for p in Post if JOIN("news" in p.tags.name))
    select(p for p in Post if p.tags.is_empty() or p.comments.count() > 3)
    select(p for p in Post if exists(c for c in p.comments if c.text == "a"))
    select(p for p in Post if p.editor.name == p.author.name)
    select(p for p in Post if (p.price or 0) > 3)
    select(p for p in Post if between(p.created, datetime.now(), datetime.now()))
    select(p for p in Post if p.id == UUID(int=0))
    select(w for w in Ware if w.words and "a" in w.words)
    select(w for w in Ware if w.points[0] > 3)
    select(w for w in Ware if 3 in w.points)
    select(w for w in Ware if len(w.words) > 2)
    select(w for w in Ware if w.picture is not None)
    select(x for x in Line if x.amount * x.price > x.ware.price)
    select(x for x in Line if x.amount % 2 == 0 and x.amount // 2 > 1 and x.amount**2 > 4)
    select(p for p in Someone if isinstance(p, Teacher) and p.degree == "PhD")
    select(s for s in Someone if s.kind == 2)
    select(str(x.amount) for x in Line)
    select(int(x.price) for x in Line)
    select(float(x.price) for x in Line)


def shapes() -> None:
    assert_type(select((b.name, b.age) for b in Buyer), Query[tuple[str, int | None]])
    assert_type(select(b.spouse for b in Buyer), Query[Buyer])
    assert_type(select(p.buyer for p in Purchase), Query[Buyer])
    assert_type(select(p.buyer.name for p in Purchase).first(), str | None)
    assert_type(select(b.purchases for b in Buyer), Query[Purchase])
    assert_type(select(b.age for b in Buyer).max(), int | None)
    assert_type(select(p.total for p in Purchase).sum(), Decimal)
    assert_type(select(p.total for p in Purchase).avg(), float | None)
    assert_type(select(p.made for p in Purchase).min(), datetime | None)
    assert_type(select(b.name for b in Buyer).group_concat(", "), str | None)
    assert_type(group_concat((b.name for b in Buyer), sep="-"), str | None)
    assert_type(count(b.name for b in Buyer), int)
    assert_type(select(b for b in Buyer).count(), int)
    assert_type(count(), int)
    assert_type(select(count() for b in Buyer).first(), int | None)
    assert_type(get(b for b in Buyer if b.id == 1), Buyer | None)
    assert_type(get(b.name for b in Buyer if b.id == 1), str | None)
    assert_type(select((b, count(p)) for b in Buyer for p in b.purchases), Query[tuple[Buyer, int]])
    assert_type(
        select((p.buyer, sum(p.total), max(p.made)) for p in Purchase),
        Query[tuple[Buyer, Decimal, datetime]],
    )
    assert_type(
        select((p.made.year, p.made.month, count(p)) for p in Purchase).first(),
        tuple[int, int, int] | None,
    )
    assert_type([b.name for b in select(b for b in Buyer)], list[str])
    assert_type({b.id: b for b in Buyer.select()}, dict[int, Buyer])
    assert_type(dict(select((b.id, b.name) for b in Buyer)), dict[int, str])
    assert_type(list(select(b.name for b in Buyer)), list[str])
    names, *_ = select(b.name for b in Buyer)[:3]
    assert_type(names, str)
    assert_type(Buyer.select().page(1, 20)[0], Buyer)
    assert_type(Buyer.select().fetch(limit=3)[0].name, str)
    for number, buyer in enumerate(Buyer.select(), 1):
        print(number, buyer.name)
    for buyer, purchase in select((b, p) for b in Buyer for p in b.purchases):
        print(buyer.name, purchase.total)
    left_join((b, count(p)) for b in Buyer for p in b.purchases)
    distinct(b.name for b in Buyer)
    select(concat(b.name, " ", b.age) for b in Buyer)
    select(b.name + " " + b.country for b in Buyer)
    select("yes" if b.age > 18 else "no" for b in Buyer)
    select(f"{b.name}" for b in Buyer)
    select(b.name for b in Buyer if b.age == max(x.age for x in Buyer))
    select(b for b in Buyer if count(p for p in b.purchases if p.total > 3) > 2)
    min(b.name for b in Buyer)
    show(Buyer.select())
    Buyer.select().show()


def orders(buyers: Query[Buyer], column: str) -> None:
    buyers.order_by(Buyer.name)
    buyers.order_by(Buyer.name, desc(Buyer.age))
    buyers.order_by(lambda b: b.name)
    buyers.order_by(lambda b: (b.name, desc(b.age)))
    buyers.order_by(lambda b: count(b.purchases))
    buyers.order_by("b.name")
    buyers.order_by("lambda b: desc(b.name)")
    buyers.order_by(1)
    buyers.order_by(None)
    buyers.order_by(desc(1))
    buyers.order_by(lambda b: getattr(b, column))
    buyers.order_by(lambda b: b.spouse.name)
    buyers.sort_by(lambda b: b.age)
    buyers.random(3)
    buyers.filter("b.age > 18")
    buyers.filter(lambda b: b.age > 18 and b.name)
    buyers.where(name="a", spouse=None)
    buyers.where(lambda b: raw_sql("b.age > 3"))
    buyers.prefetch(Buyer.purchases, Purchase, Buyer.spouse)
    buyers.for_update(skip_locked=True).limit(3)
    buyers.without_distinct().order_by(Buyer.id)
    assert_type(buyers.get_sql(), str)
    if buyers.exists():
        assert_type(len(buyers), int)
    page = buyers.order_by(Buyer.id)[10:20]
    assert_type(page[0].age, int | None)
    Buyer.select(lambda b: b.age > 3).order_by(Buyer.age).first()
    Buyer.select().filter(lambda b: b.age).order_by(Buyer.age.desc)[:3].to_list()


def sessions() -> None:
    with unit_of_work() as unit:
        with unit.savepoint():
            Tag(name="a")
        flush()
        commit()
    with unit_of_work(read_only=True):
        Tag.select()[:]
    run_unit(lambda: Tag(name="b"))
    sql_debug(True)
    rollback()
    with db_session(optimistic=False, strict=True):
        db.select("SELECT 1")
    db.execute("UPDATE x SET a = $a")
    db.get("SELECT 1")
    db.exists("SELECT 1")
    db.insert("tag", name="a")


@db_session
def one(number: int) -> Comment:
    return Comment[number]


def documents(ware: Ware, path: str) -> None:
    ware.details["a"]["b"] = 1
    ware.details = {"a": {"b": 2}}
    ware.details = [1, 2, 3]
    ware.labels = None
    select(w for w in Ware if w.details["a"]["b"] == 1)
    select(w for w in Ware if w.details["tags"][0] == "x" or w.details[path] is not None)
    select(w for w in Ware if "x" in w.details)
    select(w for w in Ware if "x" in w.details["tags"] and w.details["n"] > 3)
    select(w.details["a"] for w in Ware)
    select((w.name, w.details["a"]["b"]) for w in Ware).first()
    select(w for w in Ware if len(w.details["tags"]) > 3)
    select(w for w in Ware if w.details == {"a": 1})
    select(w for w in Ware if w.labels["x"] != w.details["y"])
    Ware.select(lambda w: w.details["a"] > 3).order_by(lambda w: w.details["a"])
    ware.points = [1, 2]
    ware.points.append(3)
    if ware.words:
        ware.words[0].upper()
    Shelf.select(lambda s: s.wares.select(lambda w: w.price > 3))
    Shelf.select(lambda s: max(s.wares.price) > 3)
    Shelf.select(lambda s: exists(w for w in s.wares if w.price > 3))
    select((s, sum(s.wares.price)) for s in Shelf)
    select((s.name, count(w), avg(w.price)) for s in Shelf for w in s.wares)
    select(s for s in Shelf if sum(w.stock * w.price for w in s.wares) > 100)
    select(p for p in Pupil if p.group.number == 1).order_by(Pupil.name)
    select(p for p in Pupil if p.mentor.degree == "PhD")
    select(p for p in Pupil if "Logic" in (c.name for c in p.courses))
