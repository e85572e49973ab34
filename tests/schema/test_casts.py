"""How values of one type become those of another, as SQL."""

import pytest

from berceau.schema.casts import cast, is_free, serves

CASTS = [
    ("integer", "bigint", "n::bigint"),
    ("integer", "boolean", "n <> 0"),
    ("boolean", "smallint", "n::integer::smallint"),
    ("character varying(40)", "integer", "n::integer"),
    ("numeric(10,2)", "money", "n::money"),
    ("oid", "bigint", "n::bigint"),
    ("boolean", "inet", "n::text::inet"),
    ("color", "smallint", "n::text::smallint"),
    ("color", "mood", "n::text::mood"),
    ("timestamp with time zone", "date", "(n AT TIME ZONE 'UTC')::date"),
    ("integer", "jsonb", "to_jsonb(n)"),
    ("json", "uuid", "(n #>> '{}')::uuid"),
    ("text", "text[]", "CASE WHEN n IS NOT NULL THEN ARRAY[n] END"),
    ("uuid", "integer", None),
    ("date", "time without time zone", None),
    ("integer", "text[]", None),
]


@pytest.mark.parametrize(("before", "after", "using"), CASTS)
def test_a_value_is_computed_or_has_no_counterpart(before: str, after: str, using: str) -> None:
    found = cast("n", before, after)
    assert (found and found.using) == using


@pytest.mark.parametrize(
    ("before", "after", "free"),
    [
        ("character varying(40)", "character varying(50)", True),
        ("character varying(40)", "text", True),
        ("text", "character varying(40)", False),
        ("numeric(10,2)", "numeric(12,2)", True),
        ("numeric(10,2)", "numeric(12,3)", False),
        ("integer", "bigint", False),
    ],
)
def test_postgresql_takes_values_as_they_are(before: str, after: str, free: bool) -> None:
    assert is_free(before, after) == free


@pytest.mark.parametrize(
    ("before", "after", "may_fail", "may_lose"),
    [
        ("integer", "bigint", False, False),
        ("bigint", "integer", True, False),
        ("bigint", "double precision", False, True),
        ("boolean", "inet", True, False),
        ("numeric(10,2)", "numeric(10,1)", True, True),
        ("text", "integer", True, False),
    ],
)
def test_what_a_cast_may_cost(before: str, after: str, may_fail: bool, may_lose: bool) -> None:
    found = cast("n", before, after)
    assert found
    assert (found.may_fail, found.may_lose) == (may_fail, may_lose)


@pytest.mark.parametrize(
    ("declared", "actual", "expected"),
    [
        ("integer", "bigint", True),
        ("integer", "smallint", False),  # too large
        ("integer", "text", False),  # text = 1 is no comparison
        ("integer", "double precision", False),  # 1.5 is read as 1, and not found again
        ("integer", "numeric(12,2)", False),
        ("integer", "numeric(10,0)", True),
        ("integer", "numeric(9,0)", False),
        ("smallint", "numeric(8,0)", True),
        ("double precision", "numeric", True),
        ("double precision", "text", False),  # 'a' is no number
        ("numeric(12,2)", "numeric(14,4)", True),
        ("numeric(12,2)", "numeric(12,4)", False),
        ("numeric(12,2)", "numeric", True),
        ("numeric", "numeric(12,2)", False),
        ("character varying(20)", "character varying(30)", True),
        ("character varying(20)", "text", True),
        ("text", "character varying(20)", False),
        ("timestamp with time zone", "timestamp without time zone", False),
        ("time(3) without time zone", "time without time zone", True),
        ("time without time zone", "time(3) without time zone", False),
        ("integer[]", "bigint[]", False),  # bigint[] = integer[] is no comparison
        ("boolean", "integer", False),
        ("inet", "inet", True),
        ("inet", "text", False),
        ("email", "address", True),  # who knows
    ],
)
def test_code_for_a_type_works_with_another(declared: str, actual: str, expected: bool) -> None:
    assert serves(declared, actual) is expected
