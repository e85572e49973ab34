"""Pauses between batches: so that writers get their turn, and replicas keep up."""

import time
from dataclasses import dataclass

from berceau.migration.batches import Options
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.runner.progress import Report

LOOK_SECONDS = 0.5
LONGEST_SECONDS = 60.0
"""How long a batch waits for replicas at most: one that never keeps up doesn't stop a deploy."""

# Who may not see what others do finds NULL, and waits for no one. Where nothing is left to replay,
# the time is that of the last change.
_BEHIND = """
SELECT coalesce(nullif(application_name, ''), host(client_addr), 'a replica'),
       extract(epoch FROM replay_lag)::float
FROM pg_stat_replication
WHERE replay_lag > make_interval(secs => %s) AND replay_lsn < pg_current_wal_lsn()
ORDER BY replay_lag DESC LIMIT 1
"""


@dataclass
class Throttle:
    """Paces the batches on ``connection``, whose session is in no transaction meanwhile."""

    connection: Connection
    options: Options
    what: str
    report: Report
    _said: bool = False

    def pause(self, seconds: float) -> None:
        """Sleep after a batch that took so many ``seconds``, and until replicas keep up."""
        time.sleep(seconds * self.options.pause)
        deadline = time.monotonic() + LONGEST_SECONDS
        while (behind := self._behind()) and time.monotonic() < deadline:
            if not self._said:
                name, lag = behind
                self.report(f"{self.what} waits for {name}, which is {lag:.0f} s behind")
                self._said = True
            time.sleep(LOOK_SECONDS)

    def _behind(self) -> tuple[str, float] | None:
        """Return the replica that is too far behind, and by how many seconds."""
        found = fetch(self.connection, _BEHIND, (self.options.lag,))
        return (str(found[0][0]), float(found[0][1])) if found else None
