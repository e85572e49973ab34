"""What a test may expect of plans, and in which words they fail it."""

import pytest

from berceau.planner.expectations import Expectation, Relations
from berceau.planner.plan import Node

KNOWN = Relations(
    tables={"post": ["post"], "author": ["author"], "event": ["event", "event_2026"]},
    indexes={
        "post_author_idx": ["post_author_idx"],
        "event_at_idx": ["event_at_idx", "event_2026_at_idx"],
    },
)
PLANS = (
    Node("Seq Scan", 0, 20, 1, 1, relation="post"),
    Node("Index Scan", 0, 5, 1, 1, relation="event_2026", index="event_2026_at_idx"),
    Node("Seq Scan", 0, 7, 1, 1, relation="event_2026"),
)
FAILURES = [
    (Expectation.of(uses="event_at_idx", no_seq_scan="author", max_cost=20), []),
    (Expectation.of(no_seq_scan=["post"]), ["All of post is read (Seq Scan)."]),
    (Expectation.of(no_seq_scan="event"), ["All of event_2026 is read (Seq Scan)."]),
    (
        Expectation.of(uses=("post_author_idx",), max_cost=19.5),
        [
            "The index post_author_idx isn't used (it uses event_2026_at_idx).",
            "The cost is 20.00, and 19.5 is allowed.",
        ],
    ),
    (
        Expectation.of(uses="post_authors_idx"),
        ["There is no index post_authors_idx. Did you mean post_author_idx?"],
    ),
    (
        Expectation.of(no_seq_scan=["posts", "x"]),
        ["There is no table posts. Did you mean post?", "There is no table x."],
    ),
]


@pytest.mark.parametrize(("expected", "failures"), FAILURES)
def test_plans_fail_in_words(expected: Expectation, failures: list[str]) -> None:
    assert list(expected.failures(PLANS, KNOWN)) == failures


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Nothing is expected of the plan: give uses="),
        ({"uses": [], "no_seq_scan": ()}, "Nothing is expected"),
        ({"uses": None}, "uses takes a name, or a list of names, and not None"),
        ({"uses": [1]}, "uses takes a name"),
        ({"no_seq_scan": 1}, "no_seq_scan takes a name"),
        ({"no_seq_scan": b"post"}, "no_seq_scan takes a name"),
        ({"max_cost": "100"}, "max_cost takes a number, and not '100'"),
        ({"max_cost": float("nan")}, "max_cost takes a number"),
        ({"max_cost": True}, "max_cost takes a number"),
    ],
)
def test_what_could_never_fail_is_refused(arguments, message) -> None:
    with pytest.raises(TypeError, match=message):
        Expectation.of(**arguments)
