"""An UPDATE of a large table in batches: ranges of its rows, each committed with the ledger."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import psycopg2

from berceau.errors import HistoryError
from berceau.migration.batch_progress import BatchProgress
from berceau.migration.batches import BatchedUpdate
from berceau.migration.header import checksum
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import TransactionGroup
from berceau.postgres.runner.execution import Execution
from berceau.postgres.runner.failure import Failure
from berceau.postgres.runner.progress import Progress
from berceau.postgres.runner.row_ranges import (
    MISSING,
    PAGES,
    Mark,
    RowRanges,
    estimate_rows,
    is_large,
    ranges_of,
)
from berceau.postgres.runner.throttle import Throttle

TURNS = 5
"""How often the table is passed through at most, for rows that came or moved meanwhile."""

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_LOCK_TIMEOUT = """
SELECT set_config('lock_timeout', least({}, nullif(setting::int, 0))::text, true)
FROM pg_settings WHERE name = 'lock_timeout'
"""
_SMALLEST = 10
_QUIET_TRIES = 2
"""How many tries in vain are no news: in a table that is in use, some rows are always locked."""


class _RepeatsError(Exception):
    """Updated rows are found again: ranges that rows can move between can't keep them apart."""


@dataclass
class Batches:
    """The one statement of ``group``, carried out in batches where its table is large.

    ``done`` is what the ledger has of it. ``conclude`` checks, in the transaction of each batch,
    that it may take effect, and writes its progress down.
    """

    execution: Execution
    group: TransactionGroup
    update: BatchedUpdate
    done: BatchProgress | None
    conclude: Callable[[BatchProgress], str]
    _ranges: RowRanges = field(init=False)
    _progress: BatchProgress = field(init=False)
    _next: BatchProgress = field(init=False)
    _end: Mark | None = field(init=False, default=None)
    _spent: float = field(init=False, default=0.0)

    @property
    def _what(self) -> str:
        return f"{self.execution.name}, statement {self.group.first}"

    def run(self) -> bool:
        """Update in batches where that is due; return whether to run the statement itself, too.

        In a small table, that does all; in a large one, what came meanwhile. Raises ``Failure``.
        """
        try:
            return self._try()
        except psycopg2.Error as error:
            raise self.execution.failure(self.group, self.group.first, error) from error

    def _try(self) -> bool:
        ranges = ranges_of(self.execution.connection, self.update)
        if self.done is None and not self._is_large(ranges):
            return True
        if isinstance(ranges, str):
            self._require_no_repeats()
            rows = estimate_rows(self.execution.connection, self.update)
            table = self.update.target
            self.execution.report(
                f"{self._what} updates all of {table} at once (about {rows:,} rows), since {ranges}"
            )
            return True
        self._ranges = ranges
        self._progress = self._begin()
        try:
            self._run()
        except _RepeatsError:
            self.execution.report(
                f"{self._what} updates the rest at once: rows without a key can't be told from "
                "those that are done"
            )
            return True
        return not self._progress.repeats

    def _is_large(self, ranges: RowRanges | str) -> bool:
        return ranges != MISSING and is_large(self.execution.connection, self.update)

    def _begin(self) -> BatchProgress:
        """Return where to go on, or the beginning."""
        text = checksum(self.group.statements[0].text)
        if self.done and self.done.continues(self.group.first, text, self._ranges.key):
            return self.done
        self._require_no_repeats()
        rows = estimate_rows(self.execution.connection, self.update)
        size = self._ranges.first
        return BatchProgress(self.group.first, text, self._ranges.key, of=rows, size=size)

    def _require_no_repeats(self) -> None:
        """Refuse to begin again where rows that were updated would be updated twice."""
        if self.done and self.done.repeats:
            number, name = self.group.first, self.execution.name
            raise HistoryError(
                f"{self._what} was changed, and its WHERE still finds rows that were updated "
                f"before that: {self.done}.",
                where=self.group.place(number),
                cure="Restore it, and run the command again. Or, if these rows may be updated "
                f"again: `invoke migrate.resolve {name} --done {number - 1}` lets it begin with "
                "the first row.",
            )

    def _run(self) -> None:
        progress = Progress(self.execution.report, self._what)
        options = self.update.options
        throttle = Throttle(self.execution.connection, options, self._what, self.execution.report)
        while True:
            for seconds in self._turn():
                now = self._progress
                progress.tell(now.rows, now.of if now.turn == 1 else 0, str(now))
                throttle.pause(seconds)
            last = self._progress.repeats or self._progress.turn >= TURNS
            if last or not self._many_are_left():
                break
            self._progress = self._progress.next_turn()
        progress.end(f"{self._progress.changed:,} rows were updated")

    def _many_are_left(self) -> bool:
        """Return whether more rows are to be updated than the statement should do at once."""
        limit = self.update.options.above
        ((count,),) = self.execution.fetch(self.update.left(limit + 1))
        return bool(count > limit)

    def _turn(self) -> Iterator[float]:
        """Pass through the table, and yield how many seconds each batch took."""
        while not self._progress.through:
            started = time.monotonic()
            self._batch()
            seconds = time.monotonic() - started
            # What each batch costs anyway, as its commit, shall not make them ever smaller.
            factor = min(2.0, max(0.5, self.update.options.target / max(self._spent, 0.001)))
            size = max(_SMALLEST, int(self._next.size * factor))
            self._progress = replace(self._next, size=min(self._ranges.largest, size))
            yield seconds

    def _batch(self) -> None:
        """Commit one batch; one that fails is made smaller and tried again, as long as that helps.

        So an error names the one row that is at fault, and all rows before it are done.
        """
        pauses = self.execution.patience.pauses()
        tries = 0
        while True:
            try:
                self.execution.transact(
                    replace(self.group, begin=_BEGIN),
                    lambda: self.conclude(self._next),
                    lambda _, statement: self._update(statement, tries),  # noqa: B023 - run at once
                )
            except Failure as failure:
                if isinstance(failure.error, _RepeatsError):
                    raise failure.error from None
                smaller = max(1, self._progress.size // 2)
                if failure.passes and (pause := next(pauses, None)) is not None:
                    tries += 1
                    self._retry(failure, pause, tries)
                elif not (failure.blames_rows and smaller < self._progress.size):
                    where = self._ranges.describe(self._progress.after, self._end)
                    raise failure.of(where) from failure.error
                self._progress = replace(self._progress, size=smaller)
            else:
                return

    def _retry(self, failure: Failure, pause: float, tries: int) -> None:
        if tries > _QUIET_TRIES:
            self.execution.report(f"{self._what}: {failure.reason}; retrying in {pause:.1f} s")
        time.sleep(pause)

    def _update(self, _: ParsedStatement, tries: int) -> None:
        """Update the next range; ``_next`` and ``_end`` say what that was."""
        execution, now = self.execution, self._progress
        self._end = None
        # Whoever waits for a row of this batch waits as long as this batch waits for another.
        longest = execution.patience.lock_seconds
        wait = min(longest, self.update.options.target * 2**tries)
        execution.execute(_LOCK_TIMEOUT.format(max(1, int(wait * 1000))))
        self._end = self._ranges.end(execution.connection, now.after, now.size)
        range_ = self._ranges.sql(now.after, self._end)
        started = time.monotonic()
        ((changed, again),) = execution.fetch(self.update.within(range_))
        self._spent = time.monotonic() - started
        in_pages = self._ranges.key == PAGES
        if again and in_pages:
            raise _RepeatsError
        self._next = replace(
            now,
            after=self._end or now.after,
            through=self._end is None,
            rows=now.rows + (now.size if self._end and not in_pages else changed),
            changed=now.changed + changed,
            repeats=now.repeats or again > 0,
        )
