from berceau.planner.explanation import hints, reasons
from berceau.planner.knowledge import Knowledge
from berceau.planner.plan import Node
from berceau.planner.statistics import Size, Statistics, TableStatistics

KNOWN = Knowledge(
    Statistics(180000, "public", tables=(TableStatistics("post", Size(900, 3e4, 900)),))
)
FILTER = (("Filter", "(p.a = 1)"),)


def test_what_is_read_and_sorted_is_said() -> None:
    scan = Node("Parallel Seq Scan", 0, 500, 1200, 8, "post", "p", None, FILTER)
    sort = Node("Sort", 800, 900, 1200, 8, conditions=(("Sort Key", "p.b"),), children=(scan,))
    assert reasons(sort, KNOWN) == (
        "all 30,000 rows of post are read to find about 1,200",
        "1,200 rows are sorted by p.b",
    )


def test_a_part_that_costs_little_is_left_out() -> None:
    small = Node("Seq Scan", 0, 5, 7, 8, "tag", "t")
    scan = Node("Seq Scan", 0, 500, 3e4, 8, "post", "p")
    join = Node("Hash Join", 5, 600, 9, 8, children=(scan, small))
    assert reasons(join, KNOWN) == ("all 30,000 rows of post are read",)


def test_loops_and_filters_are_said() -> None:
    inner = Node("Index Scan", 0, 8, 1, 8, "post", "p", "post_idx", FILTER)
    outer = Node("Seq Scan", 0, 100, 5000, 8, "tag", "t")
    loop = Node("Nested Loop", 0, 9000, 5000, 8, children=(outer, inner))
    assert reasons(loop, KNOWN) == ("post is read for each of 5,000 rows",)
    assert reasons(inner, KNOWN) == ("post_idx finds rows of post that a filter takes out again",)


def told(condition: str, *, has_trigrams: bool = False) -> str:
    scan = Node("Seq Scan", 0, 500, 1200, 8, "post", "p", None, (("Filter", condition),))
    return "; ".join(hints(scan, has_trigrams=has_trigrams))


def test_an_extension_that_could_help_is_named() -> None:
    condition = "((p.title)::text ~~* $1)"
    assert told(condition).startswith("patterns of post.title could be found by a GIN index with")
    assert told(condition, has_trigrams=True) == ""
    assert told("(p.a = 1)") == ""


def test_a_pattern_in_an_or_is_named() -> None:
    assert "post.title" in told("(((p.title)::text ~~* $1) OR ((p.b)::text ~~* $1))")


def test_a_page_that_continues_by_an_or_is_told_to_be_written_as_a_row() -> None:
    condition = (("Filter", "((p.a > $1) OR ((p.a = $1) AND (p.id > $2)))"),)
    scan = Node("Seq Scan", 0, 500, 1200, 8, "post", "p", None, condition)
    sort = Node(
        "Sort", 800, 900, 1200, 8, conditions=(("Sort Key", "p.a, p.id"),), children=(scan,)
    )
    assert reasons(sort, KNOWN)[0] == (
        "an OR finds what follows a place in the order of (a, id), and no index begins at that: "
        "write `(a, id) > ($1, $2)`, for which an index on (a, id) begins there"
    )


def test_an_element_is_told_to_be_written_as_a_list() -> None:
    expected = "`x in p.tags` finds no index (x = ANY); `[x] in p.tags` finds a GIN index on it"
    assert told("($1 = ANY (p.tags))") == told("('x'::text = ANY (p.tags))") == expected
    assert told("(p.id = ANY ('{1,2}'::integer[]))") == ""


def test_an_unknown_path_in_json_is_said() -> None:
    assert "which path in p.data is compared isn't known" in told("((p.data #>> $1) = $2)")
    assert told("((p.data #>> '{kind}'::text[]) = $2)") == ""
