import pytest

from berceau.migration.chain import branches, breaks
from berceau.migration.codes import Code
from berceau.migration.header import Header
from berceau.migration.migration import Migration


def chain(*links: str) -> tuple[Migration, ...]:
    """Make migrations of links such as "b<a": b follows a; "b" alone has no header."""
    return tuple(map(link, sorted(links)))


def link(text: str) -> Migration:
    name, says, parent = text.partition("<")
    parent, _, replaces = parent.partition("=")
    header = Header(parent, replaces=tuple(replaces.split())) if says else None
    return Migration(name, (header.to_sql(name) if header else "") + "SELECT 1;")


SOUND = {
    "none": (),
    "one": ("a<none",),
    "a line": ("a<none", "b<a", "c<b"),
    "without headers": ("a", "b", "c"),
    "some without": ("a", "b<a", "c", "d<c"),
    "after a squash, by the name of the last that it replaced": ("c<none=a b", "d<b"),
}


@pytest.mark.parametrize("links", SOUND.values(), ids=SOUND)
def test_a_line_is_sound(links: tuple[str, ...]) -> None:
    assert breaks(chain(*links)) == ()
    assert branches(chain(*links)) == ()


BROKEN = {
    "two branches": (("a<none", "b<a", "c<a"), Code.CONFLICT, "c"),
    "two branches of several": (("a<none", "b<a", "c<a", "d<b", "e<c"), Code.CONFLICT, "c"),
    "two beginnings": (("a<none", "b<none"), Code.CONFLICT, "b"),
    "a parent that is gone": (("a<none", "c<b"), Code.ORPHAN, "c"),
    "a parent that comes later": (("a<none", "b<c", "c<a"), Code.ORPHAN, "b"),
    "a first one with a parent": (("b<a",), Code.ORPHAN, "b"),
    "a parent within a squash": (("c<none=a b", "d<a"), Code.ORPHAN, "d"),
}


@pytest.mark.parametrize(("links", "code", "name"), BROKEN.values(), ids=BROKEN)
def test_a_break_is_named(links: tuple[str, ...], code: Code, name: str) -> None:
    first, *_ = breaks(chain(*links))
    assert (first.code, first.migration) == (code, name)
    assert f"invoke migrate.rebase --branch {name}" in first.cure
