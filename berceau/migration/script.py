"""A migration as a value: its name, its SQL, its checksum."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from berceau.errors import MigrationError, MigrationFileError
from berceau.migration.header import Header, parse

NAME = re.compile(r"(?P<timestamp>\d{14})_(?P<slug>[a-z0-9_]+)")
_TIMESTAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class Script:
    """One migration: ``name`` is that of its folder, ``sql`` the text of its ``migration.sql``."""

    name: str
    sql: str
    down: str = ""

    @cached_property
    def header(self) -> Header:
        """What it says of itself; raises ``MigrationFileError``."""
        return parse(self.sql)

    @property
    def checksum(self) -> str:
        """The SHA-256 of the SQL, line ends normalised: a git setting is no edit."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def check_name(name: str) -> str:
    """Return ``name`` if a migration's folder may be called so; raises ``MigrationFileError``."""
    with suppress(ValueError):
        if match := NAME.fullmatch(name):
            datetime.strptime(match["timestamp"], _TIMESTAMP)
            return name
    raise MigrationFileError(
        f"migrations/{name} is no migration's name.",
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
        previous = datetime.strptime(last[:14], _TIMESTAMP)
        moment = max(moment, previous + timedelta(seconds=1))
    return f"{moment.strftime(_TIMESTAMP)}_{slug}"
