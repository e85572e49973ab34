"""What is wrong: each marked line, and no other, must be objected to with the codes it names."""

# fmt: off
from datetime import date
from decimal import Decimal
from uuid import UUID

from components.blog import entities as blog
from components.blog.entities import Comment, Post, Size, Status, Tag
from components.people.entities import Admin, Passport, Person
from components.reviews.entities import Review
from components.shop.entities import Buyer, Group, Pupil, Purchase, Ware
from components.shop.settings import ShopSettings
from pony.orm import (
    Optional,
    Required,
    Set,
    avg,
    commit,
    count,
    db_session,
    desc,
    exists,
    group_concat,
    left_join,
    max,
    select,
    sum,
)
from pony.orm.core import Query

import berceau.orm
import berceau.testing
import berceau.web
from berceau import ComponentSettings, setting
from berceau.orm import db


def values(post: Post, person: Person, comment: Comment) -> None:
    post.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    post.title + 1  # mypy: operator; pyright: reportOperatorIssue
    person.email.upper()  # mypy: union-attr; pyright: reportOptionalMemberAccess
    post.size.name  # mypy: union-attr; pyright: reportOptionalMemberAccess
    post.author.posts.titles  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    post.editor.name  # mypy: union-attr; pyright: reportOptionalMemberAccess
    person.greet("Ada")  # mypy: arg-type; pyright: reportArgumentType
    number: int = post.title  # mypy: assignment; pyright: reportAssignmentType
    names: list[str] = person.posts  # mypy: assignment; pyright: reportAssignmentType
    comment.writer.level  # mypy: union-attr; pyright: reportOptionalMemberAccess
    person.level  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def assignments(post: Post, person: Person) -> None:
    post.title = 3  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.title = None  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.summary = None  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.status = "PUBLISHED"  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.author = None  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.author = person.id  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.price = 1.5  # mypy: call-overload; pyright: reportAttributeAccessIssue
    post.created = "2026-11-22"  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.scores = ["one"]  # mypy: list-item; pyright: reportAttributeAccessIssue
    person.settings = {"when": date(2026, 11, 22)}  # mypy: dict-item; pyright: reportAttributeAccessIssue
    post.id = UUID(int=0)  # mypy: assignment; pyright: reportAttributeAccessIssue
    post.heading = "A title"  # mypy: misc; pyright: reportAttributeAccessIssue
    post.tags = [person]  # mypy: list-item; pyright: reportAttributeAccessIssue
    post.tags.add("news")  # mypy: arg-type; pyright: reportArgumentType
    person.nickname = None  # mypy: assignment; pyright: reportAttributeAccessIssue


def changes(post: Post) -> None:
    post.set(titel="A title")  # mypy: call-arg; pyright: reportCallIssue
    post.set(title=None)  # mypy: arg-type; pyright: reportArgumentType
    post.set(status="DRAFT")  # mypy: arg-type; pyright: reportArgumentType
    post.set(id=UUID(int=0))  # mypy: call-arg; pyright: reportCallIssue
    post.set("A title")  # mypy: call-arg; pyright: reportCallIssue


def creation(post: Post) -> None:
    Tag.get_or_create(nmae="news")  # mypy: call-arg; pyright: reportCallIssue
    Tag.get_or_create(name=1)  # mypy: arg-type; pyright: reportArgumentType
    Post.get_or_create(id=post.id, defaults={"titel": "x"})  # mypy: misc; pyright: reportArgumentType
    Post.upsert(id=post.id, defaults={"status": "DRAFT"})  # mypy: typeddict-item; pyright: reportArgumentType
    Post.upsert(id=post.id, defaults={"id": post.id})  # mypy: misc; pyright: reportArgumentType
    Post.upsert(id=post.id, create_defaults={"price": 1.5})  # mypy: typeddict-item; pyright: reportArgumentType
    Post.get_or_create(id=post.id).title  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Comment.bulk_create([{"post": post}])  # mypy: typeddict-item; pyright: reportArgumentType
    Comment.bulk_create([{"post": post, "text": 1}])  # mypy: typeddict-item; pyright: reportArgumentType
    Tag.bulk_create([{"name": "news", "posts": []}])  # mypy: typeddict-item; pyright: reportArgumentType
    Tag.bulk_create({"name": "news"})  # mypy: dict-item; pyright: reportArgumentType


