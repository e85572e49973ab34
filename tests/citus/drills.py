"""What strikes servers of Citus while visitors write, and what it cost them."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from tests.citus.site import TENANTS, WAYS, Site, provision, tables_of
from tests.citus.visitors import PATIENCE, Told, visitors
from tests.replication import Node

DOWN = 2.0  # seconds for which a server is gone
END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name LIKE 'citus_internal%'
"""


@dataclass(frozen=True)
class Cost:
    """What visitors saw, summed up.

    ``lost`` are acknowledged writes that aren't there; ``late`` those that a lost server committed
    after its return; ``doubled`` those that are there twice; ``halves`` those of which one server
    has its part and another one hasn't; ``denied`` those that are there although the answer said
    that nothing was saved. ``unknown_kept`` of ``unknown`` are there. ``slowest`` and ``recovery``
    are seconds. ``healthy`` is the longest pause between two acknowledged writes of a tenant whose
    server nothing struck.
    """

    saved: int
    refused: int
    unknown: int
    unknown_kept: int
    lost: int
    late: int
    doubled: int
    halves: int
    denied: int
    statuses: Counter[int]
    hasty: int
    strange: tuple[str, ...]
    slowest: float
    healthy: float
    recovery: float

    @property
    def false(self) -> int:
        """How often visitors were told what isn't so, or got an answer that is no use to them."""
        told = self.lost + self.doubled + self.halves + self.denied + self.hasty
        return told + len(self.strange)


def nothing(_: Site) -> None:
    """Let visitors work."""


def kill(node: Node) -> None:
    """Kill all processes of a server, and start it again after a while."""
    node.signal(signal.SIGKILL)
    time.sleep(DOWN)
    node.start()


def kill_worker(site: Site) -> None:
    """Kill the server of a tenant."""
    kill(site.server_of(TENANTS[0]))


def kill_coordinator(site: Site) -> None:
    """Kill the coordinator."""
    kill(site.cluster.coordinator)


def freeze_worker(site: Site) -> None:
    """Let the server of a tenant neither answer nor end."""
    node = site.server_of(TENANTS[0])
    node.signal(signal.SIGSTOP)
    time.sleep(2 * DOWN)
    node.signal(signal.SIGCONT)


def end_sessions(site: Site) -> None:
    """End what the coordinator has open on the other servers, again and again."""
    for _ in range(10):
        for node in site.cluster.others:
            with connect(node.url) as connection:
                execute(connection, END_SESSIONS)
        time.sleep(0.1)


def move_tenant(site: Site) -> None:
    """Move a tenant to the other server, and back."""
    before = site.place_of(TENANTS[0])
    other = next(place for name in TENANTS if (place := site.place_of(name)) != before)
    for place in (other, before):
        site.project.succeed("tenant.move", TENANTS[0], place)


def add_server(site: Site) -> None:
    """Add a server, make its roles, and let Citus spread shards and tenants over all of them."""
    cluster = site.cluster
    if cluster.spare not in cluster.others:
        cluster.add(cluster.spare)
        cluster.others.append(cluster.spare)
    provision(site.project, cluster)
    cluster.ask("SELECT citus_rebalance_start(shard_transfer_mode => 'force_logical')")
    cluster.ask("SELECT citus_rebalance_wait()")


FAULTS: dict[str, Callable[[Site], None]] = {
    "none": nothing,
    "sessions of all servers ended": end_sessions,
    "a server killed, back after 2 s": kill_worker,
    "the coordinator killed, back after 2 s": kill_coordinator,
    "a server frozen for 4 s": freeze_worker,
    "a tenant moved there and back": move_tenant,
    "a server added, shards moved": add_server,
}


def attempt(site: Site, strike: Callable[[Site], None], seconds: float) -> Cost:
    """Let ``strike`` happen while visitors write, and return what it cost."""
    struck = site.tenants_on(site.server_of(TENANTS[0]))
    with visitors(site.ports, WAYS) as told:
        work_on(told, seconds)
        strike(site)
        over = time.monotonic()
        work_on(told, seconds)
    return judge(site, told, over, struck)


def work_on(told: Sequence[Told], seconds: float) -> None:
    """Let visitors work for ``seconds``, and until each wrote something, if they can at all."""
    began = time.monotonic()
    while time.monotonic() < began + seconds or (
        any(each.recovery(began) == float("inf") for each in told)
        and time.monotonic() < began + PATIENCE
    ):
        time.sleep(0.05)


def judge(site: Site, told: Sequence[Told], over: float, struck: set[str]) -> Cost:
    """Compare what is there with what visitors were told."""
    early = Rows(site, told)
    site.cluster.ask("SELECT recover_prepared_transactions()")
    rows = Rows(site, told)
    untouched = [each for each in told if each.tenant and each.tenant not in struck]
    return Cost(
        saved=sum(len(each.saved) for each in told),
        refused=sum(len(each.refused) for each in told),
        unknown=sum(len(each.unknown) for each in told),
        unknown_kept=sum(len(each.unknown & rows.whole) for each in told),
        lost=sum(len(each.saved - rows.whole) for each in told),
        late=sum(len(each.saved & rows.whole - early.whole) for each in told),
        doubled=rows.doubled,
        halves=rows.halves,
        denied=sum(len(each.refused & rows.whole) for each in told),
        statuses=sum((each.statuses for each in told), Counter()),
        hasty=sum(each.hasty for each in told),
        strange=tuple(line for each in told for line in each.strange),
        slowest=max(each.slowest for each in told),
        healthy=max((each.longest_pause() for each in untouched), default=0.0),
        recovery=max(each.recovery(over) for each in told),
    )


class Rows:
    """What is there: the texts in all tables in which their requests write, and what is wrong."""

    def __init__(self, site: Site, told: Sequence[Told]) -> None:
        self.whole: set[str] = set()
        self.doubled = self.halves = 0
        found = {table: Counter(site.texts(table)) for each in told for table in tables_of(each)}
        for each in told:
            for text in each.sent:
                counts = [found[table][text] for table in tables_of(each)]
                self.doubled += max(counts) > 1
                self.halves += min(counts) != max(counts)
                if min(counts):
                    self.whole.add(text)
