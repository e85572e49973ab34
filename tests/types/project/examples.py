"""What Pony documents, each on a line that no type checker may object to."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, assert_type

from components.shop.entities import (
    Buyer,
    Course,
    Group,
    Line,
    Noted,
    Pupil,
    Purchase,
    Shelf,
    Someone,
    Teacher,
    Ware,
)
from pony.orm import (
    JOIN,
    avg,
    between,
    coalesce,
    concat,
    count,
    desc,
    distinct,
    exists,
    group_concat,
    left_join,
    max,
    min,
    raw_sql,
    select,
    sum,
)
from pony.orm.core import Query


def entities(person: Someone) -> None:
    assert_type(person.id, int)
    if isinstance(person, Teacher):
        assert_type(person.degree, str)
    elif isinstance(person, Pupil):
        assert_type(person.grade, Decimal | None)
    assert_type(select(p for p in Someone if not isinstance(p, Pupil)), Query[Someone])
    select(b.spent for b in Buyer)
    select(b for b in Buyer if b.spent > 100)
    sum(b.spent for b in Buyer)


def queries(country: str, name: str) -> None:
    rich = select(b for b in Buyer if sum(p.total for p in b.purchases) > 1000)
    assert_type(rich, Query[Buyer])
    select(b for b in Buyer if sum(b.purchases.total) > 1000)
    adults = rich.filter(lambda b: b.age > 18)
    assert_type(select(b.name for b in adults if b.country == "Canada").first(), str | None)
    select((b, sum(b.purchases.total)) for b in Buyer if sum(b.purchases.total) > 1000)
    Buyer.select(lambda b: sum(b.purchases.total) > 1000)
    Buyer.select(lambda b: b.country == country)
    Buyer.select(country=country, name=name).filter(age=3).where(email="a")
    assert_type(select((b.country, count(b)) for b in Buyer), Query[tuple[str, int]])
    assert_type(max(w.price for w in Ware), Decimal | None)
    max(w.price for w in Ware for s in w.shelves if s.name == "Drives")
    Ware.select().order_by(desc(Ware.price))[:3]
    Ware.select().order_by(Ware.price.desc, Ware.name)
    Ware.select(lambda w: w.stock == 0)
    Ware.select().order_by(lambda w: desc(sum(w.lines.amount))).first()
    Ware.select(lambda w: not w.lines)
    Buyer.select(lambda b: count(b.purchases) > 1 and len(b.purchases) > 1)
    Buyer.select().order_by(lambda b: desc(sum(b.purchases.total)))[:3]
    Buyer.select(lambda b: "SHIPPED" in b.purchases.state)
    left_join(b for b in Buyer for p in b.purchases if p is None)
    select(
        b
        for b in Buyer
        for w in b.purchases.lines.ware
        if "Tablets" in w.shelves.name and count(w) > 1
    )
    select(avg(b.purchases.total) for b in Buyer)
    select(p for p in Purchase if p.buyer in select(b for b in Buyer if b.name.startswith("A")))[:]
    select(b for b in Buyer if getattr(b, name) == "John")
    select(b for b in Buyer if between(b.age, 18, 65))
    select(concat(b.name, " ", b.country) for b in Buyer)
    assert_type(select(coalesce(w.rating, 0.0) for w in Ware), Query[float])
    select(b.name for b in Buyer).without_distinct()
    select((b, p) for b in Buyer for p in b.purchases if p.state in ("new", "paid"))
    select(b for b in Buyer for p in b.purchases if p.state in ("new", "paid")).without_distinct()
    select(p for p in Purchase if exists(x for x in p.lines if x.amount > 1))
    select(sum(distinct(x.amount)) for x in Line)
    select(b for b in Buyer if JOIN("new" in b.purchases.state))
    select(b for b in Buyer if b.spouse.name == "Ada" and b.spouse.age > 3)
    select(b for b in Buyer if b.purchases.is_empty())
    Ware.exists(lambda w: w.price > 1000)
    Ware.get(lambda w: w.name.startswith("A") and w.rating >= 3)


def dates(days: int) -> None:
    select(p for p in Purchase if p.made >= datetime.now() - timedelta(days=days))[:]
    select(p for p in Purchase if p.made + timedelta(days=3) >= datetime.now())[:]
    select(p for p in Purchase if p.made.month == 12 and p.shipped.year == 2026)
    select(
        p for p in Purchase if p.shipped > datetime.now() and p.shipped - p.made > timedelta(days=1)
    )
    select(p for p in Purchase if p.made >= raw_sql("now() - '1 minute'::interval"))


def raw(x: int, y: date) -> None:
    select(b for b in Buyer if raw_sql('abs("b"."age") > 25'))
    Buyer.select(lambda b: raw_sql('abs("b"."age")') > x)
    select(raw_sql("(b.age)", result_type=date) for b in Buyer)[:]
    select(b for b in Buyer).filter(lambda b: b.age > raw_sql("$x"))
    Buyer.select().filter(raw_sql("b.age > $x"))
    Buyer.select().order_by(lambda b: raw_sql("SUBSTR(b.name, $x)"))
    Buyer.select().order_by(raw_sql("SUBSTR(b.name, $x)"))
    Ware.select_by_sql("SELECT * FROM ware WHERE price > $x", globals={"x": x}, locals={"y": y})


def aggregates(group: Group) -> None:
    sum(s.grade for s in Pupil if s.group.number == 101)
    count(s for s in Pupil if s.grade > 3)
    min(s.name for s in Pupil if "Logic" in s.courses.name)
    assert_type(max(s.born for s in Pupil if s.group.number == 101), date | None)
    avg(s.grade for s in Pupil if s.group.faculty == 44)
    group_concat(s.name for s in Pupil if s.group.number == 101)
    select(
        s
        for s in Pupil
        if s.group.number == 101 and s.born == max(p.born for p in Pupil if p.group.number == 101)
    )
    select(g for g in Group if avg(s.grade for s in g.pupils) > 4.5)
    select(g for g in Group if avg(g.pupils.grade) > 4.5 and max(g.pupils.grade) < 5)
    select((w, group_concat(w.shelves.name)) for w in Ware)
    select(sum(s.grade) for s in Pupil)
    assert_type(select(s.grade for s in Pupil).max(), Decimal | None)
    select(s.grade for s in Pupil).sum()
    select(s.grade for s in Pupil).avg()
    assert_type(
        select((s.group, min(s.grade), max(s.grade)) for s in Pupil),
        Query[tuple[Group, Decimal | None, Decimal | None]],
    )
    select((g, count(g.pupils)) for g in Group if g.faculty == 44)
    select((s.group, count(s)) for s in Pupil if s.group.faculty == 44)
    select(
        (
            g,
            count(s for s in g.pupils if s.grade <= 3),
            count(s for s in g.pupils if s.grade > 3 and s.grade <= 4),
        )
        for g in Group
    )
    select((s.group, count(s.grade <= 3), count(s.grade > 3 and s.grade <= 4)) for s in Pupil)
    left_join((g, count(s.grade <= 3), count(s.grade > 4)) for g in Group for s in g.pupils)
    select((s.born.year, avg(s.grade)) for s in Pupil)
    select((x.purchase, sum(x.price * x.amount)) for x in Line if x.purchase.id == 123)
    select((p, sum(p.lines.price * p.lines.amount)) for p in Purchase if p.id == 123)
    select((s.group, count(s)) for s in Pupil if s.group.faculty == 44 and avg(s.grade) > 4)
    select(
        (x.purchase, x.purchase.total, sum(x.price * x.amount))
        for x in Line
        if x.purchase.total < sum(x.price * x.amount)
    )
    select((s.group, avg(s.grade)) for s in Pupil).order_by(lambda s: desc(avg(s.grade)))
    select((s.group, avg(s.grade)) for s in Pupil).order_by(lambda group, grade: desc(grade))
    select((s.group, avg(s.grade)) for s in Pupil).filter(lambda group, grade: grade > 3)
    select((s.group, avg(s.grade)) for s in Pupil).order_by(-2)
    group.pupils.filter(lambda s: s.grade > 3)[:]
    group.pupils.order_by(Pupil.name).page(2, pagesize=3)
    group.pupils.order_by(lambda s: s.name).limit(3, offset=3)
    group.pupils.select(name="Ada").first()
    group.pupils.create(name="Ada")
    group.pupils.random(2)


def json(key: str, index: int, ware: Ware) -> None:
    Ware(
        name="Phone",
        price=3,
        stock=1,
        details={"size": 5.5, "colors": ["Black"], "jack": True},
        labels=["a", "b"],
    )
    ware.price = 4
    Ware.get(price=3)
    assert_type(ware.details, Any)
    ware.details["colors"].append("Silver")
    del ware.details["display"]
    Ware.select(lambda w: w.details["display"]["size"] > 5)
    Ware.select(lambda w: w.details[key]["resolution"][index] > 1000)
    Ware.select(lambda w: len(w.details["labels"]) > 2)
    Ware.select(lambda w: "resolution" in w.details["display"])
    Ware.select(lambda w: w.details["slot"] is None)
    select(w for w in Ware if w.details["display"]["touch"])
    select(w.details["display"] for w in Ware)
    select(w for w in Ware if "apple" in w.words and ["LCD", "SSD"] in w.words)
    select(w.words[2] for w in Ware)[:]
    select(w.words[:5] for w in Ware)[:]
    select(w for w in Ware if 5 in w.points and w.points[-1] > 3)


def collections(buyer: Buyer, other: Buyer, shelf: Shelf, ware: Ware, course: Course) -> None:
    buyer.friends.add(other)
    buyer.friends.remove([other])
    buyer.spouse = other
    shelf.wares += [ware]
    assert other in buyer.friends
    course.pupils.clear()


def annotated(noted: Noted) -> None:
    assert_type(noted.name, str)
    assert_type(noted.made, datetime)
    assert_type(noted.words, str | None)
    Noted(name="a", made=noted.made, words=None)
