import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.planner.shapes import (
    has_unknown_path,
    is_plannable,
    shape,
    with_fields,
    without_paths,
)

SHAPES = {
    "SELECT * FROM a WHERE b = 'it''s' AND c = 1.5e-3": "SELECT * FROM a WHERE b = $1 AND c = $2",
    "SELECT 1 -- by 'ada'\nFROM a /* ada\n */ WHERE b": "SELECT $1 FROM a WHERE b",
    "SELECT $2, $1, $2, 'x'": "SELECT $1, $2, $1, $3",
    "SELECT b FROM a WHERE c IN (1, 2, 3)": "SELECT b FROM a WHERE c IN ($1)",
    "SELECT b FROM a WHERE c in ($1 /*, ... */)": "SELECT b FROM a WHERE c IN ($1)",
    "SELECT b FROM a WHERE c = ANY (ARRAY[1, 2])": "SELECT b FROM a WHERE c = ANY (ARRAY[$1])",
    "INSERT INTO a (b) VALUES (1), (2) RETURNING c": "INSERT INTO a (b) VALUES ($1) RETURNING c",
    "SELECT b FROM a LIMIT 10 OFFSET 20": "SELECT b FROM a LIMIT 10 OFFSET $1",
    "SELECT b FROM a LIMIT $3": "SELECT b FROM a LIMIT $1",
    "SELECT interval '1 day', date $2": "SELECT $1::interval, $2::date",
    'SELECT "a$1", "it\'s"."x" FROM "b"': 'SELECT "a$1", "it\'s"."x" FROM "b"',
    "SELECT a1, t2.c3, 0x1F, .5, b[1]": "SELECT a1, t2.c3, $1, $2, b[$3]",
    "SELECT E'a\\'b', $$c$$, $x$ d $x$, B'101', U&'e'": "SELECT $1, $2, $3, $4, $5",
    "SELECT true, NULL, b::text;": "SELECT true, NULL, b::text",
    "SELECT -1, f( -2), b[-1], c ->> -1": "SELECT $1, f($2), b[$3], c ->> $4",
    "SELECT b FROM a WHERE c IN ( -1, 2) AND d in(-1)": (
        "SELECT b FROM a WHERE c IN ($1) AND d IN ($2)"
    ),
    "SELECT b FROM a WHERE c BETWEEN  -1 AND -2 OR NOT -3 = c": (
        "SELECT b FROM a WHERE c BETWEEN $1 AND $2 OR NOT $3 = c"
    ),
    "SELECT CASE WHEN -1 < b THEN -2 ELSE - 3 END -4": (
        "SELECT CASE WHEN $1 < b THEN $2 ELSE $3 END - $4"
    ),
    "SELECT b - 1, b -1, b-1, b - -1, (b) - 1, b[1] - 1, 2-1": (
        "SELECT b - $1, b - $2, b - $3, b - $4, (b) - $5, b[$6] - $7, $8 - $9"
    ),
    'SELECT "from" - 1, "a=-$1", a$1 - 1, now() - 1': (
        'SELECT "from" - $1, "a=-$1", a$1 - $2, now() - $3'
    ),
    "SELECT b FROM a WHERE b LIKE'c' AND'd'<b": "SELECT b FROM a WHERE b LIKE $1 AND $2<b",
    "SELECT -3::int, -interval '1 day', b || -$1, c < $1": (
        "SELECT $1::int, $2::interval, b || $3, c < $4"
    ),
    "SELECT f(a:=-1, b=>-2), c[1:-1], -d, - (2)": (
        "SELECT f(a := $1, b => $2), c[$3 : $4], -d, - ($5)"
    ),
    # Positions are names of columns.
    "SELECT a, f(b, 1) FROM c GROUP BY 1, f(b, 1), 2 HAVING 3 > 4 ORDER BY 1 DESC, 2": (
        "SELECT a, f(b, $1) FROM c GROUP BY 1, f(b, $2), 2 HAVING $3 > $4 ORDER BY 1 DESC, 2"
    ),
    "SELECT a FROM b GROUP BY ROLLUP (1, 2), (1, f(2)) UNION SELECT 1, 2": (
        "SELECT a FROM b GROUP BY ROLLUP (1, 2), (1, f($1)) UNION SELECT $2, $3"
    ),
    "SELECT DISTINCT ON (1) a, 5 FROM b ORDER BY 1 + 2, b[1], 3::text, 4": (
        "SELECT DISTINCT ON (1) a, $1 FROM b ORDER BY $2 + $3, b[$4], $5::text, 4"
    ),
    # So are the numbers of types.
    "SELECT a::numeric( 10, 2), CAST(b AS varchar(20)), bit (3) '101', numeric(5), c(10, 2)": (
        "SELECT a::numeric(10,2), CAST(b AS varchar(20)), bit(3) $1, numeric(5), c($2, $3)"
    ),
    "SELECT uuid 'a', jsonb '{}', timestamp(3) 'b', int '5', a.text": (
        "SELECT $1::uuid, $2::jsonb, $3::timestamp(3), $4::int, a.text"
    ),
}


