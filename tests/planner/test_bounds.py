"""Ranges of columns whose values aren't known."""

import pytest

from berceau.planner.bounds import has_unknown_bounds, with_any_bounds
from berceau.planner.plan import Node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WHERE day > '2026-01-01'", "WHERE day > $1"),
        ("WHERE day > '2026-01-01'::date AND a = 1", "WHERE day > $1::date AND a = 1"),
        ("WHERE day >= DATE '2026-01-01' OR a = 'b'", "WHERE day >= $1::DATE OR a = 'b'"),
        ("WHERE n BETWEEN 1 AND 2 AND a = 3", "WHERE n BETWEEN $1 AND $2 AND a = 3"),
        ("WHERE n BETWEEN -1 AND 2.5", "WHERE n BETWEEN -$1 AND $2"),
        ("WHERE (n > 1 AND n < 5) AND a = 3", "WHERE (n > $1 AND n < $2) AND a = 3"),
        ("WHERE n > now() - interval '7 days' LIMIT 1", "WHERE n > now() - $1::interval LIMIT 1"),
        ("WHERE at > f('a', 2), 3", "WHERE at > f($1, $2), 3"),
        ("WHERE a = $3 AND n < 7", "WHERE a = $3 AND n < $4"),
    ],
)
def test_the_values_of_a_range_become_parameters(text: str, expected: str) -> None:
    assert with_any_bounds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "WHERE a = 1 AND b <> 2 AND c LIKE 'a%' AND d IN (1, 2)",
        "WHERE data -> 'a' = '1' AND data ->> 'b' = 'c' AND tags @> '{a}' AND data #>> '{a}' = 'x'",
        """WHERE "a > 1" = 1 AND a = 'n > 5' AND a = E'it\\'s > 1' LIMIT 10 OFFSET 5""",
    ],
)
def test_all_other_values_stay(text: str) -> None:
    assert with_any_bounds(text) == text


@pytest.mark.parametrize(
    ("condition", "unknown"),
    [
        ("(p.day > '2026-01-01'::date)", True),
        ("((p.a = 1) AND (p.day < now()))", True),
        ("(p.day > $1)", False),
        ("(p.known > 5)", False),
        ("(p.day = '2026-01-01'::date)", False),
        ("(p.day > q.day)", False),
    ],
)
def test_which_ranges_are_unknown(condition: str, *, unknown: bool) -> None:
    scan = Node("Seq Scan", 0, 1, 1, 8, "post", "p", None, (("Filter", condition),))
    assert has_unknown_bounds(scan, lambda _, column: column == "known") is unknown
