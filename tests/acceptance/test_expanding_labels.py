"""A label of an enum goes, or gets another name, while the release of before runs."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError, RenameError
from berceau.settings import Settings

pytestmark = pytest.mark.slow

BEFORE = """
class State(enum.Enum):
    DRAFT = "DRAFT"
    DONE = "DONE"
    SENT = "SENT"

class Post(db.Entity):
    state = Required(State)
"""
REMOVED = BEFORE.replace('    SENT = "SENT"\n', "")
RENAMED = BEFORE.replace("DONE", "READY")
BESIDE = RENAMED.replace("Required(State)", "Required(State, column='state_now')")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


def test_what_the_old_release_writes_becomes_a_label_that_the_new_one_knows(
    migrate, query, finding
) -> None:
    migrate(BEFORE)
    query("INSERT INTO post (state) VALUES ('SENT'), ('DRAFT')")
    migrate(REMOVED, labels=["state.SENT=DONE"], expand=True)
    query("INSERT INTO post (state) VALUES ('SENT')")
    query("UPDATE post SET state = 'SENT' WHERE id = 2")
    assert query("SELECT state FROM post ORDER BY id") == [("DONE",)] * 3
    assert finding(REMOVED) == ""
    more = REMOVED + "    note = Optional(str)\n"
    migrate(more)
    query("INSERT INTO post (state) VALUES ('SENT')")
    assert query("SELECT state FROM post WHERE id = 4") == [("DONE",)]
    migrate(more, contract=True)
    assert finding(more) == ""
    assert query("SELECT tgname FROM pg_trigger WHERE tgrelid = 'post'::regclass") == []
    assert query("SELECT enum_range(NULL::state)::text") == [("{DRAFT,DONE}",)]
    assert query("SELECT state FROM post ORDER BY id") == [("DONE",)] * 4


def test_a_renamed_label_is_read_by_each_release_in_a_column_of_its_own(
    migrate, query, finding
) -> None:
    migrate(BEFORE)
    query("INSERT INTO post (state) VALUES ('DONE'), ('DRAFT')")
    renames = ("state.DONE=READY", "post.state=state_now")
    migrate(BESIDE, renames=renames, expand=True)
    query("INSERT INTO post (state) VALUES ('DONE')")
    query("INSERT INTO post (state_now) VALUES ('READY'), ('SENT')")
    query("UPDATE post SET state = 'DONE' WHERE id = 2")
    assert query("SELECT state, state_now FROM post ORDER BY id") == [
        *[("DONE", "READY")] * 4,
        ("SENT", "SENT"),
    ]
    assert finding(BESIDE) == ""
    migrate(BESIDE, contract=True)
    assert finding(BESIDE) == ""
    assert query("SELECT enum_range(NULL::state)::text") == [("{DRAFT,READY,SENT}",)]
    assert query("SELECT state_now FROM post ORDER BY id") == [("READY",)] * 4 + [("SENT",)]


def test_one_column_cannot_hold_both_names(migrate) -> None:
    migrate(BEFORE)
    with pytest.raises(RenameError, match=r"reads and writes DONE in post\.state") as caught:
        migrate(RENAMED, renames=["state.DONE=READY"], expand=True)
    assert 'READY = "DONE"' in caught.value.cure
    assert "--rename post.state=state_new" in caught.value.cure
    assert migrate(RENAMED, renames=["state.DONE=READY"]).written is not None


def test_a_rule_follows_the_new_name_of_its_label(migrate, query, sql, finding) -> None:
    migrate(BEFORE)
    query("INSERT INTO post (state) VALUES ('DONE')")
    migrate(REMOVED, labels=["state.SENT=DONE"], expand=True)
    after = REMOVED.replace("DONE", "READY")
    migrate(after, renames=["state.DONE=READY"])  # nobody knows what runs
    assert "RENAME TO state_retired" not in sql()
    query("INSERT INTO post (state) VALUES ('SENT')")
    assert query("SELECT state FROM post") == [("READY",), ("READY",)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert finding(after) == ""


def test_rules_in_sql_of_ones_own_do_not_follow(migrate, query) -> None:
    migrate(BEFORE)
    query("INSERT INTO post (state) VALUES ('DONE')")
    more = BEFORE + "    shown = Required(str)\n"
    migrate(more, backfills=["post.shown=CASE state WHEN 'DONE' THEN 'yes' ELSE 'no' END"])
    with pytest.raises(
        MigrationError, match="computes shown for another release, from 'DONE'"
    ) as bad:
        migrate(more.replace("DONE", "READY"), renames=["state.DONE=READY"])
    assert "invoke migrate --contract" in bad.value.cure


def test_rows_get_no_label_that_the_running_release_does_not_know(migrate) -> None:
    migrate(BEFORE)
    with pytest.raises(MigrationError, match="writes DONE, and doesn't know READY") as bad:
        migrate(RENAMED, labels=["state.DONE=READY"], expand=True)
    assert "--rename state.DONE=READY" in bad.value.cure
    assert migrate(RENAMED, labels=["state.DONE=READY"]).written is not None


def test_a_label_that_goes_is_replaced_in_arrays_too(migrate, query, settings) -> None:
    migrate(BEFORE)
    by_hand = settings.migrations / "29990101000000_by_hand"
    by_hand.mkdir()
    (by_hand / "migration.sql").write_text("ALTER TABLE post ADD COLUMN past state[];\n")
    managed = {"unmanaged": ("post.past",)}
    migrate(BEFORE, **managed)
    query("INSERT INTO post (state, past) VALUES ('DONE', '{DRAFT,SENT,SENT}'), ('SENT', NULL)")
    migrate(REMOVED, labels=["state.SENT=DONE"], expand=True, **managed)
    query("INSERT INTO post (state, past) VALUES ('SENT', '{SENT,NULL,DRAFT}')")
    assert query("SELECT state::text, past::text FROM post ORDER BY id") == [
        ("DONE", "{DRAFT,DONE,DONE}"),
        ("DONE", None),
        ("DONE", "{DONE,NULL,DRAFT}"),
    ]
    migrate(REMOVED, contract=True, **managed)
    assert query("SELECT enum_range(NULL::state)::text") == [("{DRAFT,DONE}",)]
    assert query("SELECT tgname FROM pg_trigger WHERE tgrelid = 'post'::regclass") == []


def test_an_array_cannot_hold_both_names(migrate, query, settings) -> None:
    """It has no attribute. Without a running release, its items get the new name."""
    migrate(BEFORE)
    by_hand = settings.migrations / "29990101000000_by_hand"
    by_hand.mkdir()
    (by_hand / "migration.sql").write_text("CREATE TABLE log (past state[]);\n")
    renames = ["state.DONE=READY", "post.state=state_now"]
    with pytest.raises(RenameError, match=r"The array log\.past may hold DONE") as caught:
        migrate(BESIDE, renames=renames, expand=True)
    assert "a column of its own" not in caught.value.cure
    query("INSERT INTO log VALUES ('{DRAFT,DONE}')")
    migrate(RENAMED, renames=renames[:1], allow_downtime=True)
    assert query("SELECT past::text FROM log") == [("{DRAFT,READY}",)]
