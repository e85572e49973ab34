"""Text that names the schema: what is moved in a copy, what stays, and what is refused."""

import re
from collections.abc import Iterator

import pytest

from berceau.errors import CloneError
from berceau.postgres.clone import parsing
from berceau.postgres.clone.bodies import Schema, redirect
from berceau.postgres.clone.cloning import clone
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.inspect.schemas import drop_schema

OBJECTS = frozenset("shop s t post profile f p mood".split())


@pytest.fixture(params=["with a parser", "without one"])
def parser(request, monkeypatch) -> str:
    """Let pglast be there, or not."""
    if request.param == "without one":
        monkeypatch.setattr(parsing, "version", lambda: "")
    else:
        pytest.importorskip("pglast")
    return request.param


def moved(body: str, language: str = "plpgsql") -> tuple[str, list[str]]:
    """Return the body of a function as it is in a copy of shop, and what may lead back."""
    schema = Schema("shop", OBJECTS, "TRIAL", "TRIAL")
    text, references = redirect(f"CREATE FUNCTION x() {body}", body, language, schema, "function x")
    return text.removeprefix("CREATE FUNCTION x() "), [each.text for each in references]


MOVED = [
    "SELECT nextval('shop.s'), nextval(E'shop.s'), nextval($$shop.s$$), nextval('\"shop\".s')",
    r"SELECT nextval(U&'\0073hop.s'), nextval(E'\163hop.s')",
    "SELECT nextval('sh'\n'op.s')",
    "SELECT cast('shop.s' AS regclass), regclass 'shop.s'",
    "SELECT 'shop.s'::regclass, ('shop.s'::text)::regclass, 'shop'::regnamespace",
    "SELECT to_regclass('shop.t'), to_regproc('shop.f'), 'shop.f(int)'::regprocedure",
    "SELECT shop.t.id, shop.t.*, shop.f(1), 'a'::shop.mood FROM shop.t, shop.post",
    "SELECT 1 OPERATOR(shop.@@@) 2",
    'SELECT * FROM "shop".t JOIN "shop"."post" ON true',
    "INSERT INTO shop.t (a) SELECT 1 FROM ONLY shop.post",
    "UPDATE shop.t SET a = 1; DELETE FROM shop.t",
    "SET LOCAL search_path TO shop, pg_temp",
    "SELECT set_config('search_path', 'shop, pg_temp', true)",
    "TRUNCATE shop.t, shop.post; LOCK TABLE shop.t; CALL shop.p(1)",
    "DECLARE a shop.t%ROWTYPE; b CONSTANT shop.mood := 'x'; c shop.t.id%TYPE; BEGIN NULL; END",
    "BEGIN FOR a IN SELECT * FROM shop.t LOOP PERFORM shop.f(1); END LOOP; END",
    "BEGIN RETURN QUERY SELECT shop.f(2); END",
    "BEGIN SELECT id INTO STRICT a FROM shop.t; END",
    "BEGIN INSERT INTO shop.t VALUES (1) RETURNING id INTO a; END",
    "BEGIN IF EXISTS (SELECT FROM shop.t) THEN a := (SELECT max(id) FROM shop.t); END IF; END",
]  # fmt: skip
LEFT = [
    "SELECT shop.bio FROM t shop WHERE shop.id = 1 -- shop.t",
    "SELECT shop.profile FROM profile AS shop WHERE shop.post > 1 ORDER BY shop.t",
    "SELECT count(shop.profile) FROM post shop",
    "BEGIN IF visibility = 'shop' OR kind IN ('shop') THEN RAISE NOTICE 'shop.t'; END IF; END",
    "BEGIN RAISE EXCEPTION 'shop.t is full' USING hint = 'shop'; END",
    "BEGIN <<shop>> LOOP EXIT shop WHEN kind <> 'shop'; END LOOP shop; END",
    "DECLARE shop record; BEGIN shop.profile := 1; END",
    "SELECT CASE kind WHEN 'shop' THEN 1 END FROM t WHERE kind LIKE 'shop%'",
]
LEFT_BY_A_PARSER = [
    "BEGIN n := format('%s: %s', 'shop', t); END",
    "BEGIN n := concat_ws(', ', 'shop', t); END",
    "DECLARE kind text := 'shop'; BEGIN RETURN nextval('s'); END",
]
REFUSED = [
    ("BEGIN EXECUTE 'DELETE FROM shop.t'; END", "'DELETE FROM shop.t'"),
    ("BEGIN EXECUTE 'DELETE FROM shop' || '.t'; END", "'DELETE FROM shop'"),
    ("BEGIN EXECUTE 'DELETE FROM sh' || 'op.t'; END", "'DELETE FROM sh'"),
    ("BEGIN EXECUTE format('DELETE FROM %I.%I', 'shop', 't'); END", "'shop'"),
    ("BEGIN EXECUTE format('DELETE FROM %I.%I', E'sh\\157p', 't'); END", "E'sh\\157p'"),
    ("BEGIN EXECUTE $q$DELETE FROM shop.t$q$; END", "$q$DELETE FROM shop.t$q$"),
    ("BEGIN EXECUTE 'SET search_path = shop'; END", "'SET search_path = shop'"),
    ("DECLARE a text := 'shop'; BEGIN EXECUTE a || '.t'; END", "'shop'"),
    ("BEGIN a := 'shop'; PERFORM f(a); END", "'shop'"),
    ("BEGIN FOR a IN EXECUTE 'SELECT 1 FROM shop.t' LOOP END LOOP; END", "'SELECT 1 FROM shop.t'"),
    ("BEGIN RETURN QUERY EXECUTE 'TABLE shop.t'; END", "'TABLE shop.t'"),
    ("BEGIN OPEN c FOR EXECUTE 'TABLE shop.t'; END", "'TABLE shop.t'"),
    ("BEGIN PERFORM dblink_exec('DELETE FROM shop.t'); END", "'DELETE FROM shop.t'"),
    ("BEGIN RETURN 'shop'; END", "'shop'"),
    ("DECLARE n text := format('%I.%I', 'shop', 's'); BEGIN RETURN nextval(n); END", "'shop'"),
    ("BEGIN n := format('%I.%I', 'shop', t); RETURN n; END", "'shop'"),
    ("BEGIN n := format('%2$I.%1$I', t, lower('shop')); RETURN n; END", "'shop'"),
    ("BEGIN n := format('%s.%s', 'shop', t); RETURN n; END", "'shop'"),
    ("BEGIN n := format('%s', 'shop') || '.t'; RETURN n; END", "'shop'"),
    ("BEGIN n := concat('shop', '.', t); RETURN n; END", "'shop'"),
    ("BEGIN n := concat_ws('.', 'shop', t); RETURN n; END", "'shop'"),
    ("BEGIN n := array_to_string(ARRAY['shop', t], '.'); RETURN n; END", "'shop'"),
    ("BEGIN n := quote_ident('shop') || '.t'; RETURN n; END", "'shop'"),
    ("DECLARE s text := 'shop'; BEGIN RETURN nextval(format('%I.%I', s, 's')); END", "'shop'"),
    ("DECLARE s text := 'shop'; BEGIN RETURN (s || '.t')::regclass; END", "'shop'"),
    ("DECLARE s text := 'shop'; BEGIN RETURN cast(s || '.t' AS regclass); END", "'shop'"),
    ("DECLARE s text := 'shop'; BEGIN PERFORM set_config('search_path', s, true); END", "'shop'"),
    ("DECLARE s text := 'shop'; BEGIN RETURN nextval('' || s || '.s'); END", "'shop'"),
    ("SELECT format('%I.%I', 'shop', 't')", "'shop'"),
    ("SELECT relname FROM pg_tables WHERE schemaname = 'shop'", "'shop'"),
    ("SELECT f(name => 'shop')", "'shop'"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("body", MOVED)
def test_what_names_the_schema_is_moved(body) -> None:
    text, references = moved(body, "plpgsql" if "BEGIN" in body else "sql")
    assert references == []
    assert not re.search(r"shop|\\", text)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("body", LEFT)
def test_what_only_looks_like_the_schema_stays(body) -> None:
    language = "plpgsql" if "BEGIN" in body else "sql"
    assert moved(body, language) == (body, [])


@pytest.mark.parametrize("body", LEFT_BY_A_PARSER)
def test_a_parser_knows_more_that_only_looks_like_the_schema(body) -> None:
    pytest.importorskip("pglast")
    assert moved(body) == (body, [])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("body", "text"), REFUSED)
def test_what_may_lead_back_is_found(body, text) -> None:
    language = "plpgsql" if "BEGIN" in body else "sql"
    assert moved(body, language) == (body, [text])


def test_other_languages_are_read_line_by_line() -> None:
    body = "import plpy\nplpy.execute('DELETE FROM shop.t')  # shopping\n"
    assert moved(body, "plpython3u") == (body, ["plpy.execute('DELETE FROM shop.t')  # shopping"])
    assert moved("shopping()", "plpython3u")[1] == []


CASE = """
CREATE SCHEMA shop; SET search_path = shop;
CREATE SEQUENCE s; CREATE TABLE t (id bigint DEFAULT nextval(('shop.s'::text)::regclass),
                                   kind text DEFAULT 'shop' CHECK (kind IN ('shop', 'shop.t')));
CREATE VIEW v AS
    SELECT 'shop'::text AS a, to_regclass('shop.t'::text) AS b FROM t WHERE kind = 'shop';
CREATE FUNCTION f1() RETURNS bigint LANGUAGE sql AS
    $$ SELECT nextval(cast('shop.s' AS regclass)) $$;
CREATE FUNCTION f2() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval(E'shop.s') $$;
CREATE FUNCTION f3() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT nextval('shop.s'); END;
"""
LEADS = """
CREATE FUNCTION shop.f4() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER SEQUENCE %I.%I RESTART', 'shop', 's');
END $$;
CREATE FUNCTION shop.f5(place text DEFAULT 'shop') RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE 'DELETE FROM ' || place || '.t'; END $$;
CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER log BEFORE INSERT ON shop.t FOR EACH ROW EXECUTE FUNCTION shop.log('shop');
CREATE SCHEMA other;
CREATE FUNCTION other.clear() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN DELETE FROM shop.t; RETURN NULL; END $$;
CREATE TRIGGER clear AFTER UPDATE ON shop.t EXECUTE FUNCTION other.clear();
CREATE VIEW other.t AS SELECT * FROM shop.t; CREATE VIEW shop.w AS SELECT * FROM other.t;
"""


@pytest.fixture
def owner(running) -> Iterator[Connection]:
    """An autocommit connection of the schemas' owner."""
    with connect(running.owner_url, autocommit=True) as connection:
        yield connection
        for name in ("shop", "other", "trial"):
            drop_schema(connection, name)


def run(connection, text: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.usefixtures("parser")
def test_a_copy_uses_its_own_objects(owner) -> None:
    run(owner, CASE)
    clone(owner, "shop", "trial")
    assert run(owner, "SELECT trial.f1(), trial.f2(), trial.f3()") == [(1, 2, 3)]
    run(owner, "INSERT INTO trial.t DEFAULT VALUES")
    assert run(owner, "SELECT id, kind FROM trial.t") == [(4, "shop")]
    assert run(owner, "SELECT a, b::text FROM trial.v") == [("shop", "trial.t")]
    assert run(owner, "SELECT last_value, is_called FROM shop.s") == [(1, False)]


@pytest.mark.usefixtures("parser")
def test_what_may_lead_back_is_refused_by_name_unless_it_is_allowed(owner) -> None:
    run(owner, CASE + LEADS)
    with pytest.raises(CloneError) as caught:
        clone(owner, "shop", "trial")
    assert [line.strip() for line in caught.value.message.splitlines()[1:]] == [
        "function other.clear(), line 1: isn't copied, and means the source",
        "view other.t, line 1: isn't copied, and means the source",
        "function f4(), line 3: 'shop'",
        "function f5(place text), line 1: DEFAULT 'shop'",
        "trigger log, line 1: 'shop'",
    ]
    assert "--allow-references" in caught.value.cure
    assert run(owner, "SELECT FROM pg_namespace WHERE nspname = 'trial'") == []
    with pytest.raises(CloneError, match="f5"):
        clone(owner, "shop", "trial", ["other.*", "f4", "trigger log"])
    clone(owner, "shop", "trial", ["other.*", "f[45]", "trigger log"])