@pytest.mark.parametrize("text", SHAPES)
def test_a_shape_has_no_values(text: str) -> None:
    assert shape(text) == SHAPES[text]


@pytest.mark.parametrize("text", SHAPES)
def test_the_shape_of_a_shape_is_itself(text: str) -> None:
    assert shape(shape(text)) == shape(text)


@given(st.text(st.characters(exclude_characters="\0")), st.integers(0), st.floats(0, 1e300))
def test_no_value_is_left_in_a_shape(text: str, number: int, fraction: float) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    query = f"SELECT a FROM b WHERE c = {quoted} AND d > {number} AND e < {fraction!r} -- {number}"
    assert shape(query) == "SELECT a FROM b WHERE c = $1 AND d > $2 AND e < $3"


@given(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
def test_a_sign_makes_no_other_shape(number: int, fraction: float) -> None:
    def asked(one: object, other: object) -> str:
        # As psycopg2 writes them, and as a person does.
        first, second = (f" {each}" if str(each)[0] == "-" else each for each in (one, other))
        return shape(
            f"UPDATE a SET b={first}, c = abs({second}) WHERE d>={one} AND e - {second} < {other} "
            f"AND f BETWEEN {first} AND {other} AND g IN ({one},{second})"
        )

    assert asked(number, fraction) == asked(3, 0.5)


FIELDS = {
    "SELECT EXTRACT($1 FROM a), extract( $2 from b)": (
        "SELECT EXTRACT(epoch FROM a), extract( epoch from b)"
    ),
    "SELECT substring(a FROM $1), extract(year FROM a)": (
        "SELECT substring(a FROM $1), extract(year FROM a)"
    ),
    "SELECT extract($1 FROM a) FROM b GROUP BY extract(year FROM a)": (
        "SELECT extract(year FROM a) FROM b GROUP BY extract(year FROM a)"
    ),
}


@pytest.mark.parametrize("text", FIELDS)
def test_a_field_that_was_counted_as_a_value_can_be_planned(text: str) -> None:
    assert with_fields(text) == FIELDS[text]


@pytest.mark.parametrize(
    ("text", "plannable"),
    [
        *(("select 1", True), (" ( SELECT 1)", True), ("WITH a AS (SELECT 1) SELECT 1", True)),
        *(("delete from a", True), ("BEGIN", False), ("ALTER ROLE a PASSWORD 'x'", False)),
        *(("EXPLAIN SELECT 1", False), ("COPY a FROM STDIN", False), ("selected", False)),
    ],
)
def test_only_some_statements_have_a_plan(text: str, plannable: bool) -> None:
    assert is_plannable(text) == plannable


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("SELECT 'secret and no end", "SELECT $1"),
        (r"SELECT E'sec\' secret", "SELECT $1"),
        ("SELECT E'sec\\", "SELECT $1"),
        ("SELECT $$secret", "SELECT $1"),
        ("SELECT $a$secret $b$", "SELECT $1"),
        ("SELECT 1 /* secret", "SELECT $1"),
        ("SELECT 1 /* a /* b */ it's */, 'secret'", "SELECT $1 , $2"),
        ("SELECT '/*', a$b$c FROM t /* d */", "SELECT $1, a$b$c FROM t"),
        ("SELECT 1 -- it's /* no comment\n, 2", "SELECT $1 , $2"),
    ],
)
def test_the_end_of_a_text_closes_what_is_open(cut, expected) -> None:
    assert shape(cut) == expected


def test_many_open_comments_take_no_time() -> None:
    assert shape("SELECT 1 " + "/*x" * 20_000) == "SELECT $1"


def test_a_path_in_json_stays_where_the_code_has_it() -> None:
    code = """SELECT (d #>> '{kind,0}') FROM t WHERE d->>'a b' = %s AND (d #>> %s) = %s LIMIT 3"""
    text = (
        """SELECT (d #>> '{kind,0}') FROM t WHERE d->>'a b' = 'a b' AND (d #>> '{x}') = 1 LIMIT 3"""
    )
    assert shape(text, code) == (
        "SELECT (d #>> '{kind,0}') FROM t WHERE d->>'a b' = $1 AND (d #>> $2) = $3 LIMIT 3"
    )
    kind = "SELECT 1 FROM t WHERE CASE WHEN jsonb_typeof((d #> '{a}')::jsonb) = 'number' THEN b END"
    kept = shape(kind, kind)
    assert kept == kind.replace("SELECT 1", "SELECT $1")
    assert has_unknown_path(shape(kind))
    assert not has_unknown_path(kept)
    assert shape(without_paths(kept)) == shape(kind)
