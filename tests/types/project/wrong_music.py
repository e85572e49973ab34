"""More of what is wrong: each line, and no other, must be objected to with the codes it names."""

# fmt: off
from datetime import date, timedelta
from uuid import UUID

from components.blog.entities import Tag
from components.music.entities import Album, Track
from components.people.entities import Admin, Person
from components.shop.entities import (
    Course,
    Group,
    Line,
    Teacher,
)
from pony.orm import (
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    avg,
    between,
    coalesce,
    concat,
    count,
    db_session,
    delete,
    desc,
    exists,
    flush,
    get,
    group_concat,
    left_join,
    max,
    min,
    raw_sql,
    select,
    sum,
)
from pony.orm.core import Query

from berceau.orm import db, run_unit, unit_of_work


class Odd(db.Entity):
    one = Required(str, max_length=3)  # mypy: call-overload; pyright: reportCallIssue
    two = Required(int, defualt=3)  # mypy: call-overload; pyright: reportCallIssue
    three = Optional(float, default="3")  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    four = Required(StrArray, default=[1])  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    five = Required(str, unique="yes")  # mypy: call-overload; pyright: reportArgumentType, reportCallIssue
    six = Set(Tag, cascade_delete="yes")  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    seven = Required(Person, cascade="all")  # mypy: call-overload; pyright: reportCallIssue
    eight = Required(date, default="2026-01-01")  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    nine = PrimaryKey(int, auto="yes")  # mypy: call-overload; pyright: reportArgumentType, reportCallIssue
    ten = Required(list)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    eleven = Required(int, size=12)  # mypy: call-overload; pyright: reportArgumentType, reportCallIssue
    twelve = Required(str, py_check=3)  # mypy: call-overload; pyright: reportArgumentType, reportCallIssue
    thirteen = Required()  # mypy: call-overload; pyright: reportCallIssue
    fourteen = Set("Nowhere")  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    fifteen = Set(str)  # mypy: type-var; pyright: reportArgumentType, reportCallIssue
    sixteen = Optional(timedelta, default=3)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    seventeen = Required(bool, index=3)  # mypy: call-overload; pyright: reportArgumentType, reportCallIssue


