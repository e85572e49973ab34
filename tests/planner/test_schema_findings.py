from berceau.planner.schema_findings import schema_findings
from berceau.planner.statistics import (
    ColumnStatistics,
    IndexStatistics,
    Size,
    Statistics,
    TableStatistics,
)
from berceau.schema.model import Column, ForeignKey, Index, PrimaryKey, Schema, Table

KEY = PrimaryKey("post_pkey", ("id",))
COLUMNS = tuple(Column(name, "integer") for name in ("id", "author", "at"))
KNOWN = (ColumnStatistics("id", 0.0, 4, -1.0),)


def found(
    table: Table, scans: dict[str, int] | None = None, rows: int = 5000, days: int = 30
) -> list[str]:
    size = Size(1000, rows, 1000)
    uses = tuple(IndexStatistics(name, size, scans=count) for name, count in (scans or {}).items())
    known = TableStatistics("post", size, KNOWN, uses)
    statistics = Statistics(180000, "public", since="2026-11-01", days=days, tables=(known,))
    return [
        f"{each.code} {each.subject}" for each in schema_findings(Schema((), (table,)), statistics)
    ]


def test_an_index_that_another_begins_with_is_covered() -> None:
    wide, narrow = Index("b_idx", ("author", "at")), Index("a_idx", ("author",))
    assert found(Table("post", COLUMNS, KEY, indexes=(wide, narrow))) == ["A201 a_idx"]
    again = Index("c_idx", ("author", "at"))
    assert found(Table("post", COLUMNS, KEY, indexes=(wide, again))) == ["A201 c_idx"]
    assert found(Table("post", COLUMNS, KEY, indexes=(Index("a", ("id",)),))) == ["A201 a"]


def test_an_index_with_a_purpose_of_its_own_is_not_covered() -> None:
    wide = Index("b_idx", ("author", "at"))
    for other in (
        Index("a", ("author",), where="id > 1"),
        Index("a", ("author",), unique=True),
        Index("a", ("author",), method="hash"),
        Index("a", ("at",)),
        Index("a", ("author DESC",)),
    ):
        assert found(Table("post", COLUMNS, KEY, indexes=(wide, other))) == []


def test_an_unused_index_is_found_where_others_are_used() -> None:
    indexes = (Index("a", ("at",)), Index("u", ("author", "at"), unique=True))
    table = Table("post", COLUMNS, KEY, indexes=indexes)
    assert found(table, {"a": 0, "post_pkey": 5000, "u": 0}) == ["A202 a"]
    assert found(table, {"a": 0, "post_pkey": 999}) == []
    assert found(table, {"a": 1, "post_pkey": 5000}) == []
    assert found(table, {"a": 0, "post_pkey": 5000, "u": 0}, days=6) == []


def test_the_index_that_a_foreign_key_needs_stays() -> None:
    key = ForeignKey("k", ("author",), "person", ("id",))
    a, b, wide = Index("a", ("author",)), Index("b", ("at",)), Index("w", ("author", "at"))

    def of(*indexes: Index, used: dict[str, int]) -> list[str]:
        table = Table("post", COLUMNS, KEY, foreign_keys=(key,), indexes=indexes)
        return found(table, {"post_pkey": 5000, **used})

    assert of(a, b, used={"a": 0, "b": 0}) == ["A202 b"]
    assert of(wide, used={"w": 0}) == []
    # Of two that serve it, one stays: also if neither was used, or the used one does nothing more.
    gin = Index("g", ("author",), method="gin")
    assert of(a, gin, used={"a": 0, "g": 0}) == ["A202 g"]
    down = Index("d", ("author DESC",))
    assert of(a, down, used={"a": 0, "d": 0}) == ["A202 a"]
    assert of(a, wide, used={"a": 9, "w": 0}) == ["A201 a"]


def test_what_pony_makes_for_a_relation_is_removed_by_an_option() -> None:
    key = ForeignKey("k", ("author",), "person", ("id",))
    indexes = Index("a", ("author",)), Index("w", ("author", "at")), Index("x", ("author", "at"))
    table = Table("post", COLUMNS, KEY, foreign_keys=(key,), indexes=indexes)
    cures = [each.cure for each in schema_findings(Schema((), (table,)), Statistics(1, "public"))]
    assert cures == ["Write index=False at its attribute.", "Remove its declaration."]


def test_a_foreign_key_needs_an_index_where_there_are_many_rows() -> None:
    key = ForeignKey("k", ("author",), "person", ("id",))
    table = Table("post", COLUMNS, KEY, foreign_keys=(key,))
    assert found(table) == ["A203 post (author)"]
    assert found(table, rows=10) == []
    indexed = Table(
        "post", COLUMNS, KEY, foreign_keys=(key,), indexes=(Index("a", ("author", "at")),)
    )
    assert found(indexed) == []


def test_a_table_without_a_key_or_statistics_is_found() -> None:
    assert found(Table("post", COLUMNS)) == ["A204 post"]
    table = Table("post", COLUMNS, KEY)
    known = TableStatistics("post", Size(0, -1.0, 50))
    statistics = Statistics(180000, "public", tables=(known,))
    codes = [each.code for each in schema_findings(Schema((), (table,)), statistics)]
    assert codes == ["A205"]
