"""A statement that failed: where, why, and what to do about it."""

import re
import traceback

import psycopg2
from psycopg2 import errorcodes

from berceau.errors import BerceauError, Location, StatementError
from berceau.migration.splitter import NAME
from berceau.migration.transaction_groups import Mode, TransactionGroup

DUPLICATE = (
    errorcodes.DUPLICATE_TABLE,
    errorcodes.DUPLICATE_OBJECT,
    errorcodes.DUPLICATE_COLUMN,
    errorcodes.DUPLICATE_FUNCTION,
    errorcodes.DUPLICATE_SCHEMA,
)
"""PostgreSQL's errors for something that exists already; views and indexes count as tables."""

PASSING = (
    errorcodes.LOCK_NOT_AVAILABLE,
    errorcodes.DEADLOCK_DETECTED,
    errorcodes.SERIALIZATION_FAILURE,
)
"""What may go well at another try."""

DATA_ERRORS = ("22", "23", "P0")
"""Classes of SQLSTATE that blame a value or a row (PostgreSQL manual, appendix A).

The last one is the code of a trigger that doesn't accept a row.
"""

_VALIDATE = re.compile(
    rf"\s*ALTER\s+TABLE\s+(?:ONLY\s+)?({NAME})\s+VALIDATE\s+CONSTRAINT\s+({NAME})\s*", re.IGNORECASE
)


class Failure(Exception):  # noqa: N818 - it never leaves this room
    """Statement ``number`` of ``group`` failed; its transaction was rolled back."""

    def __init__(
        self,
        group: TransactionGroup,
        number: int,
        error: BaseException,
        blockers: str = "",
        advice: str | None = None,
    ) -> None:
        self.group = group
        self.number = number
        self.error = error
        self.blockers = blockers
        self.advice = advice
        self.rows = ""
        super().__init__(self.reason)

    def of(self, rows: str) -> "Failure":
        """Return it as one of a batch, with a description of its ``rows``."""
        found = Failure(self.group, self.number, self.error, self.blockers, self.advice)
        found.rows = rows
        return found

    @property
    def passes(self) -> bool:
        """Whether another try may go well."""
        return self.sqlstate in PASSING

    @property
    def blames_rows(self) -> bool:
        """Whether PostgreSQL refused a value or a row, so that with fewer rows it may accept."""
        return self.sqlstate is not None and self.sqlstate[:2] in DATA_ERRORS

    @property
    def sqlstate(self) -> str | None:
        """PostgreSQL's code for what went wrong, where PostgreSQL refused the statement."""
        return self.error.pgcode if isinstance(self.error, psycopg2.Error) else None

    @property
    def is_duplicate(self) -> bool:
        """Whether it was to make what is there already."""
        return self.sqlstate in DUPLICATE

    @property
    def ended_transaction(self) -> bool:
        """Whether it was to end a transaction that isn't its own."""
        return (
            isinstance(self.error, psycopg2.Error)
            and self.error.pgcode == errorcodes.INVALID_TRANSACTION_TERMINATION
        )

    @property
    def where(self) -> Location:
        """The file and the line at fault."""
        statement = self.group.statements[self.number - self.group.first]
        line = statement.line
        if isinstance(self.error, psycopg2.Error) and self.error.diag.statement_position:
            # With advice, it is a position in the text of something else.
            position = 1 if self.advice else int(self.error.diag.statement_position)
            line += statement.text.count("\n", 0, position - 1)
        elif self.group.mode is Mode.PYTHON:
            file = str(self.group.file)
            frames = traceback.extract_tb(self.error.__traceback__)
            line = next((f.lineno or 1 for f in reversed(frames) if f.filename == file), line)
        return Location(file=self.group.file, line=line)

    @property
    def cure(self) -> str:
        """What to do about it."""
        cure = self.error.cure if isinstance(self.error, BerceauError) else self.advice
        if cure is None and self.is_duplicate:
            return "Drop or rename the existing object."
        return cure or "Correct the cause."

    @property
    def reason(self) -> str:
        """What went wrong, and who was in the way."""
        if isinstance(self.error, KeyboardInterrupt):
            return "it was interrupted"
        if isinstance(self.error, BerceauError):
            return self.error.message
        if not isinstance(self.error, psycopg2.Error):
            return f"{type(self.error).__name__}: {self.error}"
        said = self.error.diag.message_primary or str(self.error).strip()
        detail = f" {self.error.diag.message_detail}" if self.error.diag.message_detail else ""
        blockers = f" (held by {self.blockers})" if self.blockers and self.passes else ""
        rows = f" ({self.rows})" if self.rows else ""
        return f"{said}{detail}{blockers}{rows}"

    def in_force(self, migration: str) -> str:
        """Return what a constraint bars meanwhile that this failed to validate, if it is that."""
        match = _VALIDATE.fullmatch(self.group.statements[self.number - self.group.first].text)
        if match is None or not self.blames_rows:
            return ""
        table, constraint = match.groups()
        return (
            f" Until then, {constraint} is in force for new rows: no release can write others. To "
            f"end that, run `ALTER TABLE {table} DROP CONSTRAINT {constraint}`, and `invoke "
            f"migrate.resolve {migration} --done NUMBER` with the number of statements before the "
            "one that adds it."
        )

    def to_error(self, migration: str, message: str, cure: str) -> StatementError:
        """Return what a person reads of it; it is a statement of ``migration``."""
        return StatementError(
            message,
            where=self.where,
            cure=cure,
            migration=migration,
            number=self.number,
            reason=self.reason,
            sqlstate=self.sqlstate,
        )
