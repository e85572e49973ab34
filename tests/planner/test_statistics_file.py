from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from berceau.errors import StatisticsError
from berceau.planner.statistics import (
    ColumnStatistics,
    ExtensionStatistics,
    IndexStatistics,
    NumberStatistics,
    QueryStatistics,
    Size,
    Statistics,
    TableStatistics,
    Values,
)
from berceau.planner.statistics_file import from_text, to_text
from tests.conftest import examples

EXAMPLE = Statistics(
    postgresql=150008,
    schema="shop",
    collation="en_US.UTF-8",
    settings={"random_page_cost": "1.1"},
    since="2026-11-01",
    tables=(
        TableStatistics(
            "post",
            Size(relpages=100, reltuples=2000.0, blocks=101, relallvisible=7),
            (
                ColumnStatistics("id", 0.0, 8, -1.0, 0.5),
                ColumnStatistics(
                    "state", 0.25, 4, 2.0, None, values=Values("{new,old}", (0.5, 0.25))
                ),
            ),
            (IndexStatistics("post_pkey", Size(8, 2000.0, 8), height=1, scans=12),),
            inserted=2000,
        ),
    ),
    queries=(QueryStatistics("SELECT 1 WHERE $1", 10, 0.5, 10),),
)
TEXT = """\
{
  "berceau": "planner statistics",
  "format": 1,
  "postgresql": 150008,
  "schema": "shop",
  "collation": "en_US.UTF-8",
  "settings": {"random_page_cost": "1.1"},
  "since": "2026-11-01",
  "tables": {
    "post": {
      "relpages": 100,
      "reltuples": 2000,
      "blocks": 101,
      "relallvisible": 7,
      "inserted": 2000,
      "columns": {
        "id": {"null_frac": 0, "avg_width": 8, "n_distinct": -1, "correlation": 0.5},
        "state": {"null_frac": 0.25, "avg_width": 4, "n_distinct": 2, "most_common_vals": "{new,old}", "most_common_freqs": [0.5, 0.25]}
      },
      "indexes": {
        "post_pkey": {"relpages": 8, "reltuples": 2000, "blocks": 8, "height": 1, "scans": 12}
      }
    }
  },
  "queries": [
    {"text": "SELECT 1 WHERE $1", "calls": 10, "seconds": 0.5, "rows": 10}
  ]
}
"""  # noqa: E501 - as it is written

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
numbers = st.integers(0, 2**31)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
texts = st.none() | words
lists = st.none() | st.lists(floats).map(tuple)
names = words.filter(lambda name: name and not name.endswith(" (inherited)"))
values = st.builds(
    Values, texts, lists, texts, texts, lists, lists, texts, st.none() | floats, texts
).filter(lambda found: found != Values())
columns = st.builds(
    ColumnStatistics,
    names,
    floats,
    numbers,
    floats,
    st.none() | floats,
    st.booleans(),
    st.none() | values,
)
sizes = st.builds(Size, numbers, floats, numbers, numbers, st.none() | numbers)


def unique(strategy, key=lambda each: each.name) -> st.SearchStrategy:
    return st.lists(strategy, unique_by=key, max_size=3).map(tuple)


by_column = unique(columns, lambda each: (each.name, each.inherited))
indexes = st.builds(
    IndexStatistics, names, sizes, st.none() | st.integers(0, 32), numbers, by_column
)
tables = st.builds(
    TableStatistics, names, sizes, by_column, unique(indexes), numbers, numbers, numbers
)
queries = st.builds(QueryStatistics, words, numbers, floats, numbers)
statistics = st.builds(
    Statistics,
    numbers,
    words,
    words,
    st.dictionaries(words, words),
    texts,
    unique(tables),
    st.lists(queries).map(tuple),
    numbers,
    st.lists(st.builds(NumberStatistics, names, names, numbers, numbers)).map(tuple),
    st.lists(st.builds(ExtensionStatistics, names, words, words)).map(tuple),
)


def test_a_file_has_a_line_for_each_column_index_and_query() -> None:
    assert to_text(EXAMPLE) == TEXT


@settings(max_examples=examples(20))
@given(statistics)
def test_what_is_written_is_read_again(found: Statistics) -> None:
    assert from_text(to_text(found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "not JSON": ("<<<<<<< HEAD", "isn't a file of statistics"),
        "a list": ("[]", "isn't a file of statistics"),
        "another file": ('{"name": "x"}', "isn't a file of statistics (KeyError: 'berceau')"),
        "another form": (TEXT.replace('"format": 1', '"format": 2'), "is of the form 2"),
        "a text for a number": (TEXT.replace("100,", '"100",'), "relpages is '100'"),
        "a number for a text": (TEXT.replace('"shop"', "3"), "schema is 3"),
        "half a column": (TEXT.replace('"null_frac": 0, ', ""), "null_frac"),
        "no tables": (TEXT.replace('"tables"', '"tabels"'), "'tables'"),
        "texts in a list of numbers": (TEXT.replace("[0.5", '["x"'), "freqs is ["),
        "a list for a number": (TEXT.replace("100,", "[100],"), "relpages is [100]"),
        "a truth for a number": (TEXT.replace("100,", "true,"), "relpages is True"),
        "no number": (TEXT.replace("-1,", "NaN,"), "NaN isn't a number"),
        "no number in a list": (TEXT.replace("[0.5", "[Infinity"), "Infinity isn't a number"),
        "a number that is none": (TEXT.replace("0.25,", "1e999,", 1), "1e999 is too large"),
        "a number without end": (TEXT.replace("100,", f"{10**30},"), "is too large"),
        "a tree without end": (TEXT.replace('"height": 1', '"height": 99'), "height is 99"),
        "less than no pages": (TEXT.replace("101,", "-9,"), "blocks is -9"),
        "more pages than any": (TEXT.replace("101,", "9999999999,"), "blocks is 9999999999"),
        "a number as a setting": (TEXT.replace('"1.1"', "1.1"), "settings is {"),
        "a character that is none": (TEXT.replace('"shop"', r'"sh\u0000p"'), "has a character"),
        "half a character": (TEXT.replace('"post"', r'"\ud800"'), "surrogates not allowed"),
        "lists in lists": ("[" * 100_000, "nested too deeply"),
    }.values(),
)
def test_what_is_damaged_is_refused_with_the_cure(text: str, message: str) -> None:
    with pytest.raises(StatisticsError) as caught:
        from_text(text)
    assert message in caught.value.message
    assert "invoke stats.save" in caught.value.cure


def test_a_table_without_statistics_was_never_analysed_unless_it_is_empty() -> None:
    table = EXAMPLE.tables[0]
    assert table.analysed
    assert not replace(table, columns=()).analysed
    assert replace(table, columns=(), size=Size(0, -1.0, 0)).analysed
