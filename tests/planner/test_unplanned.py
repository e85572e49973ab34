from berceau.planner.statistics import QueryStatistics
from berceau.planner.unplanned import Unplanned, note

QUERY = QueryStatistics("SELECT a\nFROM gone", 1, 4.0, 1)


def test_the_most_expensive_one_is_named_and_the_others_are_counted() -> None:
    one = Unplanned(QUERY, "no such table", 0.04)
    assert note([one]) == (
        "1 query can't be planned, with 4.0% of the time. PostgreSQL says of it: no such table: "
        "SELECT a FROM gone"
    )
    assert note([one, Unplanned(QUERY, "other", 0.01)]).startswith(
        "2 queries can't be planned, with 5.0% of the time. PostgreSQL says of the most expensive "
        "one (4.0%): no such table"
    )
    untimed = Unplanned(QUERY, "no such table")
    assert note([untimed, untimed]).startswith(
        "2 queries can't be planned. PostgreSQL says of the first of them: no such table: SELECT"
    )
