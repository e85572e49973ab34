"""Connections, and what a person needs to know when one can't be had."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from types import MappingProxyType, TracebackType
from typing import Any, Self

import psycopg2
from psycopg2 import extensions

from berceau.errors import ConnectionFailedError, DatabaseError, PermissionMissingError
from berceau.postgres.core.url import Url, schemas_of

POOLER = "If you connect through PgBouncer, add ?pgbouncer=true to the URL."

# Messages of libpq and of the server, in the order to look for them, and the cure. A server that
# speaks another language than English gets the last one: the message has its words anyway.
CURES = (
    (("unsupported startup parameter",), POOLER),
    (
        ("password authentication failed", "no password supplied"),
        "Correct the password in the URL, or let `invoke db.provision` set it.",
    ),
    (
        ("no pg_hba.conf entry",),
        "Let the server's pg_hba.conf accept this host, role and database.",
    ),
    (("too many clients", "remaining connection slots"), "Close connections, or raise the limit."),
    (
        ("starting up", "shutting down", "recovery mode", "not yet accepting"),
        "The server isn't ready: try again in a moment.",
    ),
    (("SSL", "certificate"), "Correct sslmode and the other ssl parameters of the URL."),
    (("does not exist",), "Correct the URL, or create what is missing with `invoke db.provision`."),
)
PINNED = MappingProxyType(
    {
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "postgres",
        "timezone_abbreviations": "Default",
        "lc_monetary": "C",
        "lc_numeric": "C",
        "lc_time": "C",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "xmlbinary": "base64",
        "xmloption": "content",
        "array_nulls": "on",
        "standard_conforming_strings": "on",
        "transform_null_equals": "off",
        "quote_all_identifiers": "off",
    }
)
"""What the meaning of SQL depends on, and that of values read from text or written as text.

Databases and roles may have other settings (ALTER ROLE ... SET): a migration has to do the same
everywhere. These are PostgreSQL's own defaults.
"""
UNREACHABLE = "Is the server running there? Check host and port in the URL, and the network."

Connection = extensions.connection
"""psycopg2's: where ``with`` ends, its transaction ends, and the connection stays open."""


@contextmanager
def losses() -> Iterator[None]:
    """Raise ``psycopg2.OperationalError`` where a lost connection makes the body fail.

    A server that crashes tells its clients in a notice, and not in an error. libpq can't write then
    and knows no reason, so psycopg2 raises its most general error, without a code.
    """
    try:
        yield
    except psycopg2.DatabaseError as error:
        if type(error) is psycopg2.DatabaseError and error.pgcode is None:
            raise psycopg2.OperationalError(*error.args) from error
        raise


