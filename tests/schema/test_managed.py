from dataclasses import replace

from berceau.schema.diff import diff
from berceau.schema.managed import managed, unmanaged
from berceau.schema.model import Check, Column, Enum, Index, PrimaryKey, Schema, Table, Unique

POST = Table(
    "post",
    (Column("id", "integer", True), Column("title", "text")),
    PrimaryKey("post_pkey", ("id",)),
    uniques=(Unique("post_title_key", ("title",)),),
    indexes=(Index("post_title_idx", ("title",)),),
)
KNOWN = Schema((Enum("mood", ("A",)),), (POST,))
NOTE = Column("note", "text")


def test_what_is_known_is_all_managed() -> None:
    assert managed(KNOWN, KNOWN) == KNOWN
    assert unmanaged(KNOWN, KNOWN) == ()


def test_what_came_on_top_is_unmanaged_and_no_difference() -> None:
    post = replace(
        POST,
        columns=(*POST.columns, NOTE),
        checks=(Check("filled", "(title <> '')"),),
        indexes=(*POST.indexes, Index("by_hand", ("note",))),
    )
    other = Table("other", (NOTE,), indexes=(Index("not listed", ("note",)),))
    held = Schema((*KNOWN.enums, Enum("mine", ())), (other, post))
    assert diff(managed(held, KNOWN), KNOWN) == ()
    assert list(map(str, unmanaged(held, KNOWN))) == [
        "column post.note",
        "constraint filled on post",
        "enum mine",
        "index by_hand on post",
        "table other",
    ]


def test_what_is_gone_or_differs_stays_a_difference() -> None:
    post = replace(POST, columns=(Column("title", "text", True),), uniques=(), primary_key=None)
    held = managed(Schema((), (post,)), KNOWN)
    assert held.tables == (post,)
    assert len(diff(held, KNOWN)) == 5
    assert unmanaged(Schema((), (post,)), KNOWN) == ()


def test_another_index_of_a_known_name_is_a_changed_one() -> None:
    post = replace(POST, indexes=(Index("post_title_idx", ("id",)),))
    assert managed(Schema((), (post,)), KNOWN).tables == (post,)


def test_a_known_index_of_another_name_is_that_index() -> None:
    post = replace(POST, indexes=(Index("renamed", ("title",)),))
    assert unmanaged(Schema((), (post,)), KNOWN) == ()
