"""A database URL as a value: parsed, checked, hidden in print, and turned into libpq's keywords."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

import psycopg2
from psycopg2.extensions import parse_dsn

from berceau.errors import UrlError

Hosts = tuple[tuple[str, int | None], ...]

FORM = "postgresql://user:password@host[:port]/database?schema=public"
DEFAULTS = {
    "application_name": "berceau",
    "connect_timeout": "10",
    # A server that vanished without a word is noticed within a minute.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# Of several hosts, the one that takes writes: after a failover, it is another one.
UNMOVED = {"hostaddr": "", "target_session_attrs": "any"}
"""Who names a socket means it: PGHOSTADDR and PGTARGETSESSIONATTRS don't lead elsewhere."""
PRIMARY = {"target_session_attrs": "read-write"}
POOLER = "pgbouncer"
HIDDEN = "***"
NAME_BYTES = 63  # PostgreSQL cuts longer names off without an error

# No part but the login is followed by an @, so that a password whose special characters weren't
# percent-encoded is never taken for a host, a database or a parameter, and shown in an error.
SHAPE = re.compile(
    r"postgres(?:ql)?://(?:(?P<login>[^/?@]*)@)?(?P<hosts>[^/?@]*)"
    r"(?:/(?P<database>[^?@]*))?(?:\?(?P<query>[^@]*))?"
)
HOST = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[^:]*))?")


@dataclass(frozen=True, repr=False)
class Url:
    """One database, one role, one schema: that of an application, or of one tenant.

    ``hosts`` are pairs of a name, an address or a Unix socket's folder, and a port (``None``: the
    default); no hosts means libpq's default. An empty ``user`` or ``password`` is libpq's default
    too. ``parameters`` are libpq's, in the order given. ``pooled`` (``?pgbouncer=true``) means that
    a pooler in transaction mode stands before the server, which keeps no session's settings.
    ``shared`` is the schema of what all tenants share, where ``schema`` is a tenant's; ``stand_in``
    is in its place in a dry run.
    ``str()`` and ``repr()`` hide secrets.
    """

    user: str
    password: str
    hosts: Hosts
    database: str
    schema: str = "public"
    parameters: tuple[tuple[str, str], ...] = ()
    pooled: bool = False
    shared: str | None = None
    stand_in: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the ``Url`` that ``text`` means; raises ``UrlError``, which shows no password."""
        shape = SHAPE.fullmatch(text.strip())
        if shape is None:
            raise _malformed(
                "The database URL is malformed",
                " In user and password write @ as %40, / as %2F, ? as %3F and % as %25.",
            )
        query = _parse_query(shape["query"])
        user, _, password = (shape["login"] or "").partition(":")
        database = _once("database", _decode(shape["database"] or ""), query.pop("dbname", ""))
        if not database:
            raise _malformed("The database URL names no database")
        return cls(
            user=_once("user", _decode(user), query.pop("user", "")),
            password=_once("password", _decode(password), query.pop("password", "")),
            hosts=_parse_hosts(shape["hosts"], query.pop("host", ""), query.pop("port", "")),
            database=database,
            schema=_check_schema(query.pop("schema", "public")),
            pooled=_parse_flag(POOLER, query.pop(POOLER, "false")),
            parameters=tuple(query.items()),
        )

    def with_schema(self, name: str) -> Self:
        """Return the same URL with another schema."""
        return replace(self, schema=name)

    def of_tenant(self, schema: str, stand_in: str | None = None) -> Self:
        """Return the same URL for the tenant in ``schema``; this one's is shared by all of them."""
        return replace(self, schema=schema, shared=self.schema, stand_in=stand_in)

    def with_database(self, name: str) -> Self:
        """Return the same URL with another database."""
        return replace(self, database=name)

    def with_options(self, settings: Mapping[str, str]) -> Self:
        """Return the same URL, with ``settings`` of the server unless it has its own."""
        given = dict(self.parameters)
        options = " ".join(filter(None, [_options(settings), given.get("options")]))
        return replace(self, parameters=tuple((given | {"options": options}).items()))

    def session(self, schema: str | None = None) -> dict[str, str]:
        """Return the settings that every session or transaction needs: search path, time zone."""
        names = filter(None, (schema or self.schema, self.shared))
        return {"search_path": search_path(*names), "timezone": "UTC"}

    def dsn(
        self,
        schema: str | None = None,
        settings: Mapping[str, str] | None = None,
        pinned: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Return the keyword arguments for ``psycopg2.connect``.

        The session's search path is ``schema`` (by default the URL's) and its time zone UTC. The
        URL's own ``options`` go before these and what is ``pinned``, and ``settings`` of the server
        before all. A pooled URL's session is anybody's: it gets none of ours.
        """
        given = dict(self.parameters)
        ports = [str(port or "") for _, port in self.hosts]
        keywords = {
            "host": ",".join(name for name, _ in self.hosts),
            "port": ",".join(ports) if any(ports) else "",
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
        }
        if not self.pooled:
            first = _options(settings or {})
            last = _options({**(pinned or {}), **self.session(schema)})
            keywords["options"] = " ".join(filter(None, [first, given.get("options"), last]))
        several = PRIMARY if len(self.hosts) > 1 else {}
        unmoved = UNMOVED if any(name.startswith("/") for name, _ in self.hosts) else {}
        return (
            DEFAULTS
            | unmoved
            | several
            | given
            | {key: value for key, value in keywords.items() if value}
        )

    def with_password(self) -> str:
        """Return the whole URL, password included: for ``db.url`` and psql only."""
        return self._render(self.password, self.parameters)

    def __str__(self) -> str:
        shown = tuple((k, HIDDEN if k == "sslpassword" else v) for k, v in self.parameters)
        return self._render(HIDDEN if self.password else "", shown)

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"

    def _render(self, password: str, parameters: tuple[tuple[str, str], ...]) -> str:
        login = _encode(self.user) + (f":{_encode(password)}" if password else "")
        hosts = ",".join(_render_host(name, port) for name, port in self.hosts)
        query = [("schema", self.schema)] if self.schema != "public" else []
        match self.hosts:
            case ((folder, port),) if folder.startswith("/"):
                hosts = ""
                query = [("host", folder), *([("port", str(port))] if port else []), *query]
        query += [(POOLER, "true")] if self.pooled else []
        query += parameters
        tail = "&".join(f"{name}={_encode(value, '*/')}" for name, value in query)
        return (
            f"postgresql://{login}{'@' if login else ''}{hosts}/{_encode(self.database)}"
            f"{'?' if tail else ''}{tail}"
        )


def search_path(*schemas: str) -> str:
    """Return the search path that has the ``schemas`` in this order."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in schemas)


