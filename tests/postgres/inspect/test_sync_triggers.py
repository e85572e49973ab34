"""Two releases write to one table: what each reads is what either wrote."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import StringIO

import psycopg2
import pytest

from berceau.postgres.clone.cloning import clone
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import drop_schema, execute_statements, use_schema
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.changes import Backfill
from berceau.schema.choices import NO_CHOICES
from berceau.schema.diff import diff
from berceau.schema.expanding import doubled, expand
from berceau.schema.model import (
    EMPTY,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.order import order
from berceau.schema.planning import steps_between
from berceau.schema.preserve import keep
from berceau.schema.rename_changes import inverse, moves
from berceau.schema.renames import Kind as RenameKind
from berceau.schema.renames import Rename
from berceau.schema.sql import to_statements
from berceau.schema.sync import AlterSyncTrigger, Computed, Sync, SyncTrigger
from tests.postgres.inspect.synced import ID, KEY, make, same, table
from tests.rights import grant_data_rights
from tests.waiting import SECONDS, wait_until

SPLIT = Sync(
    (Computed("name", "first || ' ' || last"),),
    (
        Computed("first", "split_part(name, ' ', 1)"),
        Computed("last", "split_part(name, ' ', 2)"),
    ),
)
NUMBER = Sync((Computed("price", "amount::text"),), (Computed("amount", "price::numeric"),))
CENTS = Sync(
    (Computed("cents", "round(money * 100)::integer"),), (Computed("money", "cents / 100.0"),)
)


def test_what_is_created_is_what_is_read(connection: Connection) -> None:
    fills = (Computed("slug", "lower(name) || E'\\n$berceau$'"),)
    trigger = SyncTrigger((SPLIT, same('"A b"', "c")), fills)
    columns = ("name text", "first text", "last text", "slug text", "A b text", "c text")
    schema = table(*columns, rules=trigger)
    make(connection, schema)
    assert catalog.read(connection) == schema
    fewer = table(*columns, rules=SyncTrigger((SPLIT,)))
    for after in (fewer, schema, table(*columns), fewer):
        changes = order(diff(catalog.read(connection), after))
        execute_statements(connection, to_statements(changes))
        assert catalog.read(connection) == after
    execute_statements(connection, to_statements(order(diff(fewer, EMPTY))))
    assert catalog.read(connection) == EMPTY


def test_a_renamed_column_has_one_value_under_two_names(connection, run) -> None:
    make(connection, table("old text", "new text", rules=SyncTrigger((same("old", "new"),))))
    run("INSERT INTO t (id, old) VALUES (1, 'a')")
    run("INSERT INTO t (id, new) VALUES (2, 'b')")
    run("INSERT INTO t (id) VALUES (3)")
    run("INSERT INTO t (id, old, new) VALUES (4, 'by the old', 'by the new')")
    assert run("SELECT old, new FROM t ORDER BY id") == [
        ("a", "a"),
        ("b", "b"),
        (None, None),
        ("by the new", "by the new"),
    ]
    run("UPDATE t SET old = 'c' WHERE id = 1")
    run("UPDATE t SET new = 'd' WHERE id = 2")
    run("UPDATE t SET new = NULL WHERE id = 4")
    assert run("SELECT old, new FROM t ORDER BY id") == [
        ("c", "c"),
        ("d", "d"),
        (None, None),
        (None, None),
    ]


def test_rows_from_before_keep_what_the_old_column_says(connection, run) -> None:
    make(connection, table("price text", "name text"))
    run("INSERT INTO t VALUES (1, ' 12.50 ', 'Ada King Lovelace'), (2, NULL, NULL)")
    for column in ("amount numeric(8,2)", "first text", "last text"):
        run(f"ALTER TABLE t ADD COLUMN {column}")
    rules = SyncTrigger((NUMBER, SPLIT))
    execute_statements(connection, to_statements([AlterSyncTrigger("t", None, rules)]))
    backfills = [Backfill("t", each.column, each.expression) for s in rules.syncs for each in s.new]
    execute_statements(connection, to_statements(backfills))
    assert run("SELECT price, amount::text, name, first, last FROM t ORDER BY id") == [
        (" 12.50 ", "12.50", "Ada King Lovelace", "Ada", "King"),
        (None, None, None, None, None),
    ]
    run("UPDATE t SET amount = 13, last = 'Lovelace' WHERE id = 1")
    assert run("SELECT price, name FROM t WHERE id = 1") == [("13.00", "Ada Lovelace")]


def test_what_one_side_cannot_hold_stays_on_the_other(connection, run) -> None:
    make(connection, table("cents integer", "money numeric", rules=SyncTrigger((CENTS,))))
    run("INSERT INTO t (id, money) VALUES (1, 1.234)")
    run("UPDATE t SET money = 1.233")
    run("UPDATE t SET id = 2")
    assert run("SELECT cents, money::text FROM t") == [(123, "1.233")]
    run("UPDATE t SET cents = 120")
    assert run("SELECT cents, round(money, 2)::text FROM t") == [(120, "1.20")]


def test_defaults_are_for_rows_that_give_neither(connection, run) -> None:
    rule = replace(same("old", "new"), defaults=(Computed("new", "'none of ' || id"),))
    make(connection, table("old text", "new text", rules=SyncTrigger((rule,))))
    run("INSERT INTO t (id) VALUES (1)")
    run("INSERT INTO t (id, old) VALUES (2, 'a')")
    assert run("SELECT old, new FROM t ORDER BY id") == [("none of 1", "none of 1"), ("a", "a")]


def test_each_side_may_have_a_value_for_the_null_of_the_other(connection, run) -> None:
    rule = Sync((Computed("old", "coalesce(new, '')"),), (Computed("new", "nullif(old, '')"),))
    make(connection, table("old text", "new text", rules=SyncTrigger((rule,))))
    run("ALTER TABLE t ALTER COLUMN old SET NOT NULL")
    run("INSERT INTO t (id) VALUES (1)")
    run("INSERT INTO t (id, old) VALUES (2, '')")
    run("INSERT INTO t (id, new) VALUES (3, 'a')")
    run("UPDATE t SET new = NULL WHERE id = 3")
    assert run("SELECT old, new FROM t") == [("", None)] * 3


def test_a_value_is_filled_in_where_a_release_leaves_it_out(connection, run) -> None:
    fills = (Computed("slug", "lower(t.title)"), Computed("on_sale", "true"))
    columns = ("title text", "slug text", "on_sale boolean")
    make(connection, table(*columns, rules=SyncTrigger(fills=fills)))
    run("ALTER TABLE t ALTER COLUMN slug SET NOT NULL")
    run("INSERT INTO t (id, title) VALUES (1, 'A')")
    run("INSERT INTO t (id, title, slug) VALUES (2, 'B', 'given')")
    run("UPDATE t SET slug = NULL WHERE id = 2")
    assert run("SELECT slug, on_sale FROM t ORDER BY id") == [("a", True), ("b", True)]
    with pytest.raises(psycopg2.errors.NotNullViolation):
        run("INSERT INTO t (id) VALUES (3)")


@pytest.mark.parametrize(
    ("sql_type", "value", "other"),
    [
        ("json", '{"a": 1}', '{"a":1}'),
        ("point", "(1,2)", "(3,4)"),
        ("numeric", "1.0", "1.00"),
        ("interval", "1 day", "24:00:00"),
        ("text[]", "{a}", "{a,NULL}"),
        ("bytea", "\\x00", "\\x01"),
    ],
)
def test_equal_values_that_are_written_otherwise_follow(
    connection, run, sql_type, value, other
) -> None:
    make(connection, table(f"o {sql_type}", f"n {sql_type}", rules=SyncTrigger((same("o", "n"),))))
    run("INSERT INTO t (id, o) VALUES (1, %s)", value)
    run("UPDATE t SET o = %s", other)
    assert run("SELECT o::text, n::text FROM t") == [(other, other)]


def test_names_may_be_those_of_the_language(connection, run) -> None:
    names = ("new", "old", "found", "tg_op", "computed", 'Säule "1"')
    pairs = [(name, f"{name} 2") for name in names]
    rules = SyncTrigger(
        tuple(
            Sync(
                (Computed(a, f'lower("{b}")'.replace('"1"', '""1""')),),
                (Computed(b, f'upper("{a}")'.replace('"1"', '""1""')),),
            )
            for a, b in pairs
        )
    )
    columns = [f"{name} text" for pair in pairs for name in pair]
    make(connection, table(*columns, rules=rules, name="select"))
    run('INSERT INTO "select" (id, new) VALUES (1, %s)', "a")
    run('UPDATE "select" SET computed = %s, "found 2" = %s', "b", "C")
    assert run('SELECT new, "new 2", computed, "computed 2", found, "found 2" FROM "select"') == [
        ("a", "A", "b", "B", "c", "C")
    ]


def test_it_sees_what_triggers_of_others_change(connection, run) -> None:
    make(connection, table("old text", "new text", rules=SyncTrigger((same("old", "new"),))))
    run(
        "CREATE FUNCTION trimmed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN NEW.old := trim(NEW.old); RETURN NEW; END$$"
    )
    run(
        "CREATE TRIGGER trimmed BEFORE INSERT OR UPDATE ON t "
        "FOR EACH ROW EXECUTE FUNCTION trimmed()"
    )
    run("INSERT INTO t (id, old) VALUES (1, ' a ')")
    assert run("SELECT old, new FROM t") == [("a", "a")]


def test_copies_and_conflicts_fire_it(connection, run) -> None:
    make(connection, table("old text", "new text", rules=SyncTrigger((same("old", "new"),))))
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY t (id, old) FROM STDIN", StringIO("1\ta\n2\tb\n"))
    run("INSERT INTO t (id, new) VALUES (1, 'c') ON CONFLICT (id) DO UPDATE SET new = EXCLUDED.new")
    run("INSERT INTO t (id, old) VALUES (2, 'd') ON CONFLICT (id) DO UPDATE SET old = EXCLUDED.old")
    assert run("SELECT old, new FROM t ORDER BY id") == [("c", "c"), ("d", "d")]


def test_a_copy_of_the_schema_has_a_trigger_for_itself(owner, running, admin) -> None:
    """The function's search path is the copy's, and the application's role needs only data rights.

    Here the caller's path leads elsewhere, and the rules use a type of the schema.
    """
    rule = Sync((Computed("old", "new::text::one"),), (Computed("new", "old::text::two"),))
    source, target = "sync_source", "sync copy"
    columns = (ID, Column("old", "one"), Column("new", "two"))
    made = Table("t", columns, KEY, sync_trigger=SyncTrigger((rule,)))
    labels = ("A", "B")
    schema = Schema((Enum("one", labels), Enum("two", labels)), (made,))
    try:
        with owner.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {source}")
            use_schema(owner, source)
            make(owner, schema)
            clone(owner, source, target)
            cursor.execute(f"DROP SCHEMA {source} CASCADE")
        grant_data_rights(owner, target, running.runtime_url.user)
        elsewhere = running.runtime_url.with_schema("public")
        with connect(elsewhere, autocommit=True) as runtime, runtime.cursor() as cursor:
            cursor.execute(f"""INSERT INTO "{target}".t (id, old) VALUES (1, 'A')""")
            cursor.execute(f"""UPDATE "{target}".t SET new = 'B'""")
            cursor.execute(f"""SELECT old, new FROM "{target}".t""")
            assert cursor.fetchall() == [("B", "B")]
        use_schema(owner, target)
        assert catalog.read(owner) == schema
    finally:
        for name in (source, target):
            drop_schema(admin, name)


def test_a_column_has_two_names_between_two_releases(connection, run) -> None:
    """First the old one, then both with all that hangs on them, then the new one; and back."""
    key = PrimaryKey("t_pkey", ("id",))

    def schema(*names: str, defaults: bool = True) -> Table:
        columns = tuple(
            Column(name, "integer", not_null=name == names[-1], default="1" if defaults else None)
            for name in names
        )
        return Table(
            "t",
            (ID, *columns),
            key,
            uniques=tuple(Unique(f"t_{name}_key", (name, "id")) for name in names),
            foreign_keys=tuple(
                ForeignKey(f"t_{name}_fkey", (name,), "t", ("id",), "SET NULL") for name in names
            ),
            indexes=tuple(Index(f"t_{name}_idx", (name,)) for name in names),
        )

    one = Schema(tables=(schema("old"),))
    two = Schema(tables=(schema("new"),))
    renames = [Rename(RenameKind.COLUMN, "t", "old", "new")]
    kept = Schema(tables=(schema("old", "new"),))
    both, _ = expand(one, kept, doubled(renames), NO_CHOICES)
    assert [each.default for each in both.tables[0].columns] == [None, None, None]

    def go(target: Schema) -> None:
        current = catalog.read(connection)
        wanted = keep(current, target)
        changes = steps_between(current, wanted)
        execute_statements(connection, to_statements(changes))
        assert diff(catalog.read(connection), wanted) == ()

    make(connection, one)
    run("INSERT INTO t (id) SELECT generate_series(1, 3)")
    go(both)
    assert run("SELECT DISTINCT old, new FROM t") == [(1, 1)]
    run("INSERT INTO t (id) VALUES (4)")
    run("INSERT INTO t (id, new) VALUES (5, 3)")
    go(two)
    assert run("SELECT id, new FROM t ORDER BY id") == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 3)]
    assert catalog.read(connection).tables[0].sync_trigger is None
    assert run("SELECT count(*) FROM pg_proc WHERE proname = 't_berceau_sync'") == [(0,)]
    go(both)
    assert run("SELECT id, old FROM t ORDER BY id") == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 3)]
    go(one)
    run("INSERT INTO t (id, old) VALUES (6, 2)")


def test_names_of_columns_in_step_change_with_their_rules(connection, run) -> None:
    schema = table("old text", "new text", rules=SyncTrigger((same("old", "new"),)))
    make(connection, schema)
    renames = [
        Rename(RenameKind.TABLE, None, "t", "u"),
        Rename(RenameKind.COLUMN, "t", "new", "old"),
        Rename(RenameKind.COLUMN, "t", "old", "New"),
    ]
    changes = moves(catalog.read(connection), renames)
    execute_statements(connection, to_statements(changes))
    run('INSERT INTO u (id, "New") VALUES (1, %s)', "a")
    assert run("SELECT old FROM u") == [("a",)]
    execute_statements(connection, to_statements(inverse(changes)))
    run("INSERT INTO t (id, old) VALUES (2, 'b')")
    assert run("SELECT old, new FROM t ORDER BY id") == [("a", "a"), ("b", "b")]
    assert catalog.read(connection) == schema


def test_a_write_that_waits_for_the_other_release_sees_what_it_wrote(running) -> None:
    """The row is read again once its lock is free, and the trigger runs on what is there then."""
    with (
        scratch(running.owner_url) as one,
        one.cursor() as cursor,
        connect(running.owner_url, autocommit=True) as other,
        other.cursor() as waiting,
        ThreadPoolExecutor() as pool,
    ):
        make(one, table("old text", "new text", rules=SyncTrigger((same("old", "new"),))))
        cursor.execute("INSERT INTO t (id, old) VALUES (1, 'a')")
        cursor.execute("SHOW search_path")
        waiting.execute(f"SET search_path = {cursor.fetchone()[0]}")
        cursor.execute("BEGIN; UPDATE t SET old = 'by the old release'")
        update = "UPDATE t SET new = new || ', and the new one'"
        written = pool.submit(waiting.execute, update)
        waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)"
        wait_until(lambda: fetch_value(one, waits, (other.info.backend_pid,)))
        cursor.execute("COMMIT")
        written.result(SECONDS)
        cursor.execute("SELECT old, new FROM t")
        assert cursor.fetchall() == [("by the old release, and the new one",) * 2]