def construction(person: Person) -> None:
    Post(title="A title", slug="a-title", text="Some text")  # mypy: call-arg; pyright: reportCallIssue
    Post(title="A title", slug="a-title", text="Some text", author=person, sumary="")  # mypy: call-arg; pyright: reportCallIssue
    Post(title=1, slug="a-title", text="Some text", author=person)  # mypy: arg-type; pyright: reportArgumentType
    Post(title="A title", slug="a-title", text="Some text", author="Ada")  # mypy: arg-type; pyright: reportArgumentType
    Post(title="A title", slug="a-title", text="Some text", author=None)  # mypy: arg-type; pyright: reportArgumentType
    Post("A title", slug="a-title", text="Some text", author=person)  # mypy: call-arg; pyright: reportCallIssue
    Admin(name="Ada")  # mypy: call-arg; pyright: reportCallIssue
    Person(name="Ada", level=1)  # mypy: call-arg; pyright: reportCallIssue
    Passport(country="GB")  # mypy: call-arg; pyright: reportCallIssue
    Tag()  # mypy: call-arg; pyright: reportCallIssue
    Person(name="Ada", age="36")  # mypy: arg-type; pyright: reportArgumentType
    blog.Comment(text="Yes", post=person)  # mypy: arg-type; pyright: reportArgumentType


def finding(key: UUID, person: Person) -> Person:
    Post.get(titel="A title")  # mypy: call-arg; pyright: reportCallIssue
    Post.get(title=1)  # mypy: arg-type; pyright: reportArgumentType
    Post.get(id=str(key))  # mypy: arg-type; pyright: reportArgumentType
    Post.exists(author="Ada")  # mypy: arg-type; pyright: reportArgumentType
    Post.get(lambda p: p.titel == "A title")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Post.get(title="A title").title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    post = Post["a key"]  # mypy: index; pyright: reportArgumentType
    Passport["GB"]  # mypy: index; pyright: reportArgumentType
    Passport["GB", "1815"]  # mypy: index; pyright: reportArgumentType
    Post[key].titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Tag[1]  # mypy: index; pyright: reportArgumentType
    Post.gets(title="A title")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    return Post[key]  # mypy: return-value; pyright: reportReturnType


def queries(person: Person) -> None:
    select(p for p in Post if p.titel == "A title")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(p.titel for p in Post)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(p for p in person)  # mypy: attr-defined; pyright: reportGeneralTypeIssues
    Post.select(lambda p: p.author.nam == "Ada")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Post.select(lambda p: p.title).order_by(lambda p: desc(p.creatd))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Post.select().first().title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    Post.select()[0]  # mypy: index; pyright: reportArgumentType
    Post.select().prefetch("author")  # mypy: arg-type; pyright: reportArgumentType
    Post.select().limit("10")  # mypy: arg-type; pyright: reportArgumentType
    Post.select().order_by(Post.creatd)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Post.select().fist()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(p for p in Post).filter(lambda p: p.staus == Status.DRAFT)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select((p.title, p.rating) for p in Post).order_by(lambda title, rating: rating.upper())  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    sum(p.title for p in Post)  # mypy: type-var; pyright: reportArgumentType, reportCallIssue
    count(p.titel for p in Post)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    wanted: list[Person] = list(Post.select())  # mypy: arg-type; pyright: reportAssignmentType


@db_session(retries=3)  # mypy: call-overload, untyped-decorator; pyright: reportCallIssue
def session() -> None:
    commit("now")  # mypy: call-arg; pyright: reportCallIssue
    db.comit()  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def given(rating: "Rating") -> str:
    rating.starz  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    return rating.worth()


class Rating(db.Entity):
    post = Required("Pots")  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    stars = Required(int, uniqe=True)  # mypy: call-overload; pyright: reportCallIssue
    words = Required(str, default=1)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    tags = Set(Tag, cascade="delete")  # mypy: call-arg; pyright: reportCallIssue
    size = Optional(Size, default=1)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    title = Required(str, 20)
    place = Required(int)

    def worth(self) -> str:
        return self.place  # mypy: return-value; pyright: reportReturnType

    def first(self) -> str:
        return self.title.uper()  # mypy: attr-defined, no-any-return; pyright: reportAttributeAccessIssue


def sides_and_extensions(person: Person, post: Post, review: Review, tag: Tag) -> None:
    post.written  # mypy: call-overload; pyright: reportAttributeAccessIssue
    review.reviews  # mypy: call-overload; pyright: reportAttributeAccessIssue
    person.badge.label  # mypy: union-attr; pyright: reportOptionalMemberAccess
    person.badge = review  # mypy: assignment; pyright: reportAttributeAccessIssue
    person.written = [person]  # mypy: list-item; pyright: reportAttributeAccessIssue
    person.best("3")  # mypy: arg-type; pyright: reportArgumentType
    person.best(count=3)  # mypy: call-arg; pyright: reportCallIssue
    person.best()[0].txt  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    person.verdicts[0].uper()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    post.best()  # mypy: call-overload; pyright: reportAttributeAccessIssue
    review.label  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    tag.lable  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Person.critics("2")  # mypy: arg-type; pyright: reportArgumentType
    Person(name="Ada", written=[person])  # mypy: list-item; pyright: reportArgumentType
    person.set(reviews=[review])  # mypy: call-arg; pyright: reportCallIssue


