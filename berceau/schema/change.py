"""What every change has: the table, or the table or enum, that it is about."""

from dataclasses import dataclass


class BaseChange:
    """A change by the names that hold afterwards; unless told otherwise it is about no table."""

    @property
    def table_name(self) -> str | None:
        """The table that it changes, ``None`` where it changes an enum, several tables or none."""
        return None

    @property
    def subject(self) -> str:
        """The table or enum that it is about, "" where it is about several or none."""
        return self.table_name or ""


@dataclass(frozen=True)
class TableChange(BaseChange):
    """A change of ``table``, or of what belongs to it."""

    table: str

    @property
    def table_name(self) -> str:
        """The table that it changes."""
        return self.table
