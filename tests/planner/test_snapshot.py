import pytest

from berceau.errors import StatisticsError
from berceau.planner.snapshot import Planned, Worse, from_text, to_text, worse, worse_changed

BY_INDEX = Planned(8.5, ("Index Scan using a_idx on a", "  Index Cond: (a.b = $1)"))
WHOLE = Planned(850.0, ("Seq Scan on a", "  Filter: (a.b = $1)"))


def test_a_file_of_plans_is_read_as_it_was_written() -> None:
    plans = {"SELECT 2": WHOLE, "SELECT 1": BY_INDEX}
    assert from_text(to_text(plans)) == plans
    assert list(from_text(to_text(plans))) == ["SELECT 1", "SELECT 2"]


@pytest.mark.parametrize("text", ["{", "[]", '{"SELECT 1": {}}', '{"SELECT 1": 3}'])
def test_a_damaged_file_is_refused(text: str) -> None:
    with pytest.raises(StatisticsError, match="isn't a file of plans"):
        from_text(text)


def test_another_plan_that_costs_more_is_worse() -> None:
    assert list(worse({"q": BY_INDEX}, {"q": WHOLE})) == [Worse("q", BY_INDEX, WHOLE)]
    assert list(worse({"q": WHOLE}, {"q": BY_INDEX, "new": WHOLE})) == []
    assert list(worse({"q": BY_INDEX}, {})) == []


def test_the_same_plan_may_cost_a_little_more() -> None:
    assert not list(worse({"q": WHOLE}, {"q": Planned(1000.0, WHOLE.outline)}))
    assert list(worse({"q": WHOLE}, {"q": Planned(1100.0, WHOLE.outline)}))


def test_both_plans_are_shown_side_by_side() -> None:
    lines = str(Worse("SELECT 1", BY_INDEX, WHOLE)).splitlines()
    assert lines[:2] == ["SELECT 1", "cost 8.50 -> 850.00, 100.0 times"]
    assert [[part.strip() for part in line.split(" | ")] for line in lines[2:]] == [
        ["before:", "now:"],
        ["Index Scan using a_idx on a", "Seq Scan on a"],
        ["Index Cond: (a.b = $1)", "Filter: (a.b = $1)"],
    ]


def test_a_long_line_of_a_plan_is_wrapped() -> None:
    name = "an_index_whose_name_is_as_long_as_names_in_databases_become_idx"
    long = Planned(1, ("Limit", f"  ->  Index Scan Backward using {name} on post"))
    lines = str(Worse("q", long, BY_INDEX)).splitlines()
    assert name in "".join(lines)
    assert all(line.index(" | ") == 74 for line in lines[2:] if " | " in line)


OLD = 'SELECT "p"."id", "p"."title" FROM "post" "p" WHERE "p"."author" = $1 LIMIT 10'
NEW = 'SELECT "p"."id", "p"."title" FROM "post" "p" WHERE lower("p"."email") = $1 LIMIT 10'
OTHER = 'DELETE FROM "tag" WHERE "name" = $1'


def test_a_changed_query_that_costs_more_is_worse() -> None:
    found = list(worse_changed({OLD: BY_INDEX, OTHER: BY_INDEX}, {NEW: WHOLE, OTHER: WHOLE}))
    assert found == [Worse(NEW, BY_INDEX, WHOLE, OLD)]
    assert str(found[0]).splitlines()[:2] == [f"was: {OLD}", f"now: {NEW}"]


def test_a_new_query_or_a_cheaper_one_is_not_worse() -> None:
    assert not list(worse_changed({OLD: BY_INDEX}, {OLD: BY_INDEX, NEW: WHOLE}))
    assert not list(worse_changed({OLD: BY_INDEX}, {OTHER: WHOLE}))
    assert not list(worse_changed({OLD: WHOLE}, {NEW: BY_INDEX}))
