"""SQL as pieces that a page colours."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from berceau.errors import MigrationFileError
from berceau.migration.splitter import tokens

_KINDS = {
    "string": "string",
    "escaped": "string",
    "dollar": "string",
    "number": "number",
    "comment": "comment",
}
_KEYWORDS = frozenset(
    """
    add after all alter always and any array as asc before begin between by cascade case cast
    check collate column comment commit concurrently conflict constraint create cross current
    default deferrable deferred delete desc disable distinct do domain drop each else enable end
    enum except exclude execute exists extension false first following for foreign from full
    function generated grant group having identity if immediate in include index inner insert
    instead intersect into is isnull join key language last left like limit lock materialized
    merge natural no not notnull null nulls of offset on only or order outer over partition
    primary procedure references rename replace restrict returning returns revoke right role
    rollback row rows schema select sequence set start storage stored table temp temporary then to
    trigger true truncate type union unique unlogged update using validate value values view when
    where window with
    """.split()
)


class Piece(NamedTuple):
    """A part of SQL; ``kind`` is keyword, string, number or comment, or empty for all else."""

    kind: str
    text: str


@cache
def _is_keyword(word: str) -> bool:
    return word.lower() in _KEYWORDS


def pieces(sql: str) -> list[Piece]:
    """Return what ``sql`` consists of, in order; joined, the texts are ``sql`` again."""
    try:
        return list(_merged(sql))
    except MigrationFileError:  # a quote that never ends: then there is nothing to colour
        return [Piece("", sql)]


def _merged(sql: str) -> Iterator[Piece]:
    """Yield pieces of which no two neighbours are of one kind."""
    kind, text = "", ""
    for each in _coloured(sql):
        if each.kind != kind and text:
            yield Piece(kind, text)
            text = ""
        kind, text = each.kind, text + each.text
    if text:
        yield Piece(kind, text)


def _coloured(sql: str) -> Iterator[Piece]:
    for each in tokens(sql):
        if each.kind == "word":
            yield Piece("keyword" if _is_keyword(each.text) else "", each.text)
        elif each.kind == "space" and each.text.startswith("--"):
            yield Piece("comment", each.text)
        else:
            yield Piece(_KINDS.get(each.kind, ""), each.text)
