"""Real servers on loopback: a primary, and standbys that follow it."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.account import Account
from berceau.postgres.embedded.binaries import programs_for
from tests.folders import open_folder
from tests.ports import free_port
from tests.waiting import SECONDS, wait_until


@dataclass
class Node:
    """One server with its data in ``folder``, listening on 127.0.0.1."""

    folder: Path
    account: Account
    port: int = field(default_factory=free_port)
    programs: Path | None = None  # the packaged ones, otherwise

    @property
    def url(self) -> Url:
        return Url("postgres", "", (("127.0.0.1", self.port),), "postgres")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "start", "-w", "-D", self.folder, "-l", self.folder / "log")

    def kill(self) -> None:
        """End all of its processes at once, as a power cut would."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not (self.folder / "postmaster.pid").exists())

    def signal(self, number: signal.Signals) -> None:
        """Send all of its processes a signal, such as SIGSTOP or SIGKILL, the first one first."""
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
            processes = [first, *first.children()]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            if number == signal.SIGKILL:
                psutil.wait_procs(processes, timeout=SECONDS)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.folder)

    def promote(self) -> None:
        """Let a standby become a primary, and wait until it takes writes."""
        self._run("pg_ctl", "promote", "-w", "-D", self.folder)

    def ask(self, question: str) -> object:
        with connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else None

    def configure(self, **settings: str) -> None:
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (self.folder / "postgresql.conf").open("a") as file:
            file.writelines(lines)

    def make(self) -> None:
        options = ("--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
        self._run("initdb", "-D", self.folder, *options)
        self.configure(
            port=str(self.port),
            listen_addresses="127.0.0.1",
            unix_socket_directories="",
            fsync="off",
            shared_buffers="16MB",
        )

    def make_standby(self, primary: "Node", name: str) -> None:
        """Copy ``primary`` and follow it under ``name``."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        self._run("pg_basebackup", "-D", self.folder, "-d", source, "-c", "fast", "--no-sync", "-R")
        # Commits that wait for a standby would wait for its next look, else after five seconds.
        self.configure(
            port=str(self.port), primary_conninfo=source, wal_retrieve_retry_interval="100ms"
        )

    def wait_until_followed(self) -> None:
        wait_until(lambda: self.ask("SELECT count(*) FROM pg_stat_replication"))

    def _run(self, program: str, *arguments: object) -> None:
        programs = self.programs or programs_for(self.account)
        ended = self.account.run(
            [programs / program, *map(str, arguments)], stderr=subprocess.DEVNULL
        )
        assert ended.returncode == 0, ended.stdout


@contextmanager
def nodes(count: int, programs: Path | None = None) -> Iterator[list[Node]]:
    """Give servers that aren't made yet; those that run at the end are ended.

    They are of the ``programs`` in a folder, or else of the packaged ones.
    """
    with open_folder() as folder:
        account = _account(folder)
        yield [Node(folder / str(number), account, programs=programs) for number in range(count)]


def _account(folder: Path) -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return Account(nobody.pw_uid, nobody.pw_gid, switch=True)
