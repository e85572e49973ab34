import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.errors import MigrationFileError
from berceau.migration.splitter import split

CASES = {
    "one": ("SELECT 1", ["SELECT 1"]),
    "two": ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
    "empty": ("", []),
    "only comments": ("-- a;\n/* b; */ ;;\n", []),
    "string": ("SELECT ';''; ' ; SELECT 2", ["SELECT ';''; '", "SELECT 2"]),
    "backslash in a plain string": (r"SELECT '\'; SELECT 2", [r"SELECT '\'", "SELECT 2"]),
    "escape string": (r"SELECT e'\';'; SELECT 2", [r"SELECT e'\';'", "SELECT 2"]),
    "continued escape string": (
        "SELECT E'a'\n'\\';'; SELECT 2",
        ["SELECT E'a'\n'\\';'", "SELECT 2"],
    ),
    "a name that ends in e": (r"SELECT date'\'; SELECT 2", [r"SELECT date'\'", "SELECT 2"]),
    "quoted name": ('SELECT 1 AS "a;""b"; SELECT 2', ['SELECT 1 AS "a;""b"', "SELECT 2"]),
    "dollar quote": ("DO $$ BEGIN; END $$; SELECT 2", ["DO $$ BEGIN; END $$", "SELECT 2"]),
    "tagged dollar quote": ("DO $a$ $$; $b$; $a$; SELECT 2", ["DO $a$ $$; $b$; $a$", "SELECT 2"]),
    "a name with dollars": ("SELECT a$b$; SELECT c$b$", ["SELECT a$b$", "SELECT c$b$"]),
    "a parameter": ("SELECT $1$a$;$a$; SELECT 2", ["SELECT $1$a$;$a$", "SELECT 2"]),
    "nested comment": (
        "SELECT /* ; /* ; */ ; */ 1; SELECT 2",
        ["SELECT /* ; /* ; */ ; */ 1", "SELECT 2"],
    ),
    "line comment": ("SELECT 1 -- ; '\n; SELECT 2", ["SELECT 1", "SELECT 2"]),
    "parentheses": (
        "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c); SELECT 2",
        ["CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c)", "SELECT 2"],
    ),
    "atomic body": (
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END;"
        " SELECT 2; END; SELECT 3",
        [
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC "
            "SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
            "SELECT 3",
        ],
    ),
    "transaction": ("BEGIN; SELECT 1; END;", ["BEGIN", "SELECT 1", "END"]),
    "byte order mark": ("\ufeffSELECT 1", ["SELECT 1"]),
    "Windows": ("SELECT 1;\r\nSELECT 2;\r\n", ["SELECT 1", "SELECT 2"]),
}


@pytest.mark.parametrize("name", CASES)
def test_statements_end_where_psql_ends_them(name) -> None:
    text, expected = CASES[name]
    assert [statement.text for statement in split(text)] == expected


def test_a_statement_knows_its_line_and_its_first_words() -> None:
    first, second = split('\n-- note\nCreate  INDEX /* now */ "My;I" ON t (a);\n\n\nSELECT\n2;')
    assert first.line == 3
    assert first.head[:5] == ("create", "index", '"My;I"', "on", "t")
    assert second.line == 6


def test_the_rows_of_a_copy_belong_to_it() -> None:
    copy, after = split("COPY t (a) FROM STDIN; -- rows\n1;'\n\\N\n\\.\nSELECT 2;")
    assert (copy.text, copy.data) == ("COPY t (a) FROM STDIN", "1;'\n\\N\n")
    assert (after.text, after.line) == ("SELECT 2", 5)


def test_only_a_real_copy_has_rows() -> None:
    (statement,) = split("COPY (SELECT ' FROM STDIN ', from_stdin) TO PROGRAM 'x'")
    assert statement.data is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELECT 1;\n\\d t\n", 2),
        ("SELECT 1 \\gexec", 1),
        ("SELECT 1;\nSELECT 'a;\n;", 2),
        ("SELECT E'a\\';", 1),
        ('SELECT 1;\n\nSELECT "a;', 3),
        ("SELECT $a$;$$;", 1),
        ("\n/* /* */ ;", 2),
        ("COPY t FROM STDIN;\n1\n", 1),
        ("COPY t FROM STDIN; SELECT 1;\n1\n\\.\n", 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line) -> None:
    with pytest.raises(MigrationFileError) as caught:
        split(text)
    assert caught.value.where.line == line
    assert caught.value.cure


FRAGMENTS = st.lists(
    st.sampled_from([
        *"aeExX'\"$;()/*-\\ \n\t.0é",
        "''", "$$", "$a$", "--", "/*", "*/", "E'", "BEGIN ", "END ", "CASE ", "FUNCTION ",
        "CREATE ", "ATOMIC ", "SELECT 1;", "U&'",
    ]),
    max_size=40,
).map("".join)  # fmt: skip


@given(FRAGMENTS)
def test_splitting_loses_only_what_stands_between_statements(text) -> None:
    try:
        statements = split(text)
    except MigrationFileError:
        return
    rest = text
    for statement in statements:
        starts = (found.start() for found in re.finditer(f"(?={re.escape(statement.text)})", rest))
        # A comment before it may have the same text.
        start = next(start for start in starts if stands_between(rest[:start]))
        rest = rest[start + len(statement.text) :]
    assert split(rest) == ()


def stands_between(text: str) -> bool:
    with suppress(MigrationFileError):
        return [each.text for each in split(f"{text}x")] == ["x"]
    return False


def test_a_comment_with_the_text_of_a_statement_is_none() -> None:
    assert [each.text for each in split("--a\na")] == ["a"]


@given(FRAGMENTS)
def test_a_statement_is_one_by_itself_too(text) -> None:
    try:
        statements = split(text)
    except MigrationFileError:
        return
    for statement in statements:
        (again,) = split(statement.text)
        assert (again.text, again.head) == (statement.text, statement.head)
    joined = ";\n".join(statement.text for statement in statements)
    assert [statement.text for statement in split(joined)] == [
        statement.text for statement in statements
    ]
