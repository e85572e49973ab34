import pytest

from berceau.planner.candidates import Candidate, Key
from berceau.planner.existing import is_covered, is_possible, replaced, shortened
from berceau.schema.model import Column, Index, PrimaryKey, Table, Unique

TABLE = Table(
    "post",
    tuple(Column(name, "integer") for name in ("id", "at", "order", "author", "words")),
    PrimaryKey("post_pkey", ("id",)),
    indexes=(
        Index("post_order_idx", ('"order"', "at DESC")),
        Index("post_at_idx", ("at",), where="(id > 1)"),
        Index("post_author_idx", ("author", "words DESC")),
        Index("post_words_idx", ("words",), options="INCLUDE (at)"),
        Index("post_email_idx", ("lower(email)",)),
        Index("post_product_idx", ("((a - b) * (c - d))",)),
        Index("post_tags_idx", ("tags", "title gin_trgm_ops"), "gin"),
    ),
)


def of(*names: str, **more) -> Candidate:
    return Candidate("post", tuple(map(Key, names)), **more)


COVERED = [
    of("id"),
    of("order", "at"),
    of("author"),
    of("at", where="id > 1"),
    of("words", include=("at",)),
    of("author", include=("words",)),
    Candidate("post", (Key("author"), Key("words", " DESC"))),
    Candidate("post", (Key("email", "", "lower(email)"),)),
    Candidate("post", (Key("a", "", "(a - b) * (c - d)"),)),
    of("tags", method="gin"),
    Candidate("post", (Key("title", " gin_trgm_ops"),), "gin"),
]
FREE = [
    of("at"),
    of("author", where="id > 1"),  # it is small: the planner says whether that is worth it
    of("order", "id"),
    of("at", where="id > 2"),
    of("words", include=("order",)),
    Candidate("post", (Key("author", " DESC"), Key("words", " DESC"))),
    Candidate("post", (Key("email", "", "upper(email)"),)),
    of("title", method="gin"),
    of("tags"),
]


@pytest.mark.parametrize("candidate", COVERED, ids=str)
def test_what_an_index_does_already_is_covered(candidate: Candidate) -> None:
    assert is_covered(candidate, TABLE)


@pytest.mark.parametrize("candidate", FREE, ids=str)
def test_what_no_index_does_is_free(candidate: Candidate) -> None:
    assert not is_covered(candidate, TABLE)


def test_an_index_replaces_those_that_it_begins_with() -> None:
    indexes = (
        Index("a", ("at",)),
        Index("b", ("at",), unique=True),
        Index("c", ("at",), where="(id > 1)"),
        Index("d", ("at", "id")),
    )
    table = Table("post", TABLE.columns, indexes=indexes)
    assert replaced(of("at", "id", "order"), table) == ("a", "d")
    assert replaced(of("at", "id", where="id > 1"), table) == ()
    assert replaced(of("at", include=("id",)), table) == ("a",)
    assert replaced(Candidate("post", (Key("at", " NULLS FIRST"),)), table) == ()


def test_keys_behind_unique_ones_do_nothing() -> None:
    columns = (Column("id", "integer"), Column("a", "text", not_null=True), Column("b", "text"))
    uniques = (Unique("u", ("a",)), Unique("v", ("b",)))
    table = Table("post", columns, PrimaryKey("post_pkey", ("id",)), uniques=uniques)
    assert shortened(of("id", "b", "a", where="b IS NULL"), table) == of("id", where="b IS NULL")
    assert shortened(of("a", "b"), table) == of("a")
    assert shortened(of("b", "a"), table) == of("b", "a")  # several rows have no b
    lower = Candidate("post", (Key("id", "", "abs(id)"), Key("b")))
    assert shortened(lower, table) == lower


def test_columns_need_an_order_that_queries_ask_for() -> None:
    kinds = {"b": "integer[]", "c": "jsonb", "d": "text", "e": "character varying(9)"}
    table = Table("a", tuple(Column(name, kind) for name, kind in kinds.items()))

    def possible(method: str, suffix: str = "") -> str:
        keys = {name: Candidate("a", (Key(name, suffix),), method) for name in (*kinds, "gone")}
        return "".join(name for name, each in keys.items() if is_possible(each, table))

    assert possible("btree") == "de"
    assert possible("gin") == "bc"
    assert possible("gin", " gin_trgm_ops") == "de"
    assert not is_possible(Candidate("a", (Key("d"),), include=("gone",)), table)
