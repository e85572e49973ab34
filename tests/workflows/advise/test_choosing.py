"""Which indexes are chosen, by costs that are given."""

from collections.abc import Mapping, Sequence

from berceau.planner.candidates import Candidate, Key
from berceau.planner.plan import Node
from berceau.planner.statistics import QueryStatistics
from berceau.workflows.advise.choosing import Planned, choose

Costs = Mapping[tuple[str, ...], float]
"""What a query costs with some indexes; the last ones of them are used."""


def plan(cost: float, used: Sequence[str] = (), table: str = "t") -> Node:
    children = tuple(Node("Index Scan", 0, 1, 1, 8, table, "t", name) for name in used)
    return Node("Seq Scan", 0, cost, 1, 8, table, table, None, (), children)


def chosen(
    queries: Mapping[str, Costs],
    candidates: Mapping[str, Candidate],
    sizes: Mapping[str, int] | None = None,
) -> dict[str, str]:
    """Return which queries each chosen index helps."""
    planned = [
        Planned(QueryStatistics(text, 1, 1, 1), text, plan(costs[()]))
        for text, costs in queries.items()
    ]

    def trial(text: str, names: Sequence[str]) -> Node:
        costs = queries[text]
        best = min((each for each in costs if {*each} <= {*names}), key=lambda each: costs[each])
        return plan(costs[best], best)

    found = choose(planned, candidates, sizes or dict.fromkeys(candidates, 1000), trial)
    return {name: " ".join(each.planned.text for each in helped) for name, helped in found.items()}


def of(*names: str, **more) -> Candidate:
    return Candidate("t", tuple(map(Key, names)), **more)


A, B, AB = of("a"), of("b"), of("a", "b")


def test_one_index_for_two_queries_is_better_than_two() -> None:
    queries = {
        "q": {(): 1000.0, ("a",): 60.0, ("ab",): 61.0},
        "r": {(): 1000.0, ("b",): 70.0, ("ab",): 72.0},
    }
    assert chosen(queries, {"a": A, "b": B, "ab": AB}) == {"ab": "q r"}


def test_the_smaller_one_is_taken_of_two_that_are_alike() -> None:
    queries = {"q": {(): 1000.0, ("a",): 52.0, ("ab",): 50.0}}
    assert chosen(queries, {"ab": AB, "a": A}, {"a": 1000, "ab": 1500}) == {"a": "q"}


def test_a_wider_one_is_taken_where_it_is_much_better() -> None:
    queries = {"q": {(): 1000.0, ("a",): 400.0, ("ab",): 50.0}}
    assert chosen(queries, {"ab": AB, "a": A}) == {"ab": "q"}


def test_an_index_with_more_columns_has_to_be_twice_as_good() -> None:
    names = {"a": A, "c": of("a", include=("b",))}
    assert chosen({"q": {(): 1000.0, ("a",): 200.0, ("c",): 150.0}}, names) == {"a": "q"}
    assert chosen({"q": {(): 1000.0, ("a",): 200.0, ("c",): 30.0}}, names) == {"c": "q"}
    # An index that is there may do what one on the same keys would.
    assert chosen({"q": {(): 1000.0, ("c",): 600.0}}, {"c": names["c"]}) == {}


def test_a_query_may_need_two_indexes() -> None:
    queries = {"q": {(): 1000.0, ("a",): 600.0, ("b",): 650.0, ("a", "b"): 20.0}}
    assert chosen(queries, {"a": A, "b": B}) == {"a": "q", "b": "q"}


def test_what_another_query_has_got_is_used() -> None:
    queries = {
        "q": {(): 5000.0, ("ab",): 10.0, ("a",): 900.0},
        "r": {(): 1000.0, ("ab",): 300.0, ("a",): 250.0},
    }
    assert chosen(queries, {"a": A, "ab": AB}) == {"ab": "q r"}


def test_what_later_ones_made_superfluous_is_left_out() -> None:
    queries = {
        "q": {(): 9000.0, ("a",): 20.0, ("ab",): 114.0},
        "r": {(): 1000.0, ("ab",): 5.0},
    }
    assert chosen(queries, {"a": A, "ab": AB}) == {"ab": "r q"}


def test_what_helps_little_or_costs_little_is_left() -> None:
    assert chosen({"q": {(): 1000.0, ("a",): 800.0}}, {"a": A}) == {}
    assert chosen({"q": {(): 90.0, ("a",): 2.0}}, {"a": A}) == {}


def test_a_small_index_by_hand_is_better_than_a_large_one() -> None:
    names = {"a": A, "p": of("a", where="b IS NULL")}
    queries = {"q": {(): 1000.0, ("a",): 50.0, ("p",): 50.0}}
    assert chosen(queries, names, {"a": 10_000, "p": 6000}) == {"a": "q"}
    assert chosen(queries, names, {"a": 10_000, "p": 400}) == {"p": "q"}


def test_two_that_help_together_only_are_chosen_together() -> None:
    queries = {
        "q": {(): 1000.0, ("a", "b"): 20.0},
        "r": {(): 500.0, ("b",): 10.0},
    }
    assert chosen(queries, {"a": A, "b": B}) == {"a": "q", "b": "q r"}


def test_the_partner_of_one_that_is_left_out_goes_on_with_the_other_one() -> None:
    queries = {
        "q": {(): 1000.0, ("a", "b"): 20.0, ("ab", "b"): 19.0},
        "r": {(): 5000.0, ("ab",): 900.0, ("a",): 10.0},
    }
    assert chosen(queries, {"a": A, "b": B, "ab": AB}) == {"a": "r q", "b": "q"}


def test_one_that_helps_a_little_gives_way_to_two_that_help_together() -> None:
    queries = {"q": {(): 1000.0, ("ab",): 500.0, ("a", "b"): 20.0}}
    assert chosen(queries, {"a": A, "b": B, "ab": AB}) == {"a": "q", "b": "q"}
