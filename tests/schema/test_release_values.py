"""What a release gives to a column, and what it finds there, as literals."""

import pytest

from berceau.schema.release_values import as_literal

LITERALS = [
    ("integer", "-12", "-12"),
    ("numeric(10,2)", "1.50", "1.50"),
    ("double precision", "1e+300", "1e+300"),
    ("double precision", "NaN", "'NaN'::double precision"),
    ("boolean", "true", "true"),
    # A key that has another type by now is no number, and must be no error of syntax.
    ("integer", "fee6b9f3-abe2", "'fee6b9f3-abe2'::integer"),
    ("bigint", "it's", "'it''s'::bigint"),
    ("uuid", "fee6b9f3", "'fee6b9f3'::uuid"),
    ("text", "it's", "'it''s'"),
]


@pytest.mark.parametrize(("sql_type", "text", "literal"), LITERALS)
def test_what_postgresql_prints_is_read_as_it_was(sql_type, text, literal) -> None:
    assert as_literal(sql_type, text) == literal
