import pytest

from berceau.planner.candidates import Means, candidates
from berceau.planner.knowledge import Knowledge
from berceau.planner.plan import Node
from berceau.planner.statistics import ColumnStatistics, Size, Statistics, TableStatistics, Values

COLUMNS = (
    ColumnStatistics("author", 0.0, 4, 1000.0),
    ColumnStatistics(
        "state", 0.0, 8, 3.0, values=Values(r'{published,draft,"a \"b\""}', (0.9, 0.08, 0.02))
    ),
    ColumnStatistics("done", 0.95, 8, -0.05),
    ColumnStatistics("hidden", 0.0, 1, 2.0, values=Values("{f,t}", (0.99, 0.01))),
    ColumnStatistics("words", 0.0, 4, 50.0),
    ColumnStatistics("body", 0.0, 900, -1.0),
)
SIZE = Size(1000, 1e5, 1000)
KNOWN = Knowledge(Statistics(180000, "public", tables=(TableStatistics("post", SIZE, COLUMNS),)))
TRIGRAMS = Means("public.gin_trgm_ops")


def node(
    kind: str,
    *children: Node,
    relation: str | None = None,
    alias: str | None = None,
    output: tuple[str, ...] = (),
    **conditions: str,
) -> Node:
    named = tuple((name.replace("_", " ").title(), text) for name, text in conditions.items())
    return Node(kind, 0.0, 1.0, 1.0, 8, relation, alias, None, named, children, output)


def scan(condition: str, **more) -> Node:
    return node("Seq Scan", relation="post", alias="p", filter=condition, **more)


def found(plan: Node, means: Means | None = None) -> set[str]:
    return {str(each) for each in candidates(plan, KNOWN, means or Means())}


def test_what_is_equal_comes_first_then_what_is_sorted_by() -> None:
    below = scan("((p.state = $1) AND (p.author = 1))")
    plan = node("Limit", node("Sort", below, sort_key="p.at DESC"))
    assert found(plan) == {
        *("post (author)", "post (state)", "post (at)"),
        *("post (author, state)", "post (author, state, at)"),
    }


def test_a_range_comes_last() -> None:
    assert found(scan("((p.at > $1) AND (p.author = $2))")) == {
        *("post (author)", "post (at)", "post (author, at)")
    }


def test_joins_have_candidates_on_both_sides() -> None:
    plan = node(
        "Hash Join",
        node("Seq Scan", relation="comment", alias="c"),
        scan("(p.author = 7)"),
        hash_cond="(c.post = p.id)",
    )
    assert found(plan) == {*("comment (post)", "post (author)", "post (author, id)", "post (id)")}


