"""Albums and their tracks, with every kind of option."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from components.people.entities import Person
from pony.orm import (
    Json,
    LongStr,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    composite_index,
    composite_key,
    sum,
)

from berceau.orm import db


class Album(db.Entity):
    """Every kind of option."""

    _table_ = "album"
    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, 120, index=True)
    code = Required(str, unique=True, py_check=lambda code: code.isupper())
    year = Required(int, min=1900, max=2100, size=16)
    price = Required(Decimal, precision=8, scale=2, default=Decimal("9.99"))
    rating = Optional(float, min=0.0, max=5.0)
    released = Required(date, default=date.today)
    length = Optional(timedelta)
    notes = Optional(LongStr, lazy=True)
    meta = Optional(Json)
    genres = Optional(StrArray)
    active = Required(bool, default=True, sql_default="true")
    made = Required(datetime, default=lambda: datetime.now(UTC), volatile=True)
    cover = Optional(bytes, lazy=True)
    artist = Required(Person, reverse="albums", index="album_artist", cascade_delete=False)
    tracks = Set("Track", cascade_delete=True)
    previous = Optional("Album", reverse="following")
    following = Optional("Album", reverse="previous")
    composite_index(year, title)
    composite_key(artist, title)

    def before_insert(self) -> None:
        self.title = self.title.strip()

    def after_update(self) -> None:
        self.artist.nickname = self.title

    def before_delete(self) -> None:
        for track in self.tracks:
            track.delete()

    @property
    def total(self) -> int:
        return sum(track.seconds for track in self.tracks)

    @classmethod
    def by_code(cls, code: str) -> "Album | None":
        return cls.get(code=code)

    def shorten(self, limit: int = 10) -> str:
        return self.title[:limit]


class Track(db.Entity):
    album = Required(Album)
    number = Required(int)
    name = Required(str)
    seconds = Required(int, default=0)
    PrimaryKey(album, number)

    def __str__(self) -> str:
        return f"{self.album.title}: {self.name}"
