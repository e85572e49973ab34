"""A statement with its hazards and its lock."""

from dataclasses import dataclass, replace
from enum import StrEnum

LARGE = 20_000
"""How many rows a table has at most of which an UPDATE is carried out at once, by default.

So many take some tenths of a second, for which whoever writes to one of them waits.
"""


class Hazard(StrEnum):
    """What a statement may cost a table that is in use."""

    BREAKS_OLD_CODE = "breaks code that still uses the old name"
    BREAKS_RUNNING_RELEASE = "breaks the running release"
    DATA_LOSS = "loses data"
    MOVES_ROWS = "copies all rows to other servers where there is Citus, and writers wait"
    LOCKS_ROWS = "locks all rows that it changes until it ends"
    NEEDS_ROWS_TO_FIT = "fails where existing rows don't fit"
    REWRITES_TABLE = "rewrites the table"


class Lock(StrEnum):
    """The strongest lock that a statement takes on an existing table (manual, 13.3.1)."""

    NONE = "none"
    ACCESS_SHARE = "ACCESS SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"


class Transaction(StrEnum):
    """The transaction that a statement runs in."""

    SHARED = "with its neighbours"
    OWN = "of its own: it takes long, and other locks must be gone by then"
    BATCHES = "several: of a large table, one for each batch of rows"
    NONE = "none: it can't run in one, or takes effect only after it"


@dataclass(frozen=True)
class Statement:
    """One SQL statement, without its semicolon; names are unqualified (search_path decides).

    ``locks`` is about how many it holds until its transaction ends; 0 where what comes before or
    after needs the same transaction.
    """

    text: str
    hazards: frozenset[Hazard] = frozenset()
    lock: Lock = Lock.NONE
    transaction: Transaction = Transaction.SHARED
    locks: int = 0

    @property
    def runs_alone(self) -> bool:
        """Whether it runs outside of any transaction of ours."""
        return self.transaction is Transaction.NONE

    def together(self) -> "Statement":
        """Return it as it runs in one transaction with its neighbours, locks and all."""
        if not self.runs_alone:
            batched = self.transaction is Transaction.BATCHES
            hazards = self.hazards | ({Hazard.LOCKS_ROWS} if batched else set())
            return replace(self, hazards=hazards, transaction=Transaction.SHARED, locks=0)
        return replace(
            self,
            locks=0,
            text=self.text.replace(" CONCURRENTLY ", " ", 1),
            lock=Lock.SHARE if self.text.startswith("CREATE") else Lock.ACCESS_EXCLUSIVE,
            transaction=Transaction.SHARED,
        )

    def __str__(self) -> str:
        return f"{self.text};"