ORDERS = {
    "p.at DESC, p.id DESC": "post (at, id)",
    "p.at, p.id": "post (at, id)",
    "p.at DESC, p.id": "post (at, id DESC)",
    "p.at, p.id DESC": "post (at, id DESC)",
    "p.at DESC NULLS LAST": "post (at NULLS FIRST)",
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_index_is_read_in_both_directions(order: str) -> None:
    below = node("Seq Scan", relation="post", alias="p")
    assert found(node("Sort", below, sort_key=order)) == {ORDERS[order]}


def test_an_expression_that_is_sorted_by_is_a_key() -> None:
    below = scan("(p.author = $1)")
    assert found(node("Sort", below, sort_key="(lower((p.title)::text)) DESC, p.id DESC")) == {
        *("post (author)", "post (lower((title)::text), id)"),
        "post (author, lower((title)::text), id)",
    }


def test_what_groups_are_sorted_by_is_no_key() -> None:
    groups = node("HashAggregate", scan("(p.author = $1)"), group_key="p.state")
    assert found(node("Sort", groups, sort_key="(count(p.id)) DESC")) == {"post (author)"}


def test_the_greatest_value_is_the_last_of_an_index() -> None:
    plan = node("Aggregate", scan("(p.author = $1)"), output=("max(at)",))
    assert "post (author, at)" in found(plan)


PARTIAL = {
    "((p.state = 'draft'::text) AND (p.author = $1))": "post (author) WHERE state = 'draft'::text",
    "(p.state = 'a \"b\"'::text)": "post (state) WHERE state = 'a \"b\"'::text",
    "((p.done IS NOT NULL) AND (p.at > $1))": "post (at) WHERE done IS NOT NULL",
    "(p.hidden AND (p.author = $1))": "post (author) WHERE hidden",
}


@pytest.mark.parametrize("condition", PARTIAL)
def test_few_rows_have_an_index_of_their_own(condition: str) -> None:
    assert PARTIAL[condition] in found(scan(condition))


@pytest.mark.parametrize(
    "condition",
    [
        "((p.state = 'published'::text) AND (p.author = $1))",
        "((p.state = $2) AND (p.author = $1))",
        "((p.state = 'unknown'::text) AND (p.author = $1))",
        "((p.done IS NULL) AND (p.author = $1))",
        "((NOT p.hidden) AND (p.author = $1))",
    ],
)
def test_many_rows_or_any_value_have_none(condition: str) -> None:
    assert not [each for each in found(scan(condition)) if "WHERE" in each]


def test_a_query_that_reads_few_columns_has_an_index_with_all_of_them() -> None:
    table = ("id", "author", "words", "body")
    plan = node(
        "Aggregate", scan("(p.author = $1)", output=table), output=("sum((words)::bigint)",)
    )
    assert found(plan) == {"post (author)", "post (author) INCLUDE (words)"}


@pytest.mark.parametrize("read", ["body", '"Unknown"'])
def test_wide_and_unknown_columns_are_not_included(read: str) -> None:
    assert found(scan("(p.author = $1)", output=(read,))) == {"post (author)"}


def test_no_index_is_the_table_again() -> None:
    few = Knowledge(
        Statistics(180000, "public", tables=(TableStatistics("post", SIZE, COLUMNS[:2]),))
    )
    plan = scan("(p.author = $1)", output=("author", "state"))
    assert [str(each) for each in candidates(plan, few, Means())] == ["post (author)"]


def test_a_constant_of_a_column_with_many_values_makes_no_partial_index() -> None:
    values = Values("{7,8}", (0.1, 0.05))
    column = ColumnStatistics("author", 0.0, 4, 1000.0, values=values)
    many = Knowledge(
        Statistics(180000, "public", tables=(TableStatistics("post", SIZE, (column,)),))
    )
    plan = scan("((p.author = 7) AND (p.at > $1))")
    assert not [each for each in candidates(plan, many, Means()) if each.where]


def test_in_a_join_columns_have_an_alias() -> None:
    plan = node(
        "Hash Join",
        scan("(p.author = $1)", output=("p.author", "p.words", "p.body")),
        node("Seq Scan", relation="tag", alias="t", output=("t.id", "t.name")),
        output=("p.words", "t.id"),
        hash_cond="(p.author = t.id)",
    )
    assert "post (author) INCLUDE (words)" in found(plan)


@pytest.mark.parametrize("condition", ["(p.tags @> $1)", "(p.tags && $1)", "(p.tags ? 'a'::text)"])
def test_what_is_contained_needs_a_gin_index(condition: str) -> None:
    assert found(scan(condition)) == {"post USING gin (tags)"}


PATTERNS = {
    "(p.title ~~ '%tea%'::text)": {"post USING gin (title public.gin_trgm_ops)"},
    "((p.title)::text ~~* 'tea%'::text)": {"post USING gin (title public.gin_trgm_ops)"},
    "(p.title ~~ $1)": {"post USING gin (title public.gin_trgm_ops)"},
    "(p.title ~~ 'tea%'::text)": {"post (title text_pattern_ops)"},
    "((p.title ~~ 'tea%'::text) AND (p.author = $1))": {
        *("post (title text_pattern_ops)", "post (author)"),
        "post (author, title text_pattern_ops)",
    },
}


@pytest.mark.parametrize("condition", PATTERNS)
def test_patterns_need_trigrams_unless_they_begin_with_letters(condition: str) -> None:
    assert found(scan(condition), TRIGRAMS) == PATTERNS[condition]


def test_without_the_extension_no_trigrams_are_advised() -> None:
    assert found(scan("(p.title ~~ '%tea%'::text)")) == set()
    assert found(scan("(p.title ~~ 'tea%'::text)"), Means(bytewise=True)) == {"post (title)"}


def test_an_expression_that_is_compared_is_a_key() -> None:
    plan = scan("((lower((p.email)::text) = $1) AND (p.state = $2))")
    assert found(plan) == {
        *("post (lower((email)::text))", "post (state)"),
        "post (state, lower((email)::text))",
    }


EXPRESSIONS = {
    "(length(p.title) > 3)": {"post (length(title))"},
    "(lower(p.title) ~~ 'tea%'::text)": {"post (lower(title) text_pattern_ops)"},
    "(lower(p.title) ~~ '%tea'::text)": {"post USING gin (lower(title) public.gin_trgm_ops)"},
    "((p.data -> 'tags'::text) @> $1)": {"post USING gin ((data -> 'tags'::text))"},
    "(to_tsvector('simple'::regconfig, p.body) @@ '''tea'''::tsquery)": {
        "post USING gin (to_tsvector('simple'::regconfig, body))"
    },
}


@pytest.mark.parametrize("condition", EXPRESSIONS)
def test_an_expression_gets_the_index_that_its_operator_needs(condition: str) -> None:
    assert found(scan(condition), TRIGRAMS) == EXPRESSIONS[condition]


def test_each_arm_of_an_or_has_an_index() -> None:
    assert found(scan("((p.author = $1) OR (p.words > $2))")) == {"post (author)", "post (words)"}
    assert found(scan("((p.state = $1) AND ((p.author = $2) OR (p.hidden AND (p.at < $3))))")) >= {
        *("post (author, state)", "post (state, hidden, at)"),
    }


def test_an_or_with_an_arm_that_no_index_finds_has_none() -> None:
    assert found(scan("((p.author = $1) OR (p.words <> $2))")) == set()
    assert found(scan("((p.author = $1) OR (u.name = $2))")) == set()


def test_patterns_in_an_or_need_trigrams_for_each() -> None:
    condition = "(((p.title)::text ~~* $1) OR ((p.body)::text ~~* $2))"
    assert found(scan(condition), TRIGRAMS) == {
        "post USING gin (title public.gin_trgm_ops)",
        "post USING gin (body public.gin_trgm_ops)",
    }
