"""Extensions in a dry run: those of the database are used, missing ones made in its schema."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from berceau.migration.migration import Migration
from berceau.migration.splitter import ParsedStatement, split
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.schema.names import quote_name, unquote_name

COUNTING = "pg_stat_statements"
"""The extension that counts queries."""
COUNTING_SCHEMA = "berceau_statistics"
"""Its schema in the embedded server's database: the project's own one holds what migrations made.
It is no part of the project."""

_CREATE = ("create", "extension")
_WHERE = """
SELECT extnamespace = to_regnamespace(quote_ident(current_schema()))
FROM pg_extension WHERE extname = %s
"""
# The URL gave the session its first search path: a scratch schema came later.
_PROJECT = "SELECT reset_val FROM pg_settings WHERE name = 'search_path'"
_SCHEMA = """
SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname = %s
"""
_CONTAINED = """
SELECT extname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE nspname = %s ORDER BY extname
"""
_PREFIXED = """
SELECT DISTINCT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE nspname = %s OR starts_with(nspname, %s) ORDER BY nspname
"""


def schemas_of_extensions(connection: Connection, schema: str, prefix: str) -> tuple[str, ...]:
    """Return which of ``schema`` and those whose name begins with ``prefix`` hold extensions."""
    return tuple(name for (name,) in fetch(connection, _PREFIXED, (schema, prefix)))


def schema_of_extension(connection: Connection, name: str) -> str | None:
    """Return the schema of the extension ``name``; ``None`` where it isn't made."""
    found: str | None = fetch_value(connection, _SCHEMA, (name,))
    return found


def extensions_in(connection: Connection, schema: str) -> tuple[str, ...]:
    """Return the names of the extensions that are in ``schema``."""
    return tuple(name for (name,) in fetch(connection, _CONTAINED, (schema,)))


def created(migrations: Iterable[Migration]) -> Iterator[tuple[str, int]]:
    """Yield the names of the extensions that ``migrations`` make, each with its line."""
    for statement in _creating(migrations):
        yield _name(statement), statement.line


def creates_extension(migration: Migration) -> bool:
    """Return whether a statement of ``migration`` makes an extension."""
    return any(_creating([migration]))


def made_by(migrations: Iterable[Migration]) -> Iterator[str]:
    """Yield the extensions that ``migrations`` made: an existing one would have failed them."""
    for statement in _creating(migrations):
        if statement.head[2:3] != ("if",):
            yield _name(statement)


def provide(connection: Connection, migrations: Iterable[Migration]) -> None:
    """Make the extensions of ``migrations`` that the database lacks, in the connection's schema."""
    for statement in _creating(migrations):
        execute(connection, for_dry_run(connection, statement).text)


def is_about_extension(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` makes, drops or changes an extension."""
    return statement.head[1:2] == ("extension",) or statement.head[:3] == (
        "comment",
        "on",
        "extension",
    )


def for_dry_run(connection: Connection, statement: ParsedStatement) -> ParsedStatement:
    """Return ``statement``, which is about an extension, as it is to run in a scratch schema.

    A missing extension that is to be in the project's schema is made there, and goes with it. One
    that the database has stays as it is.
    """
    if statement.head[:2] == _CREATE:
        if _is_here(connection, _name(statement)) is not None:
            return _nothing(statement)
        return (
            _made_here(statement)
            if _named(statement, "schema") in (None, _project(connection))
            else statement
        )
    return statement if _is_here(connection, _name(statement)) else _nothing(statement)


def _creating(migrations: Iterable[Migration]) -> Iterator[ParsedStatement]:
    for migration in migrations:
        for statement in split(migration.sql) if "extension" in migration.sql.lower() else ():
            if statement.head[:2] == _CREATE:
                yield statement


def _is_here(connection: Connection, name: str) -> bool | None:
    """Return whether the extension ``name`` is in the connection's schema; ``None``: nowhere."""
    found: bool | None = fetch_value(connection, _WHERE, (name,))
    return found


def _name(statement: ParsedStatement) -> str:
    after = statement.head.index("extension") + 1
    words = [word for word in statement.head[after:] if word not in ("if", "not", "exists")]
    return unquote_name(words[0]) if words else ""


def _project(connection: Connection) -> str:
    return unquote_name(fetch_value(connection, _PROJECT))


def _named(statement: ParsedStatement, option: str) -> str | None:
    """Return what ``statement`` gives as its ``option``, as an SQL name without quotes."""
    options = statement.head[statement.head.index("extension") + 1 :]
    at = options.index(option) + 1 if option in options else len(options)
    return unquote_name(options[at]) if at < len(options) else None


def _made_here(statement: ParsedStatement) -> ParsedStatement:
    text = f"CREATE EXTENSION {quote_name(_name(statement))}"
    version = _named(statement, "version")
    text += f" VERSION {version}" if version else ""
    return replace(statement, text=f"{text} CASCADE" if statement.head[-1] == "cascade" else text)


def _nothing(statement: ParsedStatement) -> ParsedStatement:
    return replace(statement, text="SELECT", head=("select",))
