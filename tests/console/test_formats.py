"""Figures as people read them, and SQL in colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.console.formats import about, prose, size, span
from berceau.console.sql import pieces


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0, "0 bytes"), (999, "999 bytes"), (1024, "1 kB"), (1_500_000, "1.4 MB")),
        *((150 * 1024**2, "150 MB"), (5 * 1024**4, "5 TB")),
    ],
)
def test_a_size_has_few_digits(number, text) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9, "9"), (42, "~42"), (9_999, "~9,999"), (10_000, "~10 k"), (999_600, "~1.0 M")],
)
def test_an_estimate_is_marked_as_one(number, text) -> None:
    assert about(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0124, "12 ms"),
        (1.2, "1 second"),
        (59, "59 seconds"),
        (3600, "1 hour"),
        (200000, "2 days"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(seconds, text) -> None:
    assert span(seconds) == text


@given(st.text(alphabet="select 'x\"$-;/*\n1.é", max_size=40))
def test_coloured_sql_is_the_same_sql(sql) -> None:
    assert "".join(each.text for each in pieces(sql)) == sql


def test_words_strings_numbers_and_comments_are_told_apart() -> None:
    found = pieces("SELECT 'from' AS \"from\" -- where\nLIMIT 5")
    assert [each for each in found if each.kind] == [
        *(("keyword", "SELECT"), ("string", "'from'"), ("keyword", "AS"), ("comment", "-- where")),
        *(("keyword", "LIMIT"), ("number", "5")),
    ]


def test_what_a_message_has_in_backticks_is_code() -> None:
    found = prose("Run `invoke migrate`, or `--force`.")
    assert found == [
        (False, "Run "),
        (True, "invoke migrate"),
        (False, ", or "),
        (True, "--force"),
        (False, "."),
    ]
    assert prose("a `b") == [(False, "a `b")]
