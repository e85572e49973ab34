"""Hand-written migrations: what linters say of them, and whether their down.sql undoes them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from berceau.migration.lint import ANSWERED, SETTLED, readable
from tests.conftest import Project, cases

BLOG = """
class Post(db.Entity):
    title = Required(str)
    body = Optional(str)
"""
BY_HAND = "20990101000000_by_hand"


@pytest.fixture
def blog(connected) -> Project:
    connected.component("blog", BLOG)
    connected.succeed("migrate", "--name", "init")
    return connected


def found(project) -> list[tuple[str, str | None, int | None, str]]:
    """Return the findings of the check: code, file, line, and message."""
    findings = json.loads(project.invoke("migrate.check", "--json").out)["findings"]
    return [(each["code"], each["file"], each["line"], each["message"]) for each in findings]


RISKS = {
    "an index that blocks": ("CREATE INDEX i ON post (title);", "require-concurrent-index"),
    "a new required column": ("ALTER TABLE post ADD n int NOT NULL;", "adding-required-field"),
    "a constraint at once": (
        "ALTER TABLE post ADD CONSTRAINT c CHECK (title <> '');",
        "constraint-missing-not-valid",
    ),
    "a dropped column": ("ALTER TABLE post DROP COLUMN body;", "ban-drop-column"),
    "a renamed column": ("ALTER TABLE post RENAME body TO text;", "renaming-column"),
    "a rewritten table": ("ALTER TABLE post ALTER body TYPE varchar(9);", "changing-column-type"),
    "below rows": ("COPY post (title) FROM stdin;\na; b\n\\.\nDROP TABLE post;", "ban-drop-table"),
}


@cases("sql, rule", RISKS, quick=1)
def test_a_risk_is_found_with_its_line_until_it_is_said_to_be_meant(blog, sql, rule) -> None:
    line = sql.count("\n") + 3
    file = blog.migration(BY_HAND, f"-- why\n\n{sql}\n")
    (risk,) = [each for each in found(blog) if each[0] == "M011"]
    assert risk[1:3] == (f"migrations/{BY_HAND}/migration.sql", line)
    assert rule in risk[3]
    assert f"migrations/{BY_HAND}/migration.sql:{line}: error M011: " in blog.fail("migrate.check")
    before, _, last = sql.rpartition("\n")
    whole = risk[3].rpartition("(")[2].rstrip(")")
    file.write_text(f"{before}\n-- squawk-ignore {whole}\n{last}\n")
    assert [each for each in found(blog) if each[0] == "M011"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hazard", "sql"),
    [
        ("loses data", "ALTER TABLE post DROP COLUMN body;"),
        ("breaks code that still uses the old name", "ALTER TABLE post RENAME body TO text;"),
        ("rewrites the table", "ALTER TABLE post ALTER body TYPE varchar(9);"),
    ],
)
def test_a_hazard_that_the_migration_tells_is_none_that_squawk_has_to_tell(
    blog, hazard, sql
) -> None:
    blog.migration(BY_HAND, f"-- {hazard}\n{sql}\n")
    assert [each for each in found(blog) if each[0] == "M011"] == []


@pytest.mark.slow
def test_what_the_runner_settles_is_no_finding(blog) -> None:
    blog.migration(
        BY_HAND,
        "BEGIN;\nALTER TABLE post ADD n int;\nCOMMIT;\n"
        "CREATE INDEX CONCURRENTLY i ON post (n);\n"
        "CREATE TABLE own (id serial PRIMARY KEY, at timestamp, code char(2), text varchar(9));\n",
    )
    assert {code for code, *_ in found(blog)} <= {"M001"}


def test_every_rule_that_is_settled_or_answered_is_one_that_squawk_knows() -> None:
    for rule in (*SETTLED, *ANSWERED):
        done = subprocess.run(
            [Path(sys.executable).with_name("squawk"), f"--exclude={rule}", "--reporter=json"],
            input="",
            capture_output=True,
            text=True,
            check=False,
        )
        assert "invalid rule name" not in done.stderr


@pytest.mark.slow
def test_what_berceau_wrote_is_linted_once_it_is_edited(blog) -> None:
    blog.component("blog", BLOG.replace("    body = Optional(str)\n", ""))
    blog.succeed("migrate", "--create-only", "--allow-data-loss")
    assert found(blog) == []
    file = blog.root / "migrations" / blog.migrations()[1] / "migration.sql"
    file.write_text(file.read_text() + "CREATE INDEX i ON post (title);\n")
    messages = [(code, message) for code, _, _, message in found(blog)]
    assert [code for code, _ in messages] == ["M001", "M011", "M011", "M012"]
    assert "require-concurrent-index-creation" in messages[1][1]
    assert "long-under-lock" in messages[2][1]


def test_what_berceau_wrote_is_no_finding_beside_a_statement_of_ones_own(blog) -> None:
    blog.component("blog", f"{BLOG}    n = Required(int, default=1)\n")
    blog.succeed("migrate", "--create-only")
    file = blog.root / "migrations" / blog.migrations()[1] / "migration.sql"
    written = file.read_text()
    assert "DROP DEFAULT" in written
    file.write_text(f"{written}UPDATE post SET title = upper(title);\n")
    risks = [(line, message) for code, _, line, message in found(blog) if code == "M011"]
    assert {line for line, _ in risks} == {written.count("\n") + 1}
    assert "(update-without-where)" in risks[0][1]


def test_the_size_of_a_table_is_said_where_it_is_known(blog, query) -> None:
    query("INSERT INTO post (title, body) SELECT 'a', '' FROM generate_series(1, 1200)")
    query("ANALYZE post")
    file = blog.migration(BY_HAND, "UPDATE post SET title = '';\n")
    (message,) = [message for code, *_, message in found(blog) if code == "M011"]
    assert "post has about 1,200 rows here. (update-without-where)" in message
    file.write_text("-- berceau-ignore update-without-where\nUPDATE post SET title = '';\n")
    assert "M011" not in {code for code, *_ in found(blog)}


@pytest.mark.slow
def test_what_is_applied_or_shared_is_left_alone(blog) -> None:
    blog.migration(BY_HAND, "CREATE INDEX i ON post (title);\n")
    assert "M011" in {code for code, *_ in found(blog)}
    blog.succeed("migrate.deploy")
    assert "M011" not in {code for code, *_ in found(blog)}

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=blog.root, check=True, capture_output=True)

    git("init", "-b", "main")
    git("commit", "--allow-empty", "-m", "start")
    git("add", "migrations")
    assert "M011" not in {code for code, *_ in found(blog)}
    git("commit", "-m", "by hand")
    blog.migration("20990101000001_later", "CREATE INDEX j ON post (title);\n")
    files = {file for code, file, *_ in found(blog) if code == "M011"}
    assert files == {"migrations/20990101000001_later/migration.sql"}
    blog.write(".squawk.toml", "excluded_rules = ['require-concurrent-index-creation']\n")
    assert "M011" not in {code for code, *_ in found(blog)}


@pytest.mark.slow
def test_a_squawk_that_is_missing_or_fails_is_said(blog) -> None:
    blog.migration(BY_HAND, "SELECT 1;\n")
    blog.write(".squawk.toml", "excluded_rules = 7\n")
    ((code, _, _, message),) = found(blog)
    assert code == "M011"
    assert f"squawk failed, and {BY_HAND} wasn't checked" in message
    assert "excluded_rules" in message


@pytest.mark.slow
def test_what_squawk_cannot_read_is_said_until_it_is_borne_with(blog) -> None:
    sql = "SELEC 1;\nDROP TABLE post;\n"
    file = blog.migration(BY_HAND, sql)
    message = next(message for code, *_, message in found(blog) if code == "M011")
    assert "squawk can't read this, and checked nothing" in message
    file.write_text(f"-- squawk-ignore-file syntax-error\n{sql}")
    assert [each for each in found(blog) if each[0] == "M011"] == []


def test_the_rows_of_a_copy_are_hidden_from_squawk_line_by_line() -> None:
    sql = "COPY t FROM stdin;\n1\tDROP\n2\t\\\\.\n\\.\nSELECT 1;\nCOPY t FROM stdin;\n3\n\\.\n"
    shown = readable(sql)
    assert shown == "COPY t FROM stdin;\n\n\n\nSELECT 1;\nCOPY t FROM stdin;\n\n\n"


UNDONE = {
    "all of it": ("CREATE VIEW v AS SELECT title FROM post;", "DROP VIEW v;", None),
    "said to be impossible": ("CREATE VIEW v AS SELECT title FROM post;", "-- no way back", None),
    "an object left": ("CREATE VIEW v AS SELECT 1 one;", "SELECT 1;", "view v is left"),
    "a table left": ("CREATE TABLE t (a int);", "SELECT 1;", "DROP TABLE t;"),
    "a column gone": ("SELECT 1;", "ALTER TABLE post DROP COLUMN body;", "ADD COLUMN body text"),
    "SQL that fails": ("SELECT 1;", "DROP VIEW v;", 'view "v" does not exist'),
}


@cases("up, down, says", UNDONE, quick=1)
def test_a_down_that_does_not_lead_back_is_found(blog, up, down, says) -> None:
    blog.migration(BY_HAND, up)
    blog.write(f"migrations/{BY_HAND}/down.sql", down)
    message = blog.fail("migrate.check") if found(blog) else ""
    assert ("M012" in message) is (says is not None), message
    assert says is None or says in message
