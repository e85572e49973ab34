"""Whatever was made by hand: a change of the entities keeps it, or is refused by name."""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from berceau.errors import BerceauError, StatementError
from berceau.migration.migration import Migration, new_name
from berceau.postgres.clone.databases import create_empty, drop_database
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.settings import Settings, load
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.shared.databases import embedded_server
from berceau.workflows.write.migrate import Options, migrate
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "15"))
"""How many evolutions are tried."""

COLUMNS = {
    "val": ["Required(str, 50)", "Required(str, 80, index=True)", "Required(LongStr)"],
    "num": [
        "Optional(int)",
        "Optional(int, size=64)",
        "Optional(Decimal, 12, 2)",
        "Optional(int, unique=True)",
        "Required(int)",
        "Optional(str)",
        "",
    ],
    "day": ["Optional(date)", "Optional(datetime)", "Optional(date, sql_default='now()')", ""],
    "state": ["Optional(State)", "Required(State)", "Optional(State, index=True)", ""],
    "extra": ["", "Optional(int, index=True)", "Optional(str, unique=True, nullable=True)"],
}
STATES = ["OPEN = 'open'; DONE = 'done'", "OPEN = 'open'; DONE = 'done'; NEW = 'new'"]
STATES += ["OPEN = 'open'", "DONE = 'done'; OPEN = 'open'"]
BARS = ["", "    foo = Optional(Foo)\n", "    foo = Required(Foo)\n    n = Optional(str)\n", None]

BY_HAND = """
ALTER TABLE foo ADD h_g text GENERATED ALWAYS AS (val || 'x') STORED
ALTER TABLE foo ADD h_n int GENERATED ALWAYS AS (num + 1) STORED
CREATE FUNCTION h_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.num := 7; RETURN NEW; END'; CREATE TRIGGER h_t BEFORE UPDATE ON foo FOR EACH ROW EXECUTE FUNCTION h_change()
CREATE FUNCTION h_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''never''; END'; CREATE TRIGGER h_r BEFORE INSERT OR UPDATE OR DELETE ON foo FOR EACH ROW EXECUTE FUNCTION h_refuse()
CREATE FUNCTION h_log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO h_logged VALUES (1); RETURN NULL; END'; CREATE TABLE h_logged (a int); CREATE TRIGGER h_l AFTER UPDATE ON foo EXECUTE FUNCTION h_log()
CREATE FUNCTION h_of() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER h_o BEFORE UPDATE OF num, val ON foo FOR EACH ROW WHEN (OLD.num IS DISTINCT FROM NEW.num) EXECUTE FUNCTION h_of()
CREATE VIEW h_v AS SELECT id, val, num FROM foo; CREATE RULE h_no AS ON DELETE TO h_v DO INSTEAD NOTHING
CREATE VIEW h_v1 AS SELECT * FROM foo; CREATE VIEW h_v2 AS SELECT id, num FROM h_v1 WHERE num > 0
CREATE VIEW h_s AS SELECT state, count(*) AS c FROM foo WHERE state <> 'done' GROUP BY state
CREATE MATERIALIZED VIEW h_m AS SELECT id, num, day FROM foo; CREATE UNIQUE INDEX h_mi ON h_m (id)
CREATE RULE h_ins AS ON INSERT TO foo WHERE NEW.num = 99 DO INSTEAD NOTHING
CREATE RULE h_upd AS ON UPDATE TO foo DO ALSO SELECT 1
ALTER TABLE foo SET (fillfactor = 70, autovacuum_enabled = false)
ALTER TABLE foo SET UNLOGGED
ALTER TABLE foo REPLICA IDENTITY FULL
ALTER TABLE foo ALTER val SET STORAGE EXTERNAL, ALTER num SET STATISTICS 7
CREATE TABLE h_p (at date NOT NULL, foo int, num int) PARTITION BY RANGE (at); CREATE TABLE h_p1 PARTITION OF h_p DEFAULT; CREATE INDEX h_pi ON h_p (num)
CREATE TABLE h_ref (foo int REFERENCES foo)
CREATE TABLE h_child () INHERITS (foo)
CREATE STATISTICS h_st ON val, num FROM foo
CREATE STATISTICS h_se ON (num % 3) FROM foo
CREATE POLICY h_pol ON foo USING (num > 0); ALTER TABLE foo ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
CREATE POLICY h_val ON foo USING (val <> 'x')
ALTER TABLE foo ADD CONSTRAINT h_c CHECK (num > 1000) NOT VALID
ALTER TABLE foo ADD CONSTRAINT h_k CHECK (length(val) < 45)
ALTER TABLE foo ADD CONSTRAINT h_fk FOREIGN KEY (num) REFERENCES foo ON UPDATE CASCADE NOT VALID
ALTER TABLE foo ADD CONSTRAINT h_x EXCLUDE (id WITH =) WHERE (num > 3)
CREATE INDEX h_i ON foo (lower(val)) WHERE num > 0
CREATE INDEX h_is ON foo ((state = 'open'))
CREATE DOMAIN h_d AS int CHECK (VALUE > 0); CREATE TABLE h_dt (a h_d)
CREATE FUNCTION h_a() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(num) FROM foo; END
CREATE FUNCTION h_f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE INDEX h_fi ON foo (h_f(val))
CREATE FUNCTION h_row(foo) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION h_e(state) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE TYPE h_y AS (a int, b text); CREATE TABLE h_yt (y h_y, rows foo[])
CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX h_tr ON foo USING gin (val gin_trgm_ops)
CREATE EXTENSION citext; CREATE TABLE h_ci (a citext UNIQUE CHECK (a <> 'ADMIN')); CREATE VIEW h_cv AS SELECT a FROM h_ci, foo WHERE a = val::citext
CREATE EXTENSION btree_gist; ALTER TABLE foo ADD CONSTRAINT h_ex EXCLUDE USING gist (num WITH =, id WITH =)
CREATE AGGREGATE h_sum(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); CREATE VIEW h_sv AS SELECT h_sum(num) FROM foo
CREATE SEQUENCE h_q; ALTER TABLE foo ALTER num SET DEFAULT nextval('h_q')
COMMENT ON TABLE foo IS 'it''s'; COMMENT ON COLUMN foo.num IS 'n'
GRANT SELECT (num) ON foo TO PUBLIC
""".strip().splitlines()  # noqa: E501 - a line each

