"""What breaks while visitors read and write: what was lost, and how long until writes go on.

A primary, a standby that confirms each commit, PgBouncer and two processes of the demo run on
loopback. Each fault strikes once while eight visitors work. Afterwards every acknowledged post must
be there once, with its own text. Prints a table; exits with 1 where anything was lost or doubled.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import urlopen

from load import Promises, content_of, visitors

from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.roles import provision
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))
from tests.pooler import Pooler, pooler  # noqa: E402 - found once the project's folder is searched
from tests.ports import free_port  # noqa: E402 - the same
from tests.replication import Node, nodes  # noqa: E402 - the same

VISITORS = 8
SOME = 10  # posts
PATIENCE = 60  # seconds
HEAD = f"{'fault':34} {'saved':>6} {'failed':>6} {'lost':>5} {'doubled':>7} {'mixed':>6} recovery"
INI = """
[app:main]
use = egg:berceau#main
berceau.root = {root}
berceau.hosts = 127.0.0.1
berceau.pool_size = 4
berceau.pool_timeout = 2
berceau.statement_timeout = 3

[server:main]
use = egg:berceau#main
listen = 127.0.0.1:{port}
threads = 4
"""


@dataclass
class Site:
    """Two processes of the application on a primary and a standby."""

    root: Path
    primary: Node
    standby: Node
    pooler: Pooler | None = None
    ports: list[int] = field(default_factory=list)
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def owner(self) -> Url:
        """Return the connection of the schema's owner to the primary."""
        return replace(self.primary.url, user="owner", database="site")

    @property
    def runtime(self) -> Url:
        """Return the application's connection: to whichever server takes writes, or the pooler."""
        if self.pooler is not None:
            return self.pooler.url
        hosts = (*self.primary.url.hosts, *self.standby.url.hosts)
        return replace(self.primary.url, user="app", database="site", hosts=hosts)

    def start(self, port: int) -> None:
        """Start the process that serves at ``port``."""
        ini = self.root / f"{port}.ini"
        ini.write_text(INI.format(root=self.root, port=port))
        self.processes[port] = subprocess.Popen(
            [Path(sys.executable).with_name("pserve"), ini],
            cwd=self.root,
            env={
                **os.environ,
                "DATABASE_URL": self.runtime.with_password(),
                "BERCEAU_SECRET": "f3b1c7d0e5a94826b7c8d9e0f1a2b3c4",
            },
            stderr=(self.root / "log").open("ab"),
        )

    def await_start(self, port: int) -> None:
        """Wait until it answers."""
        for _ in range(300):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/demo"):
                return
            time.sleep(0.05)
        sys.exit((self.root / "log").read_text()[-2000:])


def kill_worker(site: Site) -> None:
    """Kill one of two processes; a supervisor starts it again."""
    port = site.ports[0]
    site.processes[port].kill()
    site.processes[port].wait()
    site.start(port)


def terminate_backends(site: Site) -> None:
    """End all of the application's connections."""
    site.primary.ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'"
    )


def restart_server(site: Site) -> None:
    """Restart the primary, as an update does."""
    site.primary.stop()
    site.primary.start()


def crash_server(site: Site) -> None:
    """Let the primary crash and come back."""
    site.primary.kill()
    site.primary.start()


def stop_server(site: Site, seconds: float = 20) -> None:
    """Stop the primary for a while."""
    site.primary.stop()
    time.sleep(seconds)
    site.primary.start()


def fill_pool(site: Site) -> None:
    """Hold a lock on the posts for longer than statements may take: all connections wait."""
    with connect(site.owner) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE demo_post")
        time.sleep(6)


def slow_queries(site: Site) -> None:
    """Hold the lock again and again for almost as long as statements may take."""
    for _ in range(3):
        with connect(site.owner) as connection, connection.cursor() as cursor:
            cursor.execute("LOCK TABLE demo_post")
            time.sleep(2)


def restart_pooler(site: Site) -> None:
    """Kill PgBouncer and start it again."""
    site.pooler.kill()
    site.pooler.start()


def fail_over(site: Site) -> None:
    """Lose the primary, and promote the standby."""
    site.primary.kill()
    site.standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
    site.standby.promote()
    site.primary = site.standby


