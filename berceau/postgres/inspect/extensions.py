"""Extensions in a rehearsal: those of the database are used, missing ones made in its schema."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from berceau.migration.migration import Migration
from berceau.migration.splitter import ParsedStatement, split
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.inspect.objects import Object
from berceau.schema.names import quote_name, unquote_name

_CREATE = ("create", "extension")
_WHERE = """
SELECT extnamespace = to_regnamespace(quote_ident(current_schema()))
FROM pg_extension WHERE extname = %s
"""
# The URL gave the session its first search path: a scratch schema came later.
_PROJECT = "SELECT reset_val FROM pg_settings WHERE name = 'search_path'"
_PREFIXED = """
SELECT DISTINCT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE nspname = %s OR starts_with(nspname, %s) ORDER BY nspname
"""


def schemas_of_extensions(connection: Connection, schema: str, prefix: str) -> tuple[str, ...]:
    """Return which of ``schema`` and those whose name begins with ``prefix`` hold extensions."""
    return tuple(name for (name,) in fetch(connection, _PREFIXED, (schema, prefix)))


def creates_extension(script: Migration) -> bool:
    """Return whether a statement of ``script`` makes an extension."""
    return any(_creating([script]))


def made_by(scripts: Iterable[Migration]) -> tuple[Object, ...]:
    """Return the extensions that ``scripts`` made: where one was there, they would have failed."""
    return tuple(
        Object("extension", quote_name(_name(piece)))
        for piece in _creating(scripts)
        if piece.head[2:3] != ("if",)
    )


def provide(connection: Connection, scripts: Iterable[Migration]) -> None:
    """Make the extensions of ``scripts`` that the database lacks, in the connection's schema."""
    for piece in _creating(scripts):
        execute(connection, rehearsed(connection, piece).text)


def is_about_extension(piece: ParsedStatement) -> bool:
    """Return whether ``piece`` makes, drops or changes an extension."""
    return piece.head[1:2] == ("extension",) or piece.head[:3] == ("comment", "on", "extension")


def rehearsed(connection: Connection, piece: ParsedStatement) -> ParsedStatement:
    """Return ``piece``, which is about an extension, as it is to run in a scratch schema.

    A missing extension that is to be in the project's schema is made there, and goes with it. One
    that the database has stays as it is.
    """
    if piece.head[:2] == _CREATE:
        if _is_here(connection, _name(piece)) is not None:
            return _nothing(piece)
        return (
            _made_here(piece) if _named(piece, "schema") in (None, _project(connection)) else piece
        )
    return piece if _is_here(connection, _name(piece)) else _nothing(piece)


def _creating(scripts: Iterable[Migration]) -> Iterator[ParsedStatement]:
    for script in scripts:
        for piece in split(script.sql) if "extension" in script.sql.lower() else ():
            if piece.head[:2] == _CREATE:
                yield piece


def _is_here(connection: Connection, name: str) -> bool | None:
    """Return whether the extension ``name`` is in the connection's schema; ``None``: nowhere."""
    found: bool | None = fetch_value(connection, _WHERE, (name,))
    return found


def _name(piece: ParsedStatement) -> str:
    after = piece.head.index("extension") + 1
    words = [word for word in piece.head[after:] if word not in ("if", "not", "exists")]
    return unquote_name(words[0]) if words else ""


def _project(connection: Connection) -> str:
    return unquote_name(fetch_value(connection, _PROJECT))


def _named(piece: ParsedStatement, option: str) -> str | None:
    """Return what ``piece`` gives as its ``option``, as an SQL name without quotes."""
    options = piece.head[piece.head.index("extension") + 1 :]
    at = options.index(option) + 1 if option in options else len(options)
    return unquote_name(options[at]) if at < len(options) else None


def _made_here(piece: ParsedStatement) -> ParsedStatement:
    text = f"CREATE EXTENSION {quote_name(_name(piece))}"
    version = _named(piece, "version")
    text += f" VERSION {version}" if version else ""
    return replace(piece, text=f"{text} CASCADE" if piece.head[-1] == "cascade" else text)


def _nothing(piece: ParsedStatement) -> ParsedStatement:
    return replace(piece, text="SELECT", head=("select",))
