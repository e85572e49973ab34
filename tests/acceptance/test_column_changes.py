"""Changes of columns, indexes and enums, as a table: the SQL that each leads to."""

from tests.conftest import cases

FIT = "-- fails where existing rows don't fit\n"
REWRITE = "-- rewrites the table\n"
LOSS = "-- loses data\n"
STATE = "class State(enum.StrEnum):\n    ON = 'on'\n    OFF = 'off'\n"


def post(*attributes: str) -> str:
    return "\n    ".join(("class Post(db.Entity):", "title = Required(str)", *attributes)) + "\n"


# Entities before, entities after, and the statements between them, hazards in front.
CASES = {
    "an optional column": (
        post(),
        post("n = Optional(int)"),
        ("ALTER TABLE post ADD COLUMN n integer;",),
    ),
    "a required column": (
        post(),
        post("n = Required(int)"),
        (FIT + "ALTER TABLE post ADD COLUMN n integer NOT NULL;",),
    ),
    "a required column with a default": (
        post(),
        post("n = Required(int, sql_default='0')"),
        ("ALTER TABLE post ADD COLUMN n integer DEFAULT 0 NOT NULL;",),
    ),
    "a column less": (
        post("n = Optional(int)"),
        post(),
        (LOSS + "ALTER TABLE post DROP COLUMN n;",),
    ),
    "a column renamed": (
        post("n = Optional(int)"),
        post("m = Optional(int)"),
        ("ALTER TABLE post ADD COLUMN m integer;", LOSS + "ALTER TABLE post DROP COLUMN n;"),
    ),
    "an optional column required": (
        post("n = Optional(int)"),
        post("n = Required(int)"),
        (
            "BEGIN;",
            "ALTER TABLE post ADD CONSTRAINT post_n_required CHECK (n IS NOT NULL) NOT VALID;",
            "COMMIT;",
            "BEGIN;",
            FIT + "ALTER TABLE post VALIDATE CONSTRAINT post_n_required;",
            "COMMIT;",
            "BEGIN;",
            "ALTER TABLE post ALTER COLUMN n SET NOT NULL;",
            "ALTER TABLE post DROP CONSTRAINT post_n_required;",
            "COMMIT;",
        ),
    ),
    "a required column optional": (
        post("n = Required(int)"),
        post("n = Optional(int)"),
        ("ALTER TABLE post ALTER COLUMN n DROP NOT NULL;",),
    ),
    "a default": (
        post("n = Optional(int)"),
        post("n = Optional(int, sql_default='7')"),
        ("ALTER TABLE post ALTER COLUMN n SET DEFAULT 7;",),
    ),
    "another default": (
        post("n = Optional(int, sql_default='7')"),
        post("n = Optional(int, sql_default='8')"),
        ("ALTER TABLE post ALTER COLUMN n SET DEFAULT 8;",),
    ),
    "a default less": (
        post("n = Optional(int, sql_default='7')"),
        post("n = Optional(int)"),
        ("ALTER TABLE post ALTER COLUMN n DROP DEFAULT;",),
    ),
    "another type": (
        post("n = Optional(int)"),
        post("n = Optional(int, size=64)"),
        (REWRITE + "ALTER TABLE post ALTER COLUMN n TYPE bigint USING n::bigint;",),
    ),
    "a length": (
        post("s = Optional(str)"),
        post("s = Optional(str, 9)"),
        (
            FIT + REWRITE + "ALTER TABLE post ALTER COLUMN s TYPE character varying(9) "
            "USING s::character varying;",
        ),
    ),
    "a length more": (
        post("s = Optional(str, 9)"),
        post("s = Optional(str, 20)"),
        ("ALTER TABLE post ALTER COLUMN s TYPE character varying(20) USING s::character varying;",),
    ),
    "digits less": (
        post("n = Optional(Decimal, 10, 4)"),
        post("n = Optional(Decimal, 10, 2)"),
        (
            FIT + LOSS + REWRITE + "ALTER TABLE post ALTER COLUMN n TYPE numeric(10,2) "
            "USING n::numeric;",
        ),
    ),
    "a moment that becomes a day": (
        post("d = Optional(datetime)"),
        post("d = Optional(date)"),
        (
            LOSS + REWRITE + "ALTER TABLE post ALTER COLUMN d TYPE date "
            "USING (d AT TIME ZONE 'UTC')::date;",
        ),
    ),
    "a yes or no that becomes a number": (
        post("n = Optional(bool)"),
        post("n = Optional(int, size=64)"),
        (REWRITE + "ALTER TABLE post ALTER COLUMN n TYPE bigint USING n::integer::bigint;",),
    ),
    "a number that becomes JSON": (
        post("n = Optional(int)"),
        post("n = Optional(Json, nullable=True)"),
        (REWRITE + "ALTER TABLE post ALTER COLUMN n TYPE jsonb USING to_jsonb(n);",),
    ),
    "a text that becomes a list": (
        post("s = Optional(str)"),
        post("s = Optional(StrArray)"),
        (
            REWRITE + "ALTER TABLE post ALTER COLUMN s TYPE text[] "
            "USING CASE WHEN s IS NOT NULL THEN ARRAY[s] END;",
        ),
    ),
    "the name of an index on another column": (
        post("n = Optional(int, index='by_n')", "m = Optional(int)"),
        post("n = Optional(int)", "m = Optional(int, index='by_n')"),
        ("DROP INDEX CONCURRENTLY by_n;", "CREATE INDEX CONCURRENTLY by_n ON post (m);"),
    ),
    "an index": (
        post("n = Optional(int)"),
        post("n = Optional(int, index=True)"),
        ("CREATE INDEX CONCURRENTLY post_n_idx ON post (n);",),
    ),
    "an index less": (
        post("n = Optional(int, index=True)"),
        post("n = Optional(int)"),
        ("DROP INDEX CONCURRENTLY post_n_idx;",),
    ),
    "an index of several columns": (
        post("n = Optional(int)"),
        post("n = Optional(int)", "composite_index(title, n)"),
        ("CREATE INDEX CONCURRENTLY post_title_n_idx ON post (title, n);",),
    ),
    "an index into arrays": (
        post("n = Optional(IntArray)"),
        post("n = Optional(IntArray, index=True)"),
        ("CREATE INDEX CONCURRENTLY post_n_idx ON post USING gin (n);",),
    ),
    "a unique": (
        post("n = Optional(int)"),
        post("n = Optional(int, unique=True)"),
        (
            FIT + "CREATE UNIQUE INDEX CONCURRENTLY post_n_key ON post (n);",
            "ALTER TABLE post ADD CONSTRAINT post_n_key UNIQUE USING INDEX post_n_key;",
        ),
    ),
    "an index that becomes a unique": (
        post("n = Optional(int, index=True)"),
        post("n = Optional(int, unique=True)"),
        (
            FIT + "CREATE UNIQUE INDEX CONCURRENTLY post_n_key ON post (n);",
            "ALTER TABLE post ADD CONSTRAINT post_n_key UNIQUE USING INDEX post_n_key;",
            "DROP INDEX CONCURRENTLY post_n_idx;",
        ),
    ),
    "a unique of several columns less": (
        post("n = Optional(int)", "composite_key(title, n)"),
        post("n = Optional(int)"),
        ("ALTER TABLE post DROP CONSTRAINT post_title_n_key;",),
    ),
    "labels": (
        STATE + post("s = Optional(State)"),
        STATE.replace("    OFF", "    DIM = 'dim'\n    OFF")
        + "    LAST = 'it''s'\n"
        + post("s = Optional(State)"),
        (
            "ALTER TYPE state ADD VALUE 'dim' AFTER 'on';",
            "ALTER TYPE state ADD VALUE 'its' AFTER 'off';",
        ),
    ),
    "an enum less": (
        STATE + post("s = Optional(State)"),
        post(),
        (LOSS + "ALTER TABLE post DROP COLUMN s;", "DROP TYPE state;"),
    ),
    "an enum in place of a text": (
        post("s = Optional(str)"),
        STATE + post("s = Optional(State)"),
        (
            "CREATE TYPE state AS ENUM ('on', 'off');",
            "ALTER TABLE post ALTER COLUMN s DROP NOT NULL;",
            FIT + REWRITE + "ALTER TABLE post ALTER COLUMN s TYPE state USING s::state;",
        ),
    ),
}


@cases("before, after, statements", CASES, quick=10)
def test_a_change_leads_to_what_is_declared_and_back(
    check_change, before, after, statements
) -> None:
    check_change(before, after, statements)