def schemas_of(path: str) -> tuple[str, ...]:
    """Return the names of the schemas on a search path, which may be in quotes or not."""
    return tuple(
        name or quoted.replace('""', '"')
        for quoted, name in re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', path)
    )


def _malformed(what: str, hint: str = "") -> UrlError:
    return UrlError(f"{what}.", cure=f"Its form is {FORM}.{hint}")


def _encode(text: str, safe: str = "*") -> str:
    return quote(text, safe=safe)


def _decode(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise _malformed("The database URL has a % that isn't followed by two hex digits")
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _malformed("The database URL has percent-encoded bytes that aren't UTF-8") from None
    if "\0" in decoded:
        raise _malformed("The database URL has a zero byte (%00)")
    return decoded


def _once(what: str, first: str, second: str) -> str:
    if first and second:
        raise _malformed(f"The database URL gives the {what} twice")
    return first or second


def _parse_query(text: str | None) -> dict[str, str]:
    query: dict[str, str] = {}
    for pair in text.split("&") if text else ():
        name, equals, value = pair.partition("=")
        name = _decode(name)
        if not equals:
            raise _malformed(f"The database URL's parameter {name!r} has no value")
        if name in query:
            raise _malformed(f"The database URL gives the parameter {name!r} twice")
        if name not in {"schema", POOLER} and not _is_libpq_parameter(name):
            raise _malformed(f"The database URL has a parameter that libpq doesn't know: {name!r}")
        query[name] = _decode(value)
    return query


def _is_libpq_parameter(name: str) -> bool:
    if not re.fullmatch(r"[a-z_]+", name):
        return False
    try:
        parse_dsn(f"{name}=''")
    except psycopg2.ProgrammingError:
        return False
    return True


def _parse_flag(name: str, value: str) -> bool:
    if value not in {"true", "false"}:
        raise _malformed(f"The database URL's {name} is {value!r}, neither true nor false")
    return value == "true"


def _check_schema(name: str) -> str:
    if not name:
        raise _malformed("The database URL's schema is empty")
    if len(name.encode()) > NAME_BYTES:
        raise _malformed(f"The database URL's schema is longer than {NAME_BYTES} bytes: {name!r}")
    if name == "$user" or name.startswith("pg_"):
        raise _malformed(f"The database URL's schema is a name that PostgreSQL reserves: {name!r}")
    return name


def _parse_hosts(authority: str, query_host: str, query_port: str) -> Hosts:
    if not query_host and not query_port:
        return tuple(_parse_host(part) for part in authority.split(",")) if authority else ()
    if authority:
        raise _malformed("The database URL gives the host or port twice")
    names = query_host.split(",")
    ports = query_port.split(",")
    if len(ports) == 1:
        ports *= len(names)
    if len(ports) != len(names):
        raise _malformed(f"The database URL has {len(names)} hosts and {len(ports)} ports")
    return tuple((name, _parse_port(port)) for name, port in zip(names, ports, strict=True))


def _parse_host(text: str) -> tuple[str, int | None]:
    host = HOST.fullmatch(text)
    if host is None:
        raise _malformed("The database URL has a malformed host: IPv6 addresses go in brackets")
    name = _decode(host["address"] or host["name"])
    if "," in name:
        raise _malformed("The database URL has a comma in a host, which libpq can't take")
    return name, _parse_port(host["port"] or "")


def _parse_port(text: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    # The text isn't shown: in user:password without @host, it is the password.
    raise _malformed("The database URL has a port that isn't an integer from 1 to 65535")


def _render_host(name: str, port: int | None) -> str:
    shown = f"[{_encode(name)}]" if ":" in name else _encode(name)
    return shown if port is None else f"{shown}:{port}"


def _options(settings: Mapping[str, str]) -> str:
    return " ".join(f"-c {name}={_escape_option(value)}" for name, value in settings.items())


def _escape_option(value: str) -> str:
    """Escape what separates command-line options in libpq's ``options``."""
    return re.sub(r"([\s\\])", r"\\\1", value)
