"""The hazards that the comments right above a statement name."""

from berceau.migration.hazard_comments import hazards_above
from berceau.schema.statement import Hazard

LINES = f"""-- {Hazard.DATA_LOSS}
SELECT 1;
-- why
-- {Hazard.DATA_LOSS}: the column title
ALTER TABLE post DROP title;
-- {Hazard.DATA_LOSS}

DROP TABLE post;
""".splitlines()


def test_all_comments_right_above_count() -> None:
    assert hazards_above(5, LINES) == {Hazard.DATA_LOSS}


def test_those_of_another_statement_or_behind_an_empty_line_do_not() -> None:
    assert hazards_above(3, LINES) == frozenset()
    assert hazards_above(8, LINES) == frozenset()


def test_the_first_line_has_none_above_it() -> None:
    assert hazards_above(1, LINES) == frozenset()