class _Cursor(extensions.cursor):
    """A cursor whose statements fail as ``losses`` says."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
        """Run ``query``."""
        with losses():
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        """Run ``query`` with the values of each of ``vars_list``."""
        with losses():
            super().executemany(query, vars_list)


class ClosingConnection(Connection):
    """A connection of which ``with`` is one unit of work: it commits, or on error not, and closes.

    A pool notes when it was ``opened`` and last ``used``, by the monotonic clock, and whose
    ``schemas`` its transactions used.
    """

    opened = 0.0
    used = 0.0
    schemas: Set[str] = frozenset()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cursor_factory = _Cursor

    def commit(self) -> None:
        """Commit; raises as ``losses`` says."""
        with losses():
            super().commit()

    def rollback(self) -> None:
        """Roll back; raises as ``losses`` says."""
        with losses():
            super().rollback()

    def own_cursor(self) -> "OwnCursor":
        """Return a cursor whose statements aren't the application's."""
        cursor: OwnCursor = self.cursor(cursor_factory=OwnCursor)
        return cursor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()


class OwnCursor(_Cursor):
    """For what Berceau asks on the side: it isn't counted among the application's queries."""


def connect(
    url: Url,
    *,
    schema: str | None = None,
    settings: Mapping[str, str] | None = None,
    pinned: Mapping[str, str] = PINNED,
    autocommit: bool = False,
    kind: type[ClosingConnection] = ClosingConnection,
) -> ClosingConnection:
    """Return a new connection of the class ``kind`` to ``schema``, by default the URL's.

    ``settings`` are the server's, for the session, where the URL's own ``options`` don't set
    otherwise; what is ``pinned``, it can't change. With ``autocommit`` each statement is a
    transaction of its own. Through a pooler, the first transaction alone has the settings and the
    search path. Raises ``ConnectionFailedError`` or ``PermissionMissingError``.
    """
    try:
        keywords: dict[str, Any] = url.dsn(schema, settings, pinned)
        connection: ClosingConnection = psycopg2.connect(connection_factory=kind, **keywords)
        if url.pooled:
            with connection.cursor(cursor_factory=OwnCursor) as cursor:
                wanted = {**(settings or {}), **pinned}
                cursor.execute(session_sql(url.with_schema(schema or url.schema), wanted))
        else:
            overrule_environment(connection, url.session(schema))
    except psycopg2.OperationalError as error:
        raise explain(url, str(error)) from None
    if autocommit:
        connection.autocommit = True
    return connection


def beside(connection: Connection) -> ClosingConnection:
    """Return a new connection to where ``connection`` leads, as the same role.

    A statement of it waits a few seconds for a lock at most: the first one may hold it. Raises
    ``psycopg2.OperationalError``.
    """
    found = connection.info
    keywords: dict[str, Any] = {**found.dsn_parameters, "password": found.password}
    other: ClosingConnection = psycopg2.connect(connection_factory=ClosingConnection, **keywords)
    with other.cursor(cursor_factory=OwnCursor) as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    return other


def overrule_environment(connection: Connection, session: Mapping[str, str]) -> None:
    """Set what libpq took from PGDATESTYLE and PGTZ, which win over a connection's options.

    ``session`` is what the URL's sessions have. psycopg2 reads dates in one style only. DISCARD ALL
    leads back to the environment's.
    """
    wanted = {"DateStyle": PINNED["DateStyle"], "TimeZone": session["timezone"]}
    if wanted != {name: connection.info.parameter_status(name) for name in wanted}:
        with connection.cursor(cursor_factory=OwnCursor) as cursor:
            cursor.execute(setting("SESSION", wanted))
        if not connection.autocommit:
            connection.commit()


@contextmanager
def connected(url: Url) -> Iterator[ClosingConnection]:
    """Give the body a connection; one that breaks is as bad as one that can't be had.

    Raises ``ConnectionFailedError`` or ``PermissionMissingError``.
    """
    try:
        with connect(url) as connection:
            yield connection
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise explain(url, str(error)) from None


def session_sql(url: Url, settings: Mapping[str, str]) -> str:
    """Return the SQL that gives one transaction what ``url`` and ``settings`` ask of a session."""
    return setting("LOCAL", {**settings, **url.session()})


def setting(scope: str, settings: Mapping[str, str]) -> str:
    """Return the SQL that gives the ``settings`` to a ``scope``: SESSION or LOCAL."""
    return "; ".join(
        f"SET {scope} {name} = {_list_or_text(name, value)}" for name, value in settings.items()
    )


def _list_or_text(name: str, value: str) -> str:
    # A search path is a list of identifiers: as one text, the list would be one strange name.
    return value if name in ("search_path", "DateStyle") else "'" + value.replace("'", "''") + "'"


def check_session(connection: Connection, url: Url) -> None:
    """Raise ``ConnectionFailedError`` where something on the way lost the session's settings."""
    wanted = url.session()
    with connection.cursor() as cursor:
        for name, value in wanted.items():
            cursor.execute("SELECT current_setting(%s)", (name,))
            (found,) = cursor.fetchone() or ("",)
            # The server shows a search path as it was given: by SET, without needless quotes.
            if schemas_of(found) != schemas_of(value):
                raise ConnectionFailedError(
                    f"A connection to {describe_hosts(url)} should have {name} = {value}, "
                    f"but has {found}.",
                    cure=POOLER,
                )


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run the body in one transaction on an autocommit ``connection``, which stays open."""
    connection.autocommit = False
    try:
        yield
        connection.commit()
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise
    finally:
        if not connection.closed:
            connection.autocommit = True


def explain(url: Url, reason: str) -> DatabaseError:
    """Return the error for a person, given what libpq said, whose hints begin with a tab."""
    reasons = [line for line in reason.strip().splitlines() if not line.startswith("\t")]
    message = (
        f"No connection to database {url.database!r} as role {url.user!r} "
        f"on {describe_hosts(url)}: {' / '.join(reasons)}"
    )
    if "permission denied for database" in reason:
        return PermissionMissingError(
            message, cure=f"Grant role {url.user!r} CONNECT on it: `invoke db.provision` does."
        )
    for signs, cure in CURES:
        if any(sign in reason for sign in signs):
            return ConnectionFailedError(message, cure=cure)
    return ConnectionFailedError(message, cure=UNREACHABLE)


def describe_hosts(url: Url) -> str:
    """Return the hosts and ports of ``url`` as a person reads them."""
    hosts = (f"{name}:{port}" if port else name for name, port in url.hosts)
    return ", ".join(hosts) or "the default host"