# Not plain columns, indexes and keys: an entity could declare these, and so they may go.
HELD = r"""
WITH own AS (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
SELECT i.type || ' ' || replace(i.identity, quote_ident(current_schema()) || '.', ''),
       coalesce(definition, '')
FROM (
    SELECT 'pg_class'::regclass, oid, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid)
        WHEN relkind = 'i' THEN pg_get_indexdef(oid) ELSE concat(reloptions, relpersistence) END
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace
        AND (relname LIKE 'h\_%' OR relname = 'foo')
    UNION ALL SELECT 'pg_proc'::regclass, oid, concat(pg_get_function_sqlbody(oid), prosrc)
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'h\_%'
    UNION ALL SELECT 'pg_trigger'::regclass, oid, concat(pg_get_triggerdef(oid), tgenabled)
    FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM own) AND tgname LIKE 'h\_%'
    UNION ALL SELECT 'pg_rewrite'::regclass, oid, concat(pg_get_ruledef(oid), ev_enabled)
    FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM own) AND rulename LIKE 'h\_%'
    UNION ALL SELECT 'pg_policy'::regclass, oid, pg_get_expr(polqual, polrelid) FROM pg_policy
    WHERE polrelid IN (SELECT oid FROM own)
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, pg_get_statisticsobjdef(oid)
    FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM own)
    UNION ALL SELECT 'pg_constraint'::regclass, oid, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace AND conname LIKE 'h\_%'
    UNION ALL SELECT 'pg_type'::regclass, oid, '' FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typname IN ('h_d', 'h_y')
) found (class, object, definition), pg_identify_object(class, object, 0) i
"""
_SCHEMA_OR_CAST = re.compile(r"::[a-z]+( varying| without time zone)?(\(\d+(,\d+)?\))?|[()\s]")


@dataclass(frozen=True)
class Evolution:
    """The entities before and after, and what was made by hand between them."""

    before: str
    after: str
    by_hand: tuple[str, ...] = field(default=())
    rows: int = 0


