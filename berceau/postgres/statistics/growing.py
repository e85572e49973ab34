"""The files of a clone's relations made as large, and its B-trees as high, as the source's."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from berceau.errors import ServerError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.embedded.account import Account
from berceau.postgres.statistics.pages import PAGE, raised, with_checksum

# What is partitioned has no file: its partitions have.
_FILES = """
SELECT oid::int8, pg_relation_filepath(oid),
       CASE WHEN height > 0 THEN get_raw_page(oid::regclass::text, 0) END
FROM unnest(%s::oid[], %s::int[]) AS given (oid, height)
WHERE pg_relation_filepath(oid) IS NOT NULL
"""


@dataclass(frozen=True)
class Growth:
    """How many ``blocks`` the relation ``oid`` is to have, and how many levels above its leaves."""

    oid: int
    blocks: int
    height: int = 0


class Grower:
    """Grows relations of one database of the server whose data is in the folder ``data``.

    The ``connection`` is a superuser's, and finds pageinspect and pg_buffercache. Files are
    sparse: they take no space.
    """

    def __init__(self, connection: Connection, data: Path) -> None:
        self._connection = connection
        self._data = data
        self._account = Account.choose(data)
        self._segment = int(
            fetch_value(connection, "SELECT setting FROM pg_settings WHERE name = 'segment_size'")
        )
        self._checksums: dict[tuple[bytes, int], int] = {}

    def grow(self, growths: Iterable[Growth]) -> None:
        """Grow each relation. Raises ``ServerError`` where the files can't be changed."""
        wanted = {each.oid: each for each in growths}
        # What the server has in memory would be written over what we write.
        execute(self._connection, "CHECKPOINT")
        heights = [each.height for each in wanted.values()]
        found = fetch(self._connection, _FILES, (list(wanted), heights))
        for oid, path, metapage in found:
            growth = wanted[oid]
            pages = raised(bytes(metapage), growth.height) if metapage is not None else []
            try:
                self._write(self._data / path, growth.blocks, pages)
            except OSError as error:
                raise ServerError(
                    f"The file {error.filename} of the embedded server can't be changed: "
                    f"{error.strerror}.",
                    cure="Run the command as the account that started the server.",
                ) from error
        fetch(
            self._connection,
            "SELECT pg_buffercache_evict_relation(oid) FROM unnest(%s::regclass[]) AS given (oid)",
            ([oid for oid, *_ in found],),
        )

    def _write(self, file: Path, blocks: int, pages: list[bytes]) -> None:
        with file.open("r+b") as opened:
            for number, page in enumerate(pages):
                opened.write(with_checksum(page, self._checksum(page, number)))
        blocks = max(blocks, len(pages))
        for number in range(blocks // self._segment + 1):
            rest = min(blocks - number * self._segment, self._segment)
            segment = file if number == 0 else file.with_name(f"{file.name}.{number}")
            if number > 0 and not segment.exists():
                segment.touch(mode=0o600)
                self._account.own(segment)
            if segment.stat().st_size < rest * PAGE:
                os.truncate(segment, rest * PAGE)

    def _checksum(self, page: bytes, number: int) -> int:
        """Return the checksum of ``page`` as block ``number``; the server works it out."""
        if (page, number) not in self._checksums:
            self._checksums[page, number] = fetch_value(
                self._connection, "SELECT page_checksum(%s, %s)", (page, number)
            )
        return self._checksums[page, number]
