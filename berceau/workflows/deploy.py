"""Deploy: apply the reviewed migrations that the database lacks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from berceau.migration.history import History, compare
from berceau.migration.script import Script
from berceau.postgres import ledger, runner
from berceau.postgres.connection import Connection, connect
from berceau.postgres.schemas import require_schema
from berceau.postgres.url import Url

Report = Callable[[str], None]


def silent(_: str) -> None:
    """Report nothing."""


@contextmanager
def deploying(owner: Url, report: Report = silent) -> Iterator[Connection]:
    """Yield an autocommit connection that alone may migrate the schema of ``owner``."""
    with connect(owner) as connection:
        connection.autocommit = True
        require_schema(connection, owner.schema)
        with ledger.deploy_lock(connection, owner.schema, report=report):
            yield connection


def history(url: Url, scripts: Sequence[Script]) -> History:
    """Hold ``scripts`` against the ledger of the schema of ``url``; the runtime role may ask."""
    with connect(url) as connection:
        return compare(scripts, ledger.read(connection))


def deploy(owner: Url, scripts: Sequence[Script], report: Report = silent) -> tuple[str, ...]:
    """Apply what is pending, one deploy at a time, and return the names of what was applied.

    Raises ``HistoryError`` where files and ledger contradict each other, ``StatementError``
    where a migration fails: the ones before it stay applied, of it nothing is kept.
    """
    with deploying(owner, report) as connection:
        return apply_pending(connection, scripts, report)


def apply_pending(
    connection: Connection, scripts: Sequence[Script], report: Report
) -> tuple[str, ...]:
    """Apply what is pending on a connection that holds the deploy lock."""
    found = compare(scripts, ledger.read(connection))
    found.require_sound()
    if found.pending:
        ledger.ensure(connection)
    for script in found.replacing:
        ledger.record(connection, script)
        report(f"recorded {script.name}: what it replaces was applied")
    for script in found.pending:
        report(f"applying {script.name}")
        runner.apply(connection, script)
    return tuple(script.name for script in found.pending)
