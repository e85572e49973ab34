from berceau.planner.server_findings import server_findings
from berceau.planner.sizes import estimate_heap
from berceau.planner.statistics import (
    ColumnStatistics,
    ExtensionStatistics,
    IndexStatistics,
    NumberStatistics,
    Size,
    Statistics,
    TableStatistics,
)
from berceau.schema.model import Column, Index, Schema, Table

COLUMNS = (ColumnStatistics("id", 0.0, 8, -1.0), ColumnStatistics("text", 0.5, 100, -1.0))
TABLE = Table(
    "post",
    (Column("id", "bigint"), Column("text", "text")),
    indexes=(Index("post_id_idx", ("id",)), Index("post_text_idx", ("lower(text)",))),
)
ROWS = 5_000_000.0
NEEDED = estimate_heap(ROWS, COLUMNS)


def found(**parts) -> list[str]:
    statistics = Statistics(180000, "public", **parts)
    schema = Schema((), (TABLE,))
    return [f"{each.code} {each.subject}" for each in server_findings(schema, statistics)]


def bloated(
    blocks: int, index: int = 10, columns: tuple[ColumnStatistics, ...] = COLUMNS
) -> list[str]:
    indexes = (
        IndexStatistics("post_id_idx", Size(index, ROWS, index)),
        IndexStatistics("post_text_idx", Size(index, ROWS, index)),
    )
    table = TableStatistics("post", Size(blocks, ROWS, blocks), columns, indexes)
    return found(tables=(table,))


def test_numbers_near_their_end_are_found() -> None:
    def at(last: int) -> list[str]:
        return found(numbers=(NumberStatistics("post", "id", last, 2_147_483_647),))

    assert at(1_600_000_000) == ["A206 post.id"]
    assert at(1_400_000_000) == []


def test_what_is_much_larger_than_its_rows_is_bloated() -> None:
    assert bloated(NEEDED) == []
    assert bloated(int(NEEDED * 1.9)) == []
    assert bloated(NEEDED * 2) == ["A207 post"]
    assert bloated(NEEDED, index=NEEDED) == ["A207 post_id_idx"]


def test_where_columns_are_unknown_nothing_is_said_of_bloat() -> None:
    assert bloated(NEEDED * 9, columns=COLUMNS[:1]) == []


def test_a_small_table_is_never_bloated() -> None:
    table = TableStatistics("post", Size(9000, 10, 9000), COLUMNS)
    assert found(tables=(table,)) == []


def test_an_extension_that_is_behind_is_found() -> None:
    assert found(extensions=(ExtensionStatistics("pg_trgm", "1.5", "1.6"),)) == ["A208 pg_trgm"]
