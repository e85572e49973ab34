"""What a process and a form may use, and which queries are noticed: numbers of the ini file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from berceau.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """What one process may ask of the database: ``pool_size`` connections, the rest in seconds.

    ``pool_timeout`` is the longest wait for a connection; one older than ``connection_lifetime``,
    or that served more than ``connection_tenants``, is replaced. The server ends a statement after
    ``statement_timeout``, and a transaction that does nothing for ``idle_transaction_timeout``; 0
    lets it go on.
    """

    pool_size: int = 10
    pool_timeout: float = 5
    connection_lifetime: float = 1800
    connection_tenants: int = 200
    statement_timeout: float = 30
    idle_transaction_timeout: float = 60


@dataclass(frozen=True)
class FormLimits:
    """What one form may hold: fields and files by number, and the bytes of all but its files.

    The server limits the whole request: ``max_request_body_size`` of ``[server:main]``.
    """

    max_form_fields: int = 1000
    max_form_files: int = 100
    max_form_size: int = 2_621_440


@dataclass(frozen=True)
class QueryLimits:
    """Which queries are worth a line in the log.

    One that takes ``slow_query`` seconds or more is; 0 is for none. In development, so is one that
    the same line sends more than ``n_plus_one`` times for a request.
    """

    slow_query: float = 1
    n_plus_one: int = 10


_Kind = TypeVar("_Kind", Limits, FormLimits, QueryLimits)

# In milliseconds, a limit fits the server's settings.
LARGEST: Mapping[type, int] = {
    Limits: 1_000_000,
    FormLimits: 1_000_000_000,
    QueryLimits: 1_000_000,
}


def read_limits(kind: type[_Kind], ini: Mapping[str, str]) -> _Kind:
    """Return the limits that the ini file sets, the defaults for the others.

    ``ini`` has them by their names in capital letters. Raises ``SettingsError``.
    """
    largest = LARGEST[kind]
    given: dict[str, Any] = {}
    for limit in fields(kind):
        text = ini.get(limit.name.upper())
        if text is None:
            continue
        try:
            number = int(text) if limit.type is int else float(text)
        except ValueError:
            number = -1
        lowest = 1 if limit.type is int else 0
        if not lowest <= number <= largest:
            raise SettingsError(
                f"berceau.{limit.name} is {text!r}.",
                cure=f"Use a number from {lowest} to {largest:,}.",
            )
        given[limit.name] = number
    return kind(**given)
