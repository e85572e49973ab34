"""What linters find in hand-written SQL, without what Berceau settles by other means."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from berceau.diagnostic import Diagnostic
from berceau.migration.codes import Code
from berceau.migration.hazard_comments import hazards_above
from berceau.migration.migration import UP, Migration
from berceau.migration.provenance import generated_statements
from berceau.migration.splitter import ParsedStatement, split
from berceau.schema.statement import Hazard

_RUNNER = "the runner sets lock_timeout, waits and tries again"
_TRANSACTIONS = "the runner cuts a migration into transactions, and refuses what can't be in one"
_TYPES = "types are the entities' to declare"
_DECLARED = "M001 finds it where an entity declares otherwise"

SETTLED = {
    "require-lock-timeout": _RUNNER,
    "require-timeout-settings": _RUNNER,
    "require-statement-timeout": "a statement that takes long is no mistake: what waits is",
    "prefer-robust-stmts": "the ledger knows what was done: nothing is run twice",
    "ban-concurrent-index-creation-in-transaction": _TRANSACTIONS,
    "ban-uncommitted-transaction": _TRANSACTIONS,
    "transaction-nesting": _TRANSACTIONS,
    "ban-drop-constraint": _DECLARED,
    "ban-drop-not-null": _DECLARED,
    "ban-char-field": _TYPES,
    "prefer-bigint-over-int": _TYPES,
    "prefer-bigint-over-smallint": _TYPES,
    "prefer-identity": _TYPES,
    "prefer-text-field": _TYPES,
    "prefer-timestamp-tz": _TYPES,
    "require-table-schema": "the schema is chosen by the database URL",
}
"""The rules of squawk that are left out, and what makes them needless."""

ANSWERED = {
    "ban-drop-column": Hazard.DATA_LOSS,
    "ban-drop-table": Hazard.DATA_LOSS,
    "ban-truncate-cascade": Hazard.DATA_LOSS,
    "renaming-column": Hazard.BREAKS_OLD_CODE,
    "renaming-table": Hazard.BREAKS_OLD_CODE,
    "renaming-object": Hazard.BREAKS_OLD_CODE,
    "changing-column-type": Hazard.REWRITES_TABLE,
    "adding-field-with-default": Hazard.REWRITES_TABLE,
}
"""The rules that a comment above the statement answers: who wrote it knows of the hazard."""

_IGNORED_FILE = re.compile(r"^--\s*squawk-ignore-file\b(?P<rules>.*)", re.MULTILINE)
UNREADABLE = "syntax-error"


@dataclass(frozen=True)
class Remark:
    """What a ``linter`` finds in one line, counted from 1, by the ``rule`` of that name.

    A comment above the statement that names the hazard ``answered`` says that it is meant.
    ``table`` is what it is about, where that is known.
    """

    line: int
    rule: str
    message: str
    advice: str | None = None
    answered: Hazard | None = None
    table: str = ""
    linter: str = "squawk"


def readable(sql: str) -> str:
    """Return ``sql`` with empty lines in the place of a COPY's rows, which squawk can't read."""
    for statement in split(sql):
        if statement.data is not None:
            sql = sql.replace(statement.data, "\n" * statement.data.count("\n"), 1)
            sql = re.sub(r"^\\\.\r?$", "", sql, count=1, flags=re.MULTILINE)
    return sql


def findings(
    migration: Migration, remarks: Iterable[Remark], rows: Mapping[str, int] = MappingProxyType({})
) -> Iterator[Diagnostic]:
    """Yield those of ``remarks`` on the SQL of ``migration`` that nothing settles.

    What Berceau wrote, in a file that was edited, is no finding. ``rows`` are the numbers of rows
    by table, as far as they are known.
    """
    lines = migration.sql.splitlines()
    statements = split(migration.sql)
    generated = {each.line for each in generated_statements(migration)}
    for remark in remarks:
        start = _start(remark.line, statements)
        hazard = remark.answered or ANSWERED.get(remark.rule)
        settled = (
            remark.rule in SETTLED
            or start in generated
            or hazard in hazards_above(start, lines)
            or _is_ignored(remark, migration.sql)
        )
        if not settled:
            yield _finding(migration, remark, rows.get(remark.table))


def _start(line: int, statements: Iterable[ParsedStatement]) -> int:
    """Return where the statement begins that ``line`` is part of."""
    return max((statement.line for statement in statements if statement.line <= line), default=line)


def _is_ignored(remark: Remark, sql: str) -> bool:
    """Return whether the file bears with what squawk can't read: its own comments don't."""
    return remark.rule == UNREADABLE and any(
        not match["rules"].strip() or UNREADABLE in match["rules"]
        for match in _IGNORED_FILE.finditer(sql)
    )


def _finding(migration: Migration, remark: Remark, rows: int | None) -> Diagnostic:
    unreadable = remark.rule == UNREADABLE
    advice = "" if remark.advice is None else f"{remark.advice.rstrip('.')}. "
    where = "the file" if unreadable else "this line"
    comment = "squawk-ignore-file" if unreadable else f"{remark.linter}-ignore"
    message = (
        f"squawk can't read this, and checked nothing: {remark.message}"
        if unreadable
        else remark.message
    )
    size = f" {remark.table} has about {rows:,} rows here." if rows else ""
    return Diagnostic(
        Code.RISKY,
        f"{message}{size} ({remark.rule})",
        f"{advice}If it is meant, put `-- {comment} {remark.rule}` above {where}.",
        migration=migration.name,
        file=str(migration.file(UP)),
        line=remark.line,
    )