def public_names() -> None:
    berceau.orm.unit_of_wrok  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    berceau.testing.Migrater  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    berceau.web.is_blanc  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def keys_that_pony_gives(person: Person, tag: Tag, buyer: Buyer) -> None:
    tag.id  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    person.id = 3  # mypy: assignment; pyright: reportAttributeAccessIssue
    buyer.id.upper()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    key: str = person.id  # mypy: assignment; pyright: reportAssignmentType
    Buyer["a"]  # mypy: index; pyright: reportArgumentType
    Buyer.get(id="a")  # mypy: arg-type; pyright: reportArgumentType
    Buyer.select(lambda b: b.id > "a")  # mypy: operator; pyright: reportOperatorIssue


def query_variables(posts: Query[Post], buyers: Query[Buyer]) -> None:
    select(b for b in Buyer if b.age > "old")  # mypy: operator; pyright: reportOperatorIssue
    select(b for b in Buyer if b.name > 3)  # mypy: operator; pyright: reportOperatorIssue
    select(b for b in Buyer for p in b.purchases if p.sate == "new")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(b for b in Buyer for p in b.purchases.lines if p.prize > 1)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(p for p in Purchase if p.made > 3)  # mypy: operator; pyright: reportOperatorIssue
    select(p for p in Purchase if p.shipped > "2026-11-22")  # mypy: operator; pyright: reportOperatorIssue
    select(w for w in Ware if w.name.uper() == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(w for w in Ware if sum(w.lines.prise) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(w for w in Ware if "a" in w.shelves.nam)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(b for b in Buyer if sum(p.totl for p in b.purchases) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(g for g in Group if avg(g.pupils.grad) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select((s.group, avg(s.grades)) for s in Pupil)  # mypy: arg-type, attr-defined; pyright: reportAttributeAccessIssue
    select(w for w in Ware if w.rating + "a" > 3)  # mypy: operator; pyright: reportOperatorIssue
    select(w.words.first for w in Ware)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    left_join(b.nam for b in Buyer)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    max(b.agee for b in Buyer)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    avg(b.name for b in Buyer)  # mypy: misc; pyright: reportArgumentType, reportCallIssue
    exists(b for b in Buyer if b.nam == "Ada")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.filter(lambda b: b.agee > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.where(lambda b: b.agee > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.filter(lambda b: b.age > "old")  # mypy: operator; pyright: reportOperatorIssue
    buyers.filter(agee=3)  # mypy: call-overload; pyright: reportCallIssue
    buyers.filter(age="old")  # mypy: call-overload; pyright: reportArgumentType
    buyers.where(agee=3)  # mypy: call-overload; pyright: reportCallIssue
    buyers.where(name=3)  # mypy: call-overload; pyright: reportArgumentType
    Buyer.select(agee=3)  # mypy: call-arg; pyright: reportCallIssue
    Buyer.select(name=3)  # mypy: arg-type; pyright: reportArgumentType
    Buyer.exists(lambda b: b.agee > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Buyer.get(lambda b: b.age > "old")  # mypy: operator; pyright: reportOperatorIssue


def order(buyers: Query[Buyer]) -> None:
    buyers.order_by(Ware.name)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyers.order_by(desc(Ware.name))  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyers.order_by(Ware.name.desc)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyers.order_by(Buyer.nam)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.order_by(Buyer)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyers.sort_by(lambda b: b.nam)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.sort_by(Ware.price)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyers.limit("10")  # mypy: arg-type; pyright: reportArgumentType
    buyers.limit(offset="10")  # mypy: arg-type; pyright: reportArgumentType
    buyers.page(1.5)  # mypy: arg-type; pyright: reportArgumentType
    buyers.page(1, pagesize="ten")  # mypy: arg-type; pyright: reportArgumentType
    buyers.random()  # mypy: call-arg; pyright: reportCallIssue
    buyers.for_update(nowait="yes")  # mypy: arg-type; pyright: reportArgumentType
    buyers.first().name  # mypy: union-attr; pyright: reportOptionalMemberAccess
    buyers.get().name  # mypy: union-attr; pyright: reportOptionalMemberAccess
    buyers[:3].name  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.exists().name  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.count().name  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyers.prefetch(3)  # mypy: arg-type; pyright: reportArgumentType
    buyers.without_distinkt()  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def results(buyers: Query[Buyer]) -> None:
    for age in select(b.age for b in Buyer):
        age + 1  # mypy: operator; pyright: reportOptionalOperand
    for name, grade in select((s.name, s.grade) for s in Pupil):
        grade + 1  # mypy: operator; pyright: reportOptionalOperand
    total: str = sum(p.total for p in Purchase)  # mypy: assignment; pyright: reportAssignmentType
    most: Decimal = max(p.total for p in Purchase)  # mypy: assignment; pyright: reportAssignmentType
    mean: float = avg(p.total for p in Purchase)  # mypy: assignment; pyright: reportAssignmentType
    number: str = count(b for b in Buyer)  # mypy: assignment; pyright: reportAssignmentType
    names: str = group_concat(b.name for b in Buyer)  # mypy: assignment; pyright: reportAssignmentType
    wares: list[Ware] = buyers[:]  # mypy: assignment; pyright: reportAssignmentType
    first: Buyer = buyers.first()  # mypy: assignment; pyright: reportAssignmentType
    pairs: Query[tuple[str, str]] = select((b.name, b.age) for b in Buyer)  # mypy: arg-type; pyright: reportAssignmentType
    there: str = exists(b for b in Buyer)  # mypy: assignment; pyright: reportAssignmentType


def collections(buyer: Buyer, ware: Ware, group: Group) -> None:
    buyer.friends.remove("Ada")  # mypy: arg-type; pyright: reportArgumentType
    buyer.friends = [ware]  # mypy: list-item; pyright: reportAttributeAccessIssue
    buyer.friends += [ware]  # mypy: list-item; pyright: reportOperatorIssue
    buyer.friends.append(buyer)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyer.purchases.create(sate="new")  # mypy: call-arg; pyright: reportCallIssue
    buyer.purchases.create(state="new")  # mypy: call-arg; pyright: reportCallIssue
    buyer.purchases.select(lambda p: p.sate == "new")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyer.purchases.filter(sate="new")  # mypy: call-overload; pyright: reportCallIssue
    buyer.purchases.select(total="much")  # mypy: call-overload; pyright: reportArgumentType
    buyer.purchases.order_by(Ware.name)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    buyer.purchases.order_by(lambda p: p.totl)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    buyer.purchases[0]  # mypy: index; pyright: reportIndexIssue
    group.pupils.page("1")  # mypy: arg-type; pyright: reportArgumentType
    group.number = 3  # mypy: assignment; pyright: reportAttributeAccessIssue
    for each in group.pupils:
        each.grade + 1  # mypy: operator; pyright: reportOptionalOperand
    buyer.age + 1  # mypy: operator; pyright: reportOptionalOperand
    buyer.spouse.name  # mypy: union-attr; pyright: reportOptionalMemberAccess
    ware.rating.hex()  # mypy: union-attr; pyright: reportOptionalMemberAccess
    ware.price = "3"  # mypy: call-overload; pyright: reportAttributeAccessIssue
    ware.price = None  # mypy: call-overload; pyright: reportAttributeAccessIssue
    ware.points = ["a"]  # mypy: list-item; pyright: reportAttributeAccessIssue
    ware.picture = "data"  # mypy: assignment; pyright: reportAttributeAccessIssue
    Ware(name="a", price=1.5, stock=1, details={})  # mypy: arg-type; pyright: reportArgumentType
    Ware(name="a", price=1, stock="1", details={})  # mypy: arg-type; pyright: reportArgumentType
    Ware(name="a", price=1, stock=1)  # mypy: call-arg; pyright: reportCallIssue
    Pupil(name="Ada")  # mypy: call-arg; pyright: reportCallIssue
    Pupil(name="Ada", group=3)  # mypy: arg-type; pyright: reportArgumentType
    buyer.set(age="old")  # mypy: arg-type; pyright: reportArgumentType
    buyer.set(agee=3)  # mypy: call-arg; pyright: reportCallIssue
    Buyer.selct()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Ware.select_random("2")  # mypy: arg-type; pyright: reportArgumentType


def component_settings() -> None:
    settings = ShopSettings.current()
    settings.prot  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    settings.port.upper()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    settings.password.upper()  # mypy: union-attr; pyright: reportOptionalMemberAccess
    settings.port = 26  # mypy: misc; pyright: reportAttributeAccessIssue
    ShopSettings(sender="x", currency="USD")  # mypy: arg-type; pyright: reportArgumentType
    ShopSettings()  # mypy: call-arg; pyright: reportCallIssue
    ShopSettings("ada@example.org")  # mypy: call-arg; pyright: reportCallIssue
    ShopSettings(sender="x", prot=1)  # mypy: call-arg; pyright: reportCallIssue
    ShopSettings(sender="x", port="1")  # mypy: arg-type; pyright: reportArgumentType


class WrongSettings(ComponentSettings):
    port: int = setting(default="25", help="a port")  # mypy: assignment; pyright: reportAssignmentType
    size: int = setting(default=1)  # mypy: call-overload; pyright: reportCallIssue
