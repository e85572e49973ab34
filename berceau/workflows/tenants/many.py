"""The same work for many tenants, some at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import monotonic

from berceau.errors import BerceauError, TenantError
from berceau.postgres.core.refusals import explained
from berceau.postgres.runner.progress import Report
from berceau.tenancy import Tenant
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants.states import error_of

PAUSE = 5.0
"""Seconds between two lines of progress."""


def over_many(
    tenants: Sequence[Tenant],
    work: Callable[[Tenant], None],
    report: Report,
    *,
    jobs: int,
    keep_going: bool,
) -> dict[str, BerceauError]:
    """Call ``work`` for each of the ``tenants``, and return what failed, by their names.

    It is called in ``jobs`` threads. After a failure none is begun any more, unless it is to
    ``keep_going``; those that were begun are ended, also where the user interrupts.
    """
    progress = _Progress(len(tenants), report)
    stopped = Event()

    def each(tenant: Tenant) -> None:
        if stopped.is_set():
            return
        try:
            with explained("Correct what it names."):
                work(tenant)
        except BerceauError as error:
            progress.failed[tenant.name] = error
            if not keep_going:
                stopped.set()
        progress.count()

    with ThreadPoolExecutor(jobs) as threads:
        try:
            for _ in threads.map(each, tenants):
                pass
        except BaseException:
            stopped.set()
            raise
    return progress.failed


def failure(failed: dict[str, BerceauError]) -> TenantError:
    """Return the error that lists what ``failed``, by the names of tenants, and the way on."""
    (first, error), *others = sorted(failed.items())
    lines = [f"Tenant {name}: {each.message}" for name, each in sorted(failed.items())]
    rest = "What was applied stays, and another run does the rest."
    if not others:
        alone = error_of(first, error)
        return alone.with_cure(f"{alone.cure or ''} {rest}".strip())
    return TenantError(
        "\n  ".join((f"{counted(len(failed), 'tenant')} failed:", *lines)),
        cure=f"Correct what each says, first {first}, and run the command again. {rest}",
    )


class _Progress:
    """Counts, and tells now and then how far it is."""

    def __init__(self, total: int, report: Report) -> None:
        self.failed: dict[str, BerceauError] = {}
        self._total, self._report = total, report
        self._ended = 0
        self._told = monotonic()
        self._lock = Lock()

    def count(self) -> None:
        """Count one tenant more."""
        with self._lock:
            self._ended += 1
            if monotonic() - self._told < PAUSE or self._ended == self._total:
                return
            self._told = monotonic()
            failed = f", {len(self.failed)} failed" if self.failed else ""
            self._report(f"{self._ended:,} of {counted(self._total, 'tenant')}{failed}")