def entities(columns, state, bar) -> str:
    lines = "".join(f"    {name} = {text}\n" for name, text in columns.items() if text)
    relation = "    bars = Set('Bar')\n" if bar else ""
    tail = f"class Bar(db.Entity):\n    b = Optional(int)\n{bar}" if bar is not None else ""
    return f"class State(enum.Enum):\n    {state}\nclass Foo(db.Entity):\n{lines}{relation}{tail}"


one = st.builds(
    entities,
    st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in COLUMNS.items()}),
    st.sampled_from(STATES),
    st.sampled_from(BARS),
)
first = st.builds(
    entities,
    st.fixed_dictionaries({name: st.sampled_from(texts[:2]) for name, texts in COLUMNS.items()}),
    st.sampled_from(STATES[:2]),
    st.sampled_from(BARS),
)
evolutions = st.builds(
    Evolution,
    first,
    one,
    st.lists(st.sampled_from(BY_HAND), min_size=1, max_size=5, unique=True).map(tuple),
    st.integers(0, 3),
)


@pytest.fixture(scope="module")
def place(server) -> Iterator[Url]:
    """A database of its own, as its owner finds it: an extension is there once for all schemas."""
    with connect(server.migration_url, autocommit=True) as guard:
        if server.embedded:
            embedded_server(load(ROOT)).allow_databases()
        name = f"berceau_by_hand_{secrets.token_hex(4)}"
        create_empty(guard, name)
        try:
            yield server.migration_url.with_database(name).with_options(
                {"synchronous_commit": "off"}
            )
        finally:
            drop_database(guard, name)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=list(HealthCheck),
)
@given(evolution=evolutions)
def test_it_stays_or_the_change_is_refused(declare, place, tmp_path_factory, evolution) -> None:
    url = place.with_schema(f"s_{secrets.token_hex(4)}")
    with connect(url, autocommit=True) as connection:
        create_schema(connection, url.schema)
        try:
            _evolve(connection, url, tmp_path_factory.mktemp("evolution"), declare, evolution)
        finally:
            drop_schema(connection, url.schema)


def _evolve(connection, url, root, declare, evolution) -> None:
    text = url.with_password()
    project = Settings(root, text, text)
    migrate(project, declare(evolution.before), Options("before"))
    columns = [name for name in ("num", "state") if f" {name} = " in evolution.before]
    for number in range(evolution.rows):
        values = {"val": f"'{number}'", "num": str(number), "state": "'open'"}
        texts = ", ".join(values[name] for name in ("val", *columns))
        run(connection, f"INSERT INTO foo ({', '.join(('val', *columns))}) VALUES ({texts})")
    name = new_name(
        "by_hand", datetime.now(UTC), migration_directory.read(project.migrations)[-1].name
    )
    migration_directory.save(
        project.migrations, Migration(name, ";\n".join(evolution.by_hand) + ";\n")
    )
    try:
        deploy(url, migration_directory.read(project.migrations))
    except StatementError:
        assume(False)  # it doesn't fit the entities before
    before, rows = held(connection), kept(connection)
    after = declare(evolution.after)
    refused = None
    try:
        done = migrate(project, after, Options("after", allow_data_loss=True))
    except BerceauError as error:
        refused = error
    if refused is not None:
        event("refused")
        note(str(refused))
        assert refused.cure, refused
        assert (held(connection), kept(connection)) == (before, rows)
        return
    event("done" if done.written else "nothing to do")
    assert migrate(project, after, Options("again")).written is None
    now = held(connection)
    lost = {name for name, text in before.items() if now.get(name) != text}
    assert not lost, {name: (before[name], now.get(name)) for name in lost}
    assert kept(connection) == rows


def held(connection) -> dict[str, str]:
    """Return what is there by hand, each with its definition, types of columns aside."""
    return {name: _SCHEMA_OR_CAST.sub("", text) for name, text in run(connection, HELD)}


def kept(connection) -> list[tuple[Any, ...]]:
    """Return what no change of the entities touches, whatever policies hide."""
    run(connection, "BEGIN; ALTER TABLE foo NO FORCE ROW LEVEL SECURITY")
    found = run(connection, "SELECT val::text FROM ONLY foo ORDER BY 1")
    run(connection, "ROLLBACK")
    return found


def run(connection, sql) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []
