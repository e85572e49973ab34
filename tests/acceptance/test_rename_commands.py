"""Renames as a person declares, reads and confirms them on the command line."""

import json
import re
import shlex
from collections.abc import Callable

import pytest

from tests.conftest import Project, Result

POST = """
class Post(db.Entity):
    title = Optional(str, nullable=True)
    text = Optional(str, nullable=True)
"""
RENAMED = POST.replace("title", "headline").replace("text", "body")
TITLE, TEXT = "--rename post.title=headline", "--rename post.text=body"
ROWS = [("a", "b")]
# Runs a command at a terminal of its own, and gives it one answer after each question.
DIALOG = """
import json, os, pty, select, sys

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if not child:
    os.execv(sys.executable, [sys.executable, "-m", "invoke", *sys.argv[2:]])
seen, last = b"", b""
while True:
    # A Ctrl-C between a prompt and its reading gets lost: a person presses it again.
    if last == b"\\x03" and not select.select([terminal], [], [], 1)[0]:
        os.write(terminal, last)
        continue
    try:
        piece = os.read(terminal, 1024)
    except OSError:  # how Linux says that the other side is closed
        piece = b""
    if not piece:
        break
    os.write(1, piece)
    seen += piece
    if answers and seen.endswith(b"] "):
        last = answers.pop(0).encode()
        os.write(terminal, last)
        seen = b""
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def blog(connected, query) -> Project:
    """A project with a table that has a row, and entities in which its columns are renamed."""
    connected.component("blog", POST)
    connected.succeed("migrate", "--name", "init")
    query("INSERT INTO post (title, text) VALUES ('a', 'b')")
    connected.component("blog", RENAMED)
    return connected


def test_renames_are_declared_by_options(blog, query) -> None:
    blog.succeed("migrate", *shlex.split(f"{TITLE} {TEXT}"))
    assert query("SELECT headline, body FROM post") == ROWS
    assert "nothing to do" in blog.succeed("migrate")


def test_a_rename_with_an_index_on_it_is_undone(blog, query) -> None:
    blog.component("blog", RENAMED.replace("nullable=True", "nullable=True, index=True"))
    out = blog.succeed("migrate", *shlex.split(f"{TITLE} {TEXT}"))
    assert "post_headline_idx ON post (headline)" in out
    blog.succeed("migrate.down")
    assert query("SELECT title, text FROM post") == ROWS


def test_a_refusal_names_the_options_that_settle_it(blog, query) -> None:
    before = blog.migrations()
    error = blog.fail("migrate")
    assert f"column post.title: {TITLE} or --rename post.title=body" in error
    assert blog.migrations() == before
    assert "--allow-data-loss" in error
    options = [
        re.findall(r"--rename \S+", line)[0] for line in error.splitlines() if ": --" in line
    ]
    blog.succeed("migrate", *shlex.split(" ".join(options)))
    assert query("SELECT headline, body FROM post") == ROWS


@pytest.mark.slow
def test_what_was_dropped_and_added_is_said_so(blog, query) -> None:
    query("DELETE FROM post")
    blog.succeed("migrate", "--allow-data-loss")
    assert query("SELECT headline, body FROM post") == []


def test_a_diff_shows_what_would_be_written_and_asked(blog, query) -> None:
    before = blog.migrations()
    shown = blog.succeed("migrate.diff", *shlex.split(TITLE))
    assert shown == (
        f"-- Was the column post.text renamed? Then add {TEXT}\n\n"
        "-- breaks code that still uses the old name\n"
        "-- lock: ACCESS EXCLUSIVE\n"
        "ALTER TABLE post RENAME COLUMN title TO headline;\n\n"
        "-- lock: ACCESS EXCLUSIVE\n"
        "ALTER TABLE post ADD COLUMN body text;\n\n"
        "-- loses data\n"
        "-- lock: ACCESS EXCLUSIVE\n"
        "ALTER TABLE post DROP COLUMN text;\n"
    )
    assert blog.migrations() == before
    assert query("SELECT title, text FROM post") == ROWS


def test_a_diff_is_readable_for_programs(blog) -> None:
    found = json.loads(blog.succeed("migrate.diff", "--json", *shlex.split(f"{TITLE} {TEXT}")))
    assert found["up"][0] == {
        "sql": "ALTER TABLE post RENAME COLUMN title TO headline;",
        "hazards": ["breaks code that still uses the old name"],
        "lock": "ACCESS EXCLUSIVE",
        "batches": False,
    }
    assert [each["sql"] for each in found["down"]] == [
        "ALTER TABLE post RENAME COLUMN body TO text;",
        "ALTER TABLE post RENAME COLUMN headline TO title;",
    ]
    assert found["suggestions"] == []
    found = json.loads(blog.succeed("migrate.diff", "--json"))
    assert found["suggestions"][0] == {
        "kind": "column",
        "name": "post.title",
        "options": [TITLE, "--rename post.title=body"],
    }


@pytest.mark.slow
def test_a_diff_that_only_a_rename_makes_possible_says_so(blog) -> None:
    blog.component("blog", RENAMED.replace("Optional(str, nullable=True)", "Required(str)"))
    assert "error: The column post." in blog.fail("migrate.diff")
    blog.component("blog", POST.replace("Optional(str, nullable=True)", "Required(str)"))
    blog.succeed("migrate")
    blog.component("blog", RENAMED.replace("Optional(str, nullable=True)", "Required(str)"))
    assert TITLE in blog.fail("migrate.diff")


def test_nothing_to_do_is_no_diff(blog) -> None:
    blog.component("blog", POST)
    assert blog.succeed("migrate.diff") == "-- nothing to do\n"


@pytest.fixture
def dialog(blog) -> Callable[..., Result]:
    """Return a function that runs a command at a terminal, and answers its questions."""
    blog.write("dialog.py", DIALOG)
    return lambda answers, *command: blog.run("dialog", json.dumps(answers), *command)


def test_questions_are_asked_at_a_terminal(dialog, query) -> None:
    result = dialog(["what?\n", "1\n", "y\n"], "migrate")
    assert result.code == 0, result
    lines = result.out.replace("\r", "").splitlines()
    asked = lines.index("Was the column post.title renamed?")
    assert lines[asked : asked + 7] == [
        "Was the column post.title renamed?",
        "  0  no: it is dropped",
        "  1  to headline",
        "  2  to body",
        "Which? [0] what?",
        "Which? [0] 1",
        "Was the column post.text renamed to body? [y/N] y",
    ]
    assert query("SELECT headline, body FROM post") == ROWS


@pytest.mark.slow
def test_a_no_is_no_leave_to_lose_data(dialog, blog) -> None:
    before = blog.migrations()
    result = dialog(["\n", "\n"], "migrate")
    assert result.code == 1
    assert "error: The migration would lose data: column post.t" in result.out
    assert blog.migrations() == before


@pytest.mark.slow
@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["interrupt", "end of input"])
def test_who_leaves_a_question_leaves_all_as_it_was(dialog, blog, key) -> None:
    before = blog.migrations()
    result = dialog([key], "migrate")
    assert result.code == 1
    assert result.out.splitlines()[-1] == "error: No answer. Nothing was written."
    assert "Traceback" not in result.out
    assert blog.migrations() == before


@pytest.mark.slow
def test_no_input_asks_nothing_at_a_terminal(dialog) -> None:
    result = dialog([], "migrate", "--no-input")
    assert result.code == 1
    assert "error: Renamed, or dropped and added?" in result.out
