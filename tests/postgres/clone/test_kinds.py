"""What others' schemas held that copies got wrong: each case is made, copied, and dumped twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from berceau.errors import CloneError
from berceau.postgres.clone import snapshot
from berceau.postgres.clone.cloning import clone
from berceau.postgres.clone.printing import without_casts
from berceau.postgres.clone.reading import read
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import drop_schema
from tests.postgres.dumps import dump, run

pytestmark = pytest.mark.usefixtures("roles", "only_what_a_test_makes")

EXACT = {
    "varchar in a list, wherever an expression may be": """
        CREATE TABLE o (
            id int, status varchar(20) DEFAULT CASE WHEN 'a'::varchar IN ('a', 'b') THEN 'x' END
                CHECK (status IN ('paid', 'open')), code char(3) CHECK (code NOT IN ('abc', 'def')),
            known bool GENERATED ALWAYS AS (status IN ('paid', 'open')) STORED,
            EXCLUDE USING btree (id WITH =) WHERE (status IN ('paid', 'open'))
        );
        CREATE VIEW v AS SELECT *, status IN ('a', 'b') AS b FROM o WHERE status IN ('x', 'y');
        CREATE MATERIALIZED VIEW m AS SELECT * FROM o WHERE status NOT IN ('paid', 'open');
        CREATE INDEX i ON o (id, (status IN ('a', 'b'))) WHERE status IN ('paid', 'open');
        CREATE STATISTICS s ON (status IN ('a', 'b')), id FROM o;
        CREATE POLICY p ON o USING (status IN ('paid', 'open')) WITH CHECK (status IN ('a', 'b'));
        CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER t BEFORE UPDATE ON o FOR EACH ROW
            WHEN (NEW.status IN ('paid', 'open')) EXECUTE FUNCTION t();
        CREATE RULE r AS ON UPDATE TO o WHERE new.status IN ('a', 'b') DO ALSO SELECT 1;
        CREATE DOMAIN d AS varchar(9) DEFAULT 'a' CHECK (VALUE IN ('a', 'b'));
        CREATE FUNCTION f(x varchar, y bool DEFAULT 'a'::varchar IN ('a', 'b')) RETURNS bool
            LANGUAGE sql BEGIN ATOMIC SELECT x IN ('a', 'b'); END;
        CREATE TABLE parts (s varchar) PARTITION BY LIST ((s IN ('a', 'b')))
    """,
    "a list of words after BETWEEN": """
        CREATE TABLE t (a int, b text, CHECK (a BETWEEN 1 AND 9 AND b IN ('x', 'y') AND a <> 4));
        CREATE VIEW v AS SELECT * FROM t WHERE a BETWEEN SYMMETRIC 3 AND 2 AND (a > 1 AND b > 'a')
    """,
    "a check on the row's type": """
        CREATE TABLE t (a int);
        CREATE FUNCTION ok(t) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.a > 0';
        ALTER TABLE t ADD CHECK (ok(t)), ADD b bool GENERATED ALWAYS AS (a > 0) STORED;
        CREATE INDEX ON t (ok(t)) WHERE ok(t)
    """,
    "a grant on a system column": """
        CREATE TABLE account (id int, password text);
        GRANT SELECT (tableoid, ctid), UPDATE (id) ON account TO clone_other
    """,
    "heirs of what isn't valid": """
        CREATE TABLE base (a int, CONSTRAINT positive CHECK (a > 0));
        ALTER TABLE base ADD CONSTRAINT small CHECK (a < 9) NOT VALID;
        CREATE TABLE kid () INHERITS (base); CREATE TABLE grandchild (b int) INHERITS (kid);
        CREATE TABLE adopted (a int);
        ALTER TABLE adopted ADD CONSTRAINT small CHECK (a < 9) NOT VALID,
            ADD CONSTRAINT positive CHECK (a > 0), INHERIT base
    """,
    "grants by others than the owner": """
        CREATE TABLE t (a int, b int); CREATE SEQUENCE s; CREATE TYPE e AS ENUM ();
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        GRANT USAGE ON SCHEMA torture TO clone_other, clone_third;
        GRANT SELECT, INSERT ON t TO clone_other WITH GRANT OPTION;
        GRANT EXECUTE ON FUNCTION f() TO clone_other WITH GRANT OPTION;
        GRANT USAGE ON SEQUENCE s TO clone_other WITH GRANT OPTION;
        GRANT USAGE ON TYPE e TO clone_other WITH GRANT OPTION;
        SET ROLE clone_other;
        GRANT SELECT ON t TO clone_third WITH GRANT OPTION; GRANT INSERT (b) ON t TO clone_third;
        GRANT EXECUTE ON FUNCTION f() TO clone_third; GRANT USAGE ON SEQUENCE s TO clone_third;
        GRANT USAGE ON TYPE e TO clone_third;
        SET ROLE clone_third;
        GRANT SELECT ON t TO PUBLIC;
        RESET ROLE;
        GRANT SELECT ON t TO clone_third
    """,
    "an operator that was only named": """
        CREATE FUNCTION same(bool, bool) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
        CREATE OPERATOR === (FUNCTION = same, LEFTARG = bool, RIGHTARG = bool, NEGATOR = !==);
        ALTER OPERATOR === (bool, bool) SET (RESTRICT = NONE)
    """,
}
OF_SUPERUSERS = {
    "a function of a type that begins as a shell": """
        CREATE TYPE word;
        CREATE FUNCTION a_in(cstring) RETURNS word LANGUAGE internal STRICT IMMUTABLE AS 'textin';
        CREATE FUNCTION a_out(word) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'textout';
        CREATE TYPE word (INPUT = a_in, OUTPUT = a_out, LIKE = text);
        CREATE FUNCTION a_first(word) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE CAST (word AS int) WITH FUNCTION a_first(word)
    """,
    "an operator family's own functions": """
        CREATE FUNCTION cmp(int, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
        CREATE FUNCTION less(int, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false';
        CREATE OPERATOR <<< (FUNCTION = less, LEFTARG = int, RIGHTARG = text);
        CREATE OPERATOR FAMILY fam USING btree;
        ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 <<< (int, text),
            FUNCTION 1 (int, text) cmp(int, text)
    """,
}
STAYS = {
    "ltree": "CREATE TABLE t (p ltree, ps ltree[]); CREATE INDEX ON t USING gist (p);"
    " CREATE FUNCTION f(ltree) RETURNS ltree[] LANGUAGE sql AS 'SELECT NULL::torture.ltree[]'",
    "hstore": "CREATE TABLE t (h hstore DEFAULT '', CHECK (h ? 'a'));"
    " CREATE INDEX ON t USING gin (h)",
    "cube": "CREATE DOMAIN d AS cube; CREATE TABLE t (c cube, EXCLUDE USING gist (c WITH &&))",
    "citext": "CREATE TABLE t (c citext UNIQUE CHECK (c IN ('a', 'b')), d citext[])",
    "intarray": "CREATE TABLE t (a int[]); CREATE INDEX ON t USING gist (a gist__int_ops)",
    "btree_gist": "CREATE TABLE t (a int, r int4range, EXCLUDE USING gist (a WITH =, r WITH &&))",
    "pg_trgm": "CREATE TABLE t (a text); CREATE INDEX ON t USING gin (a gin_trgm_ops)",
}


@pytest.fixture
def roles(admin, running) -> Iterator[None]:
    """Two roles that the owner is a member of."""
    run(admin, f"CREATE ROLE clone_other; GRANT clone_other TO {running.owner_url.user};"
        f"CREATE ROLE clone_third; GRANT clone_third TO {running.owner_url.user}")  # fmt: skip
    yield
    run(admin, "DROP OWNED BY clone_other, clone_third CASCADE; DROP ROLE clone_other, clone_third")


def make(connection, text: str) -> None:
    run(
        connection,
        f"CREATE SCHEMA torture; SET search_path = torture; {text}; SET search_path = ''",
    )


def words(dump: set[str]) -> set[str]:
    """Return a dump without parentheses and casts: PostgreSQL prints them as it likes."""
    return {without_casts(line) for line in dump}


@pytest.mark.parametrize("case", EXACT)
def test_what_pg_dump_restores_is_copied(owner, running, case) -> None:
    make(owner, EXACT[case])
    clone(owner, "torture", "copied")
    assert words(dump(running, "copied")) == words(dump(running, "torture"))


@pytest.mark.parametrize("case", OF_SUPERUSERS)
def test_what_a_superuser_made_is_copied(admin, running, case) -> None:
    make(admin, OF_SUPERUSERS[case])
    clone(admin, "torture", "copied")
    assert words(dump(running, "copied")) == words(dump(running, "torture"))


class Everything(frozenset[str]):
    """The parts of a schema of which no query may be left out."""

    def isdisjoint(self, _: object) -> bool:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("case", EXACT | OF_SUPERUSERS)
def test_queries_that_are_left_out_would_find_nothing(admin, monkeypatch, case) -> None:
    make(admin, (EXACT | OF_SUPERUSERS)[case])
    some = read(admin, "torture")
    monkeypatch.setattr("berceau.postgres.clone.objects._parts", lambda _: Everything())
    every = read(admin, "torture")
    texts = [text.replace(every.token, some.token) for text in every.texts + every.fills]
    assert (texts, every.notes) == ([*some.texts, *some.fills], some.notes)


@pytest.mark.parametrize("extension", STAYS)
def test_what_extensions_hold_in_the_schema_stays_where_it_is(admin, running, extension) -> None:
    make(admin, f"CREATE EXTENSION {extension}; {STAYS[extension]}")
    clone(admin, "torture", "copied")
    # As dumps call both schemas by one name, a type of the extension is the same in both.
    assert dump(running, "copied") == dump(running, "torture")


def test_what_is_not_copied_is_said(owner, running) -> None:
    make(
        owner,
        """
        CREATE TABLE base (a int); CREATE TABLE kid (x text) INHERITS (base);
        ALTER TABLE base ADD late int; ALTER TABLE kid ADD more int;
        CREATE TABLE t (id int); INSERT INTO t VALUES (1);
        CREATE MATERIALIZED VIEW m AS SELECT 100 / count(*) AS share FROM t;
        CREATE MATERIALIZED VIEW a_needs_m AS SELECT * FROM m;
        CREATE MATERIALIZED VIEW z AS SELECT count(*) FROM t;
        CREATE MATERIALIZED VIEW a_needs_z AS SELECT * FROM z
        """,
    )
    notes = clone(owner, "torture", "copied")
    assert [note.partition(": PostgreSQL")[0] for note in notes] == [
        "the order of the columns of table kid",
        "that the materialized view copied.a_needs_m is filled",
        "that the materialized view copied.m is filled",
    ]
    assert run(
        owner,
        "SELECT relname FROM pg_class WHERE relnamespace = 'copied'::regnamespace"
        " AND relkind = 'm' AND relispopulated ORDER BY 1",
    ) == [("a_needs_z",), ("z",)]
    assert dump(running, "copied") == dump(running, "torture")


def test_a_member_that_inherits_no_rights_copies_what_it_may_act_for(admin, running) -> None:
    run(
        admin,
        """
        CREATE ROLE clone_member LOGIN NOINHERIT; GRANT clone_other TO clone_member;
        GRANT CONNECT, CREATE ON DATABASE berceau TO clone_member, clone_other;
        CREATE SCHEMA torture AUTHORIZATION clone_other
        """,
    )
    run(
        admin,
        """
        SET ROLE clone_other; SET search_path = torture;
        CREATE TABLE t (a int); GRANT SELECT ON t TO PUBLIC; REVOKE DELETE ON t FROM clone_other;
        CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE TYPE e AS ENUM ('a');
        GRANT USAGE, CREATE ON SCHEMA torture TO clone_member; RESET ROLE; SET search_path = ''
        """,
    )
    try:
        url = running._url("clone_member", running.owner_url.database)
        with connect(url, autocommit=True) as member:
            clone(member, "torture", "copied")
        lost = dump(running, "torture") - dump(running, "copied")
        assert {line for line in lost if " t " in line or " m " in line or " e " in line} == set()
    finally:
        run(admin, "DROP OWNED BY clone_member CASCADE; DROP ROLE clone_member")


def test_an_event_trigger_in_the_way_is_named(admin, owner) -> None:
    make(
        owner,
        """
        CREATE TABLE ddl_log (what text);
        CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO torture.ddl_log VALUES (tg_tag); END $$
        """,
    )
    run(admin, "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION torture.log_ddl()")
    try:
        with pytest.raises(CloneError, match=r"event trigger watch, .* stops it.*ddl_log"):
            clone(owner, "torture", "copied")
        assert run(owner, "SELECT * FROM torture.ddl_log") == []
        clone(admin, "torture", "copied")  # who may silence it while the schema is renamed
        assert ("ALTER SCHEMA",) not in run(owner, "SELECT * FROM torture.ddl_log")
    finally:
        run(admin, "DROP EVENT TRIGGER watch")


def test_a_large_schema_with_an_extension_is_dropped(admin) -> None:
    make(
        admin, "CREATE EXTENSION ltree; CREATE TABLE t (p ltree); CREATE INDEX ON t USING gist (p)"
    )
    drop_schema(admin, "torture")
    assert run(admin, "SELECT FROM pg_namespace WHERE nspname = 'torture'") == []


def test_a_copy_made_while_another_session_alters_the_schema_is_of_one_moment(
    owner, running
) -> None:
    make(
        owner,
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, e e);"
        "CREATE TABLE u (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t",
    )
    done, failed = Event(), []

    def alter() -> None:
        with connect(running.owner_url, autocommit=True) as other:
            number = 0
            while (
                not done.is_set() and number < 1500
            ):  # a table has room for 1,600, dropped ones too
                number += 1
                try:
                    run(
                        other,
                        f"ALTER TABLE torture.t ADD x{number} int DEFAULT 1;"
                        f"ALTER TABLE torture.u ADD CONSTRAINT x{number} CHECK (id > -{number});"
                        f"CREATE OR REPLACE VIEW torture.v AS SELECT id FROM torture.t"
                        f" WHERE x{number} > {number};"
                        f"CREATE OR REPLACE VIEW torture.v AS SELECT id FROM torture.t;"
                        f"ALTER TABLE torture.u DROP CONSTRAINT x{number};"
                        f"ALTER TABLE torture.t DROP x{number}",
                    )
                except Exception as error:
                    failed.append(error)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(alter)
        try:
            for _ in range(3):
                clone(owner, "torture", "copied")  # it compares what it read with what it made
                drop_schema(owner, "copied")
        finally:
            done.set()
    assert failed == []


def test_who_is_in_the_way_is_named(owner, running, monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "BUSY_SECONDS", 0.1)
    make(owner, "CREATE TABLE t (a int, CHECK (a > 0))")
    with connect(running.owner_url) as other:
        run(other, "GRANT USAGE ON SCHEMA torture TO PUBLIC")
        run(other, "SELECT 'the other one'")
        with pytest.raises(CloneError, match=r"process \d+ \(berceau\): SELECT 'the other one'"):
            clone(owner, "torture", "copied")
        other.rollback()
    clone(owner, "torture", "copied")
