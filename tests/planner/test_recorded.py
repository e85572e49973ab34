import pytest

from berceau.errors import StatisticsError
from berceau.planner.recorded import Recorded, from_text, to_text

QUERIES = (
    Recorded("SELECT $1", 3, 3, 0.25),
    Recorded("SELECT a FROM b", 1, 0, 0.5, ("components/b/views.py:7", "components/b/a.pt:1")),
)


def test_what_was_written_is_read_sorted() -> None:
    assert from_text(to_text(reversed(QUERIES))) == QUERIES


def test_no_more_lines_are_kept_than_somebody_reads() -> None:
    lines = tuple(f"a.py:{number}" for number in range(50))
    (found,) = from_text(to_text([Recorded("SELECT $1", 1, 1, 1, lines)]))
    assert found.lines == lines[:10]


ENDLESS = '{"version": 1, "queries": [{"text": "a", "calls": Infinity}]}'


@pytest.mark.parametrize(
    "text",
    [ENDLESS, "", "[]", "{}", '{"version": 9}', '{"version": 1, "queries": [{"text": "a"}]}'],
)
def test_another_file_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(StatisticsError, match="isn't a file of recorded queries") as caught:
        from_text(text)
    assert "invoke test" in str(caught.value)