FAULTS: dict[str, Callable[[Site], None]] = {
    "none": lambda _: None,
    "kill -9 of one of two processes": kill_worker,
    "all connections terminated": terminate_backends,
    "server restarted": restart_server,
    "server crashed": crash_server,
    "server stopped for 20 s": stop_server,
    "all connections held for 6 s": fill_pool,
    "slow queries for 6 s": slow_queries,
    "PgBouncer restarted": restart_pooler,
    "failover to the standby": fail_over,
}


def main() -> None:
    """Let each fault strike, and print what it cost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", help="a part of the name of the faults to try")
    options.add_argument("--seconds", type=float, default=4, help="before and after each fault")
    arguments = options.parse_args()
    lost = 0
    print(
        f"{'fault':34} {'saved':>6} {'failed':>6} {'lost':>5} {'doubled':>7} {'mixed':>6} recovery"
    )
    for name, strike in FAULTS.items():
        if arguments.only is None or arguments.only in name:
            lost += attempt(name, strike, arguments.seconds)
    sys.exit(1 if lost else 0)


def attempt(name: str, strike: Callable[[Site], None], seconds: float) -> int:
    """Let ``strike`` happen to a new site, print its line, and return what was lost or doubled."""
    with site(pooled=strike is restart_pooler) as running:
        with visitors(running.ports, VISITORS) as promises:
            work_on(promises, seconds)
            strike(running)
            over = time.monotonic()
            work_on(promises, seconds)
        recovery = promises.first_after(over)
        lost, doubled, mixed = compare(running, promises)
    print(
        f"{name:34} {len(promises.saved):6} {promises.failures:6} {lost:5} {doubled:7} {mixed:6} "
        + ("never" if recovery is None else f"{recovery:.2f} s"),
        flush=True,
    )
    return lost + doubled + mixed + (recovery is None)


def work_on(promises: Promises, seconds: float) -> None:
    """Let visitors work for ``seconds``, and until they wrote something, if they can at all."""
    began = time.monotonic()
    before = len(promises.saved)
    while time.monotonic() < began + seconds or (
        len(promises.saved) < before + SOME and time.monotonic() < began + PATIENCE
    ):
        time.sleep(0.05)


def compare(running: Site, promises: Promises) -> tuple[int, int, int]:
    """Return how many acknowledged posts aren't there, are there twice, or have a wrong text."""
    with connect(running.owner) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT title, content FROM demo_post")
        found = cursor.fetchall()
    titles = [title for title, _ in found]
    mixed = sum(text.strip() != content_of(title).strip() for title, text in found)
    strangers = set(titles) - promises.sent
    return len(promises.saved - set(titles)), len(titles) - len(set(titles)), mixed + len(strangers)


@contextmanager
def site(*, pooled: bool) -> Iterator[Site]:
    """Run servers and application while the body runs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        nodes(2) as (primary, standby),
        ExitStack() as opened,
    ):
        root = Path(folder)
        for part in ("components", "migrations"):
            shutil.copytree(ROOT / part, root / part)
        shutil.copy(ROOT / "tasks.py", root)
        running = Site(root, primary, standby)
        begin(running, migration_directory.read(root / "migrations"))
        if pooled:
            running.pooler = opened.enter_context(
                pooler(replace(running.owner, user="app"), size=4)
            )
        try:
            running.ports = [free_port(), free_port()]
            for port in running.ports:
                running.start(port)
            for port in running.ports:
                running.await_start(port)
            yield running
        finally:
            for process in running.processes.values():
                process.send_signal(signal.SIGTERM)
            for process in running.processes.values():
                process.wait()


def begin(running: Site, migrations: tuple[Migration, ...]) -> None:
    """Make primary, roles, tables, and a standby that confirms each commit."""
    primary, standby = running.primary, running.standby
    primary.make()
    primary.start()
    provision(primary.url, running.owner, replace(running.owner, user="app"))
    deploy(running.owner, migrations)
    standby.make_standby(primary, "standby")
    standby.start()
    primary.wait_until_followed()
    primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    primary.ask("SELECT pg_reload_conf()")


if __name__ == "__main__":
    main()