def attributes(album: Album, track: Track, person: Person) -> None:
    album.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.title.foo()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.length.seconds  # mypy: union-attr; pyright: reportOptionalMemberAccess
    album.previous.title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    album.tracks.name  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.tracks[0]  # mypy: index; pyright: reportIndexIssue
    album.tracks.append(track)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.tracks.add(album)  # mypy: arg-type; pyright: reportArgumentType
    album.tracks = track.name  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.title = None  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.year = "1999"  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.price = 9.99  # mypy: call-overload; pyright: reportAttributeAccessIssue
    album.released = "2026-01-01"  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.length = 3  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.cover = "data"  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.artist = album  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.artist = 3  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.previous = track  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.genres = [1]  # mypy: list-item; pyright: reportAttributeAccessIssue
    album.genres = "rock"  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.active = "yes"  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.id = UUID(int=1)  # mypy: assignment; pyright: reportAttributeAccessIssue
    album.total = 3  # mypy: misc; pyright: reportAttributeAccessIssue
    album.shorten("3")  # mypy: arg-type; pyright: reportArgumentType
    album.shorten(lim=3)  # mypy: call-arg; pyright: reportCallIssue
    Album.by_code(3)  # mypy: arg-type; pyright: reportArgumentType
    Album.by_code("A").title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    year: str = album.year  # mypy: assignment; pyright: reportAssignmentType
    artist: Album = album.artist  # mypy: assignment; pyright: reportAssignmentType
    rating: float = album.rating  # mypy: assignment; pyright: reportAssignmentType
    names: list[int] = [each.name for each in album.tracks]  # mypy: misc; pyright: reportAssignmentType
    for each in album.tracks:
        each.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    sorted(album.tracks, key=lambda each: each.secs)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    person.albums.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    person.albums.select(lambda a: a.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.nothing = 3  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.tracks.sum()  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def creating(album: Album, person: Person) -> None:
    Album(title="A", code="A", year=1999)  # mypy: call-arg; pyright: reportCallIssue
    Album(title="A", code="A", year="1999", artist=person)  # mypy: arg-type; pyright: reportArgumentType
    Album(title="A", code="A", year=1999, artist=person, tracks=[person])  # mypy: list-item; pyright: reportArgumentType
    Album(title="A", code="A", year=1999, artist=person, total=3)  # mypy: call-arg; pyright: reportCallIssue
    Album("A", "A", 1999, person)  # mypy: call-arg; pyright: reportCallIssue
    Track(album=album, number="1", name="A")  # mypy: arg-type; pyright: reportArgumentType
    Track(album=album.id, number=1, name="A")  # mypy: arg-type; pyright: reportArgumentType
    Track(number=1, name="A")  # mypy: call-arg; pyright: reportCallIssue
    Album(**{"title": 3})  # mypy: arg-type; pyright: reportArgumentType
    Admin(name="A", level="1")  # mypy: arg-type; pyright: reportArgumentType
    Teacher(name="A")  # mypy: call-arg; pyright: reportCallIssue
    Line(amount=1, price=1, purchase=1, ware=1)  # mypy: arg-type; pyright: reportArgumentType
    Course(name="A", term="1")  # mypy: arg-type; pyright: reportArgumentType


def lookups(key: UUID) -> None:
    Album[3]  # mypy: index; pyright: reportArgumentType
    Album["a"]  # mypy: index; pyright: reportArgumentType
    Track[1]  # mypy: index; pyright: reportArgumentType
    Track[key, 1]  # mypy: index; pyright: reportArgumentType
    Line[1, 2]  # mypy: index; pyright: reportArgumentType
    Group["a"]  # mypy: index; pyright: reportArgumentType
    Album.get(key)  # mypy: arg-type; pyright: reportArgumentType
    Album.get(titel="A")  # mypy: call-arg; pyright: reportCallIssue
    Album.get(year="A")  # mypy: arg-type; pyright: reportArgumentType
    Album.get(title="A").year  # mypy: union-attr; pyright: reportOptionalMemberAccess
    Album.get(artist=3)  # mypy: arg-type; pyright: reportArgumentType
    Album.get(tracks=[])  # mypy: call-arg; pyright: reportCallIssue
    Album.get_for_update(titel="A")  # mypy: call-arg; pyright: reportCallIssue
    Album.get_for_update(id=key, nowait=3)  # mypy: arg-type; pyright: reportArgumentType
    Album.exists(yaer=1)  # mypy: call-arg; pyright: reportCallIssue
    Album.select(title=3)  # mypy: arg-type; pyright: reportArgumentType
    Album.select(lambda a: a.titel == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.select(lambda a: a.artist.nam == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.select(lambda a, b: a.title)  # mypy: arg-type, misc; pyright: reportArgumentType
    Album.get(lambda a: a.tracks.nam == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.find(title="A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.objects.all()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.all()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.query  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.select_random()  # mypy: call-arg; pyright: reportCallIssue
    Album.get_or_create("A")  # mypy: arg-type; pyright: reportArgumentType
    Album.get_or_create(code="A", defaults={"yaer": 1})  # mypy: misc; pyright: reportArgumentType
    Album.upsert(code="A", defaults={"year": "1"})  # mypy: typeddict-item; pyright: reportArgumentType
    Album.bulk_create([{"title": "A"}])  # mypy: typeddict-item; pyright: reportArgumentType
    Album.bulk_create([Album])  # mypy: list-item; pyright: reportArgumentType
    Album.get_or_create(code="A").year  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.select().foo  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    Album.select(3)  # mypy: arg-type; pyright: reportArgumentType
    found: Album = Album.get(title="A")  # mypy: assignment; pyright: reportAssignmentType
    keys: list[int] = Album.bulk_create([])  # mypy: assignment; pyright: reportAssignmentType


def changing(album: Album) -> None:
    album.set(titel="A")  # mypy: call-arg; pyright: reportCallIssue
    album.set(year="1")  # mypy: arg-type; pyright: reportArgumentType
    album.set(tracks="A")  # mypy: arg-type; pyright: reportArgumentType
    album.set({"title": "A"})  # mypy: arg-type, call-arg; pyright: reportCallIssue
    album.set(total=3)  # mypy: call-arg; pyright: reportCallIssue
    album.set(artist=None)  # mypy: arg-type; pyright: reportArgumentType
    album.to_dict(onyl="title")  # mypy: call-arg; pyright: reportCallIssue
    album.to_dict(with_collections=3)  # mypy: arg-type; pyright: reportArgumentType
    album.to_dict().title  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.to_dict()["title"].foo if album.shorten().foo else None  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.delete(True)  # mypy: call-arg; pyright: reportCallIssue
    album.save()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    album.flush(1)  # mypy: call-arg; pyright: reportCallIssue
    album.load(3)  # mypy: arg-type; pyright: reportArgumentType
    Album.delete()  # mypy: call-arg; pyright: reportCallIssue
    Album.load("title")  # mypy: arg-type; pyright: reportArgumentType
    album.before_insert(3)  # mypy: call-arg; pyright: reportCallIssue


def asking(since: date) -> None:
    select(a for a in Album if a.titel == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a.titel for a in Album)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.year > "1999")  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.title > 3)  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.released > 3)  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.released > "2026-01-01")  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.price > "3")  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.artist.nam == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.previous.titel == "A")  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if "rock" in a.tracks.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album for t in a.trakcs)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album for t in a.tracks if t.secs > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if sum(t.secs for t in a.tracks) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if count(a.trakcs) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if max(a.tracks.secs) > 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if exists(t for t in a.tracks if t.nam == "A"))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.title.startwith("A"))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.title.startswith(3))  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album if a.made.yaer == 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.year.month == 3)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.title + 3 == "A")  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if a.year in "1999")  # mypy: operator; pyright: reportOperatorIssue
    select(a for a in Album if between(a.yaer, 1, 2))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album if a.tracks.select(lambda t: t.nam))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in 3)  # mypy: attr-defined; pyright: reportGeneralTypeIssues
    select(Album)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    select((a.title, a.titel) for a in Album)  # mypy: arg-type, attr-defined; pyright: reportAttributeAccessIssue
    select((a, sum(t.secs)) for a in Album for t in a.tracks)  # mypy: arg-type, attr-defined; pyright: reportAttributeAccessIssue
    select(avg(a.titel) for a in Album)  # mypy: arg-type, attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).order_by(Track.name)  # mypy: arg-type; pyright: reportArgumentType, reportCallIssue
    select(a for a in Album).order_by(lambda a: a.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).order_by(Album.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).filter(lambda a: a.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).filter(titel="A")  # mypy: call-overload; pyright: reportCallIssue
    select(a for a in Album).where(year="A")  # mypy: call-overload; pyright: reportArgumentType
    select(a for a in Album).prefetch(Album.trakcs)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).prefetch("tracks")  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album).limit("3")  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album).page("1")  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album).random("3")  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album).first().title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    select(a for a in Album).get().title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    select(a for a in Album).titles  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).sum()  # mypy: misc; pyright: reportAttributeAccessIssue
    select(a.title for a in Album).sum()  # mypy: misc; pyright: reportAttributeAccessIssue
    select(a.title for a in Album).avg()  # mypy: misc; pyright: reportAttributeAccessIssue
    select(a.year for a in Album).first() + 1  # mypy: operator; pyright: reportOptionalOperand
    select(a for a in Album).all()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album).for_update(skip=True)  # mypy: call-arg; pyright: reportCallIssue
    select(a for a in Album).delete(bulk="yes")  # mypy: arg-type; pyright: reportArgumentType
    select(a for a in Album).count().foo  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    select(a for a in Album)["a"]  # mypy: index; pyright: reportArgumentType
    sum(a.title for a in Album)  # mypy: type-var; pyright: reportArgumentType, reportCallIssue
    sum(a for a in Album)  # mypy: type-var; pyright: reportArgumentType, reportCallIssue
    avg(a.title for a in Album)  # mypy: misc; pyright: reportArgumentType, reportCallIssue
    max(a.titel for a in Album)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    max(a.year for a in Album) + 1  # mypy: operator; pyright: reportOptionalOperand
    avg(a.year for a in Album) + 1  # mypy: operator; pyright: reportOptionalOperand
    min(a.year for a in Album).foo  # mypy: union-attr; pyright: reportAttributeAccessIssue, reportOptionalMemberAccess
    count(a.titel for a in Album)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    get(a for a in Album).title  # mypy: union-attr; pyright: reportOptionalMemberAccess
    get(a.titel for a in Album)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    delete(a for a in Album if a.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    exists(a for a in Album if a.titel)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    group_concat(a.titel for a in Album)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    group_concat((a.title for a in Album), separator=",")  # mypy: call-arg; pyright: reportCallIssue
    left_join(a for a in Album for t in a.trakcs)  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    left_join((a, count(t.nam)) for a in Album for t in a.tracks)  # mypy: arg-type, attr-defined; pyright: reportAttributeAccessIssue
    coalesce(3, 4).foo  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    concat("a", "b").foo  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    raw_sql(3)  # mypy: arg-type; pyright: reportArgumentType
    desc()  # mypy: call-overload; pyright: reportCallIssue
    total: str = sum(a.year for a in Album)  # mypy: assignment; pyright: reportAssignmentType
    pairs: list[tuple[int, str]] = list(select((a.title, a.year) for a in Album))  # mypy: arg-type; pyright: reportAssignmentType
    years: Query[str] = select(a.year for a in Album)  # mypy: arg-type; pyright: reportAssignmentType
    albums: list[Track] = select(a for a in Album)[:]  # mypy: assignment; pyright: reportAssignmentType
    number: str = count(a for a in Album)  # mypy: assignment; pyright: reportAssignmentType
    for title, year in select((a.title, a.year) for a in Album):
        title.foo  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    for one in select(a.artist for a in Album):
        one.titel  # mypy: attr-defined; pyright: reportAttributeAccessIssue


def session() -> None:
    with db_session(retries=3):  # mypy: call-overload; pyright: reportCallIssue
        flush(3)  # mypy: call-arg; pyright: reportCallIssue
    with unit_of_work(readonly=True):  # mypy: call-arg; pyright: reportCallIssue
        pass
    with unit_of_work() as unit:
        unit.savepont()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    run_unit(3)  # mypy: arg-type; pyright: reportArgumentType
    db.comit()  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    db.execute(3)  # mypy: arg-type; pyright: reportArgumentType
    db.select(3)  # mypy: arg-type; pyright: reportArgumentType
    db.Entiti  # mypy: attr-defined; pyright: reportAttributeAccessIssue
