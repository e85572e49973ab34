"""Pages that continue by an OR, and what they cost."""

import pytest

from berceau.planner.keysets import keysets, with_passed_rows
from berceau.planner.plan import Node, from_json

PAGE = "((p.a > $1) OR ((p.a = $2) AND (p.id > $3)))"

VALUE = {
    "Node Type": "Result",
    "Parent Relationship": "InitPlan",
    "Startup Cost": 0,
    "Total Cost": 7,
    "Plan Rows": 1,
    "Plan Width": 8,
}


def scan(text: str, index_condition: str = "", kind: str = "Index Scan Backward") -> Node:
    conditions = (("Index Cond", index_condition), ("Filter", text))
    return Node(kind, 1, 901, 300, 8, "post", "p", "post_idx", conditions)


def of(condition: str, index_condition: str = "") -> list[tuple[str, ...]]:
    return [each.names for each in keysets(scan(condition, index_condition))]


@pytest.mark.parametrize(
    "condition",
    [
        PAGE,
        "((p.state = $1) AND ((p.a < $1) OR ((p.a = $2) AND (p.id < $3))))",
        "(((p.a = $2) AND (p.id >= $3)) OR (p.a > $1))",
    ],
)
def test_a_place_in_an_order_is_told_by_its_arms(condition: str) -> None:
    assert of(condition) == [("a", "id")]


def test_a_place_may_have_three_columns_and_arms_in_arms() -> None:
    flat = (
        "((p.a > $1) OR ((p.a = $2) AND (p.b > $3)) OR ((p.a = $2) AND (p.b = $3) AND (p.c > 1)))"
    )
    nested = "((p.a > $1) OR ((p.a = $2) AND ((p.b > $3) OR ((p.b = $3) AND (p.c > 1)))))"
    assert of(flat) == of(nested) == [("a", "b", "c")]


@pytest.mark.parametrize(
    "condition",
    [
        "(p.a > $1)",
        "((p.a = $1) OR (p.b = $2))",
        "((p.a > $1) OR (p.b > $2))",
        "((p.a > $1) OR ((p.b = $2) AND (p.id > $3)))",
        "(ROW(p.a, p.id) > ROW($1, $2))",
    ],
)
def test_what_is_no_place_is_none(condition: str) -> None:
    assert of(condition) == []


def test_an_index_that_begins_near_the_place_passes_few_rows() -> None:
    assert of(PAGE, "(p.a >= $1)") == []


def test_half_of_the_rows_are_before_a_page() -> None:
    sort = Node("Incremental Sort", 2, 950, 300, 8, children=(scan(PAGE),))
    for child in (scan(PAGE), sort):
        limit = Node("Limit", 1, 31, 10, 8, children=(child,))
        above = Node("Nested Loop", 1, 50, 10, 8, children=(limit,))
        assert with_passed_rows(limit).cost == 31 + 450
        assert with_passed_rows(above).cost == 50 + 450


def test_no_page_costs_more_than_all_rows() -> None:
    limit = Node("Limit", 1, 700, 200, 8, children=(scan(PAGE),))
    assert with_passed_rows(limit).cost == 901


def test_a_value_that_a_page_needs_is_no_row_of_it() -> None:
    value = from_json({"Plan": VALUE})
    limit = Node("Limit", 8, 38, 10, 8, children=(value, scan(PAGE)))
    assert with_passed_rows(limit).cost == 38 + 450
    plain = Node("Limit", 8, 38, 10, 8, children=(value, scan("(p.a > $1)")))
    assert with_passed_rows(plain) == plain


def test_where_all_rows_are_read_the_cost_is_known() -> None:
    sort = Node("Sort", 920, 950, 300, 8, children=(scan(PAGE),))
    for child in (sort, scan("(p.a > $1)"), scan(PAGE, kind="Seq Scan")):
        limit = Node("Limit", 1, 31, 10, 8, children=(child,))
        assert with_passed_rows(limit) == limit
    assert with_passed_rows(scan(PAGE)) == scan(PAGE)


@pytest.mark.parametrize(
    ("condition", "cure"),
    [
        (PAGE, "write `(a, id) > ($1, $2)`, for which an index on (a, id) begins there"),
        (
            "((p.a < $1) OR ((p.a = $2) AND (p.id > $3)))",
            "write `a <= $1 AND (...)`, for which an index that has a first begins near it",
        ),
        (
            '((p."Due on" < $1) OR ((p."Due on" = $2) AND (p.id > $3)))',
            'write `"Due on" <= $1 AND (...)`, for which an index that has "Due on" first begins '
            "near it",
        ),
    ],
)
def test_a_place_can_be_written_so_that_an_index_begins_there(condition: str, cure: str) -> None:
    (keyset,) = keysets(scan(condition))
    assert keyset.cure == cure
