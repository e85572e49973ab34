"""A migration as a value: its name, its SQL, its checksum."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from berceau.errors import MigrationError, MigrationFileError
from berceau.migration.header import Header, checksum, parse, without

if TYPE_CHECKING:
    from berceau.migration.transaction_groups import TransactionGroup

UP = "migration.sql"
DOWN = "down.sql"
DATA = "data.py"

NAME = re.compile(r"(?P<timestamp>[0-9]{14})_(?P<slug>[a-z0-9_]+)")
_TIMESTAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class Migration:
    """One migration: ``name`` is that of its folder, the rest are the texts of its files.

    ``data`` is Python that is run after ``sql``, or empty. It is in the ``folder``, from the
    project's.
    """

    name: str
    sql: str
    down: str = ""
    data: str = ""
    folder: str = field(default="migrations", compare=False, repr=False)

    @cached_property
    def header(self) -> Header:
        """What its header declares; raises ``MigrationFileError``."""
        return parse(self.sql)

    @property
    def is_generated(self) -> bool:
        """Whether its SQL is exactly what Berceau wrote: it wasn't written or edited by hand."""
        return self.header.generated == checksum(without(self.sql))

    @property
    def checksum(self) -> str:
        """The SHA-256 of SQL and Python, line ends normalised: a git setting is no edit."""
        text = f"{self.sql}\0{self.data}" if self.data else self.sql
        return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()

    @cached_property
    def groups(self) -> "tuple[TransactionGroup, ...]":
        """What applying it carries out; raises ``MigrationFileError`` with file and line."""
        # What takes SQL apart: commands that find nothing to apply start without it.
        from berceau.migration.transaction_groups import cut, python

        found = cut(self.sql, self.file(UP))
        if not self.data:
            return found
        return (*found, python(self.data, self.file(DATA), count(found) + 1))

    @cached_property
    def undoing(self) -> "tuple[TransactionGroup, ...]":
        """What undoing it carries out, nothing if it can't be undone; raises likewise."""
        from berceau.migration.transaction_groups import cut

        return cut(self.down, self.file(DOWN))

    @property
    def is_empty(self) -> bool:
        """Whether it does nothing, and wasn't meant to; False where it can't be read."""
        with suppress(MigrationFileError):
            return not self.groups and not self.is_generated
        return False

    def file(self, name: str) -> Path:
        """Return the path of its file called ``name``, from the project's folder."""
        return Path(self.folder, self.name, name)


def count(groups: "Sequence[TransactionGroup]") -> int:
    """Return how many statements ``groups`` have; they are all those of a file."""
    return groups[-1].last if groups else 0


def check_name(name: str) -> str:
    """Return ``name`` if a migration's folder may be called so; raises ``MigrationFileError``."""
    with suppress(ValueError):
        if NAME.fullmatch(name):
            _moment(name)
            return name
    raise MigrationFileError(
        f"migrations/{name} isn't a migration's name.",
        cure="Call it <YYYYMMDDHHMMSS>_<name>, lower-case letters, digits and underscores.",
    )


def new_name(slug: str, now: datetime, last: str | None) -> str:
    """Return the name of a new migration; it sorts after ``last`` even if the clock is behind.

    ``now`` is an aware datetime in UTC. Raises ``MigrationError`` for a slug that can't be.
    """
    if not re.fullmatch(r"[a-z0-9_]+", slug):
        raise MigrationError(
            f"A migration can't be named {slug!r}.",
            cure="Use lower-case letters, digits and underscores: --name add_tags",
        )
    moment = now.replace(tzinfo=None)
    if last is not None:
        moment = max(moment, _moment(last) + timedelta(seconds=1))
    return f"{moment.strftime(_TIMESTAMP)}_{slug}"


def name_before(slug: str, following: str) -> str:
    """Return a name that sorts before the migration ``following``; raises as ``check_name``."""
    moment = _moment(following) - timedelta(seconds=1)
    return check_name(f"{moment.strftime(_TIMESTAMP)}_{slug}")


def _moment(name: str) -> datetime:
    hour, minute, second = (int(name[start : start + 2]) for start in (8, 10, 12))
    return datetime.combine(date.fromisoformat(name[:8]), time(hour, minute, second))
