"""Two tenants for tests, and the proof that they never meet."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest

from berceau.errors import TenantUnknownError
from berceau.orm import db, tenant_context, unit_of_work
from berceau.schema.names import quote_literal, quote_name
from berceau.tenancy import SHARED, Tenant

Rows = dict[str, str]
"""A fingerprint of the rows of each table of a tenant, by the table's name."""

_TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = $schema::regnamespace ORDER BY relname
"""


class Tenants:
    """The tenants of a test process: a test acts for the ``first``; ``shared`` is a schema."""

    def __init__(self, shared: str, made: Sequence[Tenant]) -> None:
        self.shared = shared
        self.first, self.second = made
        self._by_name = {each.name: each for each in made}

    def find(self, name: str) -> Tenant:
        """Return the tenant called ``name``. Raises ``TenantUnknownError``."""
        if name not in self._by_name:
            raise TenantUnknownError(
                f"Tests have no tenant {name}.",
                cure=f"Their tenants are {' and '.join(self._by_name)}.",
            )
        return self._by_name[name]


class AssertApart(Protocol):
    """What the fixture ``assert_apart`` gives a test."""

    def __call__(self, work: Callable[[], Any], /) -> None:
        """Call ``work`` for one tenant and then for another; it takes no arguments.

        Fails where one's changes rows of the other, or neither changes any.
        """
        ...


def assert_apart(tenants: Tenants) -> AssertApart:
    """Return what the fixture gives a test."""

    def check(work: Callable[[], Any], /) -> None:
        changed = []
        for one, other in ((tenants.first, tenants.second), (tenants.second, tenants.first)):
            own, others = _rows(one), _rows(other)
            with tenant_context(one):
                work()
            strayed = _changed(others, _rows(other))
            if strayed:
                pytest.fail(
                    f"The work of the tenant {one} changed rows of the tenant {other}: "
                    f"{', '.join(strayed)}.",
                    pytrace=False,
                )
            changed += _changed(own, _rows(one))
        if not changed:
            pytest.fail("The work changed no rows of its tenant: it proves nothing.", pytrace=False)

    return check


def _rows(tenant: Tenant) -> Rows:
    schema = quote_name(tenant.schema)
    with unit_of_work(tenant=SHARED):
        tables = [table for (table,) in db.execute(_TABLES).fetchall()]
        parts = [_fingerprint(schema, table) for table in tables]
        # Pony takes what follows a single $ for an expression.
        sql = " UNION ALL ".join(parts).replace("$", "$$")
        return dict(db.execute(sql).fetchall()) if parts else {}


def _fingerprint(schema: str, table: str) -> str:
    return (
        f"SELECT {quote_literal(table)}, "  # noqa: S608 - the catalog's names, in quotes
        "coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') "
        f"FROM {schema}.{table} AS t"
    )


def _changed(before: Rows, after: Rows) -> list[str]:
    return [table for table in after if after[table] != before.get(table)]
