import os
from pathlib import Path

from psycopg2.extensions import parse_dsn

from berceau.postgres.core.url import Url
from berceau.postgres.embedded.shell import open_shell


def test_the_password_is_not_on_the_command_line(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    url = Url.parse("postgresql://app:hunter2@h/d?schema=My%20Shop")
    open_shell(Path("/somewhere/psql"), url)
    [(program, command, environment)] = calls
    assert program == Path("/somewhere/psql")
    assert command[0] == "/somewhere/psql"
    assert "hunter2" not in " ".join(command)
    assert environment["PGPASSWORD"] == "hunter2"
    assert {**parse_dsn(command[1]), "password": "hunter2"} == url.dsn()
