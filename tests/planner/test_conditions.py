import pytest

from berceau.planner.conditions import Condition, SortKey, conditions, sort_keys

CONDITIONS = {
    "(p.author = 5)": ["p.author = 5"],
    "((p.author = $1) AND (p.score > 990))": ["p.author = $1", "p.score > 990"],
    "((post.title)::text = 'a AND b'::text)": ["post.title = 'a AND b'::text"],
    "(a.note = 'it''s (b.c = 1)'::text)": ["a.note = 'it''s (b.c = 1)'::text"],
    '(a."order" IS NULL)': ["a.order IS NULL"],
    "(a.at IS NOT NULL)": ["a.at IS NOT NULL"],
    "(a.b = ANY ('{1,2}'::integer[]))": ["a.b = ANY ('{1,2}'::integer[])"],
    "(7 < a.b)": ["a.b > 7"],
    "((a.b = 1) OR (a.c = 2))": [],
    "a.hidden": ["a.hidden TRUE"],
    "(NOT a.hidden)": ["a.hidden FALSE"],
    "(a.tags @> '{x}'::text[])": ["a.tags @> '{x}'::text[]"],
    "(ARRAY[$1] <@ a.tags)": ["a.tags @> ARRAY[$1]"],
    "(a.data ? 'x'::text)": ["a.data ? 'x'::text"],
    "(a.name ~~ like_escape($1, '!'::text))": ["a.name ~~ like_escape($1, '!'::text)"],
    "(a.b = (a.c + 1))": [],
    "(a.b = a.c)": [],
    "((a.at >= '2026-01-01 00:00:00'::timestamp without time zone) AND (a.at < now()))": [
        "a.at >= '2026-01-01 00:00:00'::timestamp without time zone",
        "a.at < now()",
    ],
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_columns_that_are_compared_with_values(text: str) -> None:
    found = [
        f"{'.'.join(each.column)} {each.operator} {each.value}".rstrip()
        for each in conditions(text)
        if each.other is None and not each.expression
    ]
    assert found == CONDITIONS[text]


EXPRESSIONS = {
    "(lower(a.email) = 'x'::text)": ["lower(email)"],
    "(lower((a.email)::text) = $1)": ["lower((email)::text)"],
    "((a.data ->> 'kind'::text) = $2)": ["data ->> 'kind'::text"],
    "((a.data ->> $1) = $2)": [],
    "(lower(a.email) = lower(b.email))": [],
    "((a.b + c.d) = 1)": [],
    "(length(a.x) > 3)": ["length(x)"],
    "(length(a.x) <> 3)": [],
    "(3 < length(a.x))": ["length(x)"],
    "((a.at)::date = '2026-03-01'::date)": ["(at)::date"],
    "((a.size)::bigint > 3)": ["(size)::bigint"],
    "(to_tsvector('simple'::regconfig, (a.x)::text) @@ to_tsquery($1))": [
        "to_tsvector('simple'::regconfig, (x)::text)"
    ],
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_of_one_table_that_are_compared_with_values(text: str) -> None:
    assert [each.expression for each in conditions(text)] == EXPRESSIONS[text]


def test_a_join_is_a_condition_of_both_sides() -> None:
    left, right = ("c", "post"), ("p", "id")
    assert list(conditions("(c.post = p.id)")) == [
        Condition(left, "=", right),
        Condition(right, "=", left),
    ]


def test_a_column_is_joined_with_an_expression_of_another_table() -> None:
    assert list(conditions("(c.post = (p.id)::bigint)")) == [
        Condition(("c", "post"), "=", ("p", "id"))
    ]
    assert list(conditions("((p.id + 1) = c.post)")) == [Condition(("c", "post"), "=", ("p", "id"))]


def test_sort_keys_are_columns_with_their_order() -> None:
    assert sort_keys('p.at DESC, p."Id"') == (
        SortKey(("p", "at"), " DESC"),
        SortKey(("p", "Id")),
    )
    assert sort_keys("(count(*)) DESC") == ()


def test_sort_keys_may_be_expressions_of_one_table() -> None:
    assert sort_keys("lower((p.name)::text) DESC NULLS LAST, (p.a + p.b), p.id") == (
        SortKey(("p", "name"), " DESC NULLS LAST", "lower((name)::text)"),
        SortKey(("p", "a"), "", "a + b"),
        SortKey(("p", "id")),
    )
    assert sort_keys("COALESCE(p.a, p.b), p.id")[0].expression == "COALESCE(a, b)"
    assert sort_keys("(p.a + q.b), p.id") == ()
