"""The splitter against its model: what psql itself sends to a server."""

import re
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from berceau.errors import MigrationFileError
from berceau.migration.splitter import split

SENT = re.compile(r"/\*{8} QUERY \*{9}/\n(.*?)\n/\*{24}/", re.DOTALL)

CASES = (
    "SELECT 1;;SELECT 2",
    r"SELECT '\'; SELECT E'\';'; SELECT date'\'",
    r"SELECT E'a' /* not continued */ '\'; SELECT 2 --'",
    "SELECT $a$;$$;$a$; SELECT a$b$; SELECT c$b$; SELECT $1$a$;$a$; SELECT 1a$b$; SELECT 2 --$b$",
    "SELECT 1 /* ; /* ; */ ; */ ; SELECT 1 +-- ;\n1; SELECT 1 */* ; */ 1",
    "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c); SELECT 1)); SELECT 2",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; SELECT 3",
    "CREATE OR REPLACE PROCEDURE f() BEGIN ATOMIC SELECT 1; END; CREATE VIEW begin AS SELECT 2; x",
    "BEGIN; SELECT 1; END; BEGIN; COMMIT",
    "\ufeffSELECT 1; SELECT U&\"a;\" ; SELECT é'\\'; SELECT €$a$; SELECT €$a$",
    "CREATE TEMP TABLE t (a text);\nCOPY t FROM STDIN; -- rows\n1;'\n\\.\nSELECT 2; SELECT 3",
)


@pytest.fixture(scope="module")
def sent(running, tmp_path_factory) -> Callable[..., list[str]]:
    """Give the function that runs a script in psql and returns the statements that it sent."""
    folder = tmp_path_factory.mktemp("psql")

    def run(text: str) -> list[str]:
        script, log = folder / "script.sql", folder / "log"
        script.write_text(text)
        log.unlink(missing_ok=True)
        subprocess.run(
            [running.psql, "-X", "-q", "-f", script, "-L", log, running.owner_url.with_password()],
            capture_output=True,
            check=True,
        )
        return SENT.findall(log.read_text()) if log.exists() else []

    return run


@pytest.mark.parametrize("text", CASES)
def test_psql_sends_the_same_statements(sent, text) -> None:
    _compare(sent, text)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(
    st.lists(
        st.sampled_from([
            *"ae'\"$;()/*- \n.0é", "''", "$$", "$a$", "--", "/*", "*/", "E'", "\\'", "BEGIN ",
            "END ", "CASE ", "CREATE FUNCTION ", "ATOMIC ", "SELECT 1;", "'a'\n'b'", ";",
        ]),
        min_size=5, max_size=40,
    ).map("".join)
)  # fmt: skip
def test_psql_sends_the_same_statements_whatever_the_text(sent, text) -> None:
    # psql forgets at a line's end that E'a' may be continued there; the server doesn't.
    assume("\\" not in text or "\n" not in text)
    _compare(sent, text)


def _compare(sent, text) -> None:
    try:
        ours = [statement.text for statement in split(text)]
    except MigrationFileError:
        assume(False)
    theirs = [_read(query) for query in sent(text)]
    assert [each for each in theirs if each] == [[_squeezed(each)] for each in ours]


def _read(query) -> list[str]:
    rows = "\n\\.\n" if "FROM STDIN" in query else ""
    return [_squeezed(statement.text) for statement in split(query + rows)]


def _squeezed(text) -> str:
    """Leave out white space: psql drops empty lines."""
    return "".join(text.split())
