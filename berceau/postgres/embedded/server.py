"""The embedded server: PostgreSQL in a folder of the project, started on demand, once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from berceau.errors import ServerError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.account import Account
from berceau.postgres.embedded.binaries import find_programs, packaged_major, programs_for
from berceau.postgres.embedded.cluster import ADMIN, await_ready, launch, make_data
from berceau.postgres.embedded.counting import count_queries
from berceau.postgres.embedded.postmaster import PORT, Postmaster
from berceau.postgres.inspect.roles import provision

DATABASE = "berceau"
OWNER = "berceau_owner"
RUNTIME = "berceau_app"

STOP_SECONDS = 60.0
# Beside the data, with the number of what was provisioned: another one is provisioned again.
PROVISIONED = "berceau.provisioned"
PROVISION = "3"


@dataclass(frozen=True)
class Status:
    """A running server: its process, version, data folder, socket's folder, and start."""

    pid: int
    version: str
    data: Path
    socket: Path
    since: datetime


class EmbeddedServer:
    """The server whose data is in ``folder``; its lock and its log lie beside it.

    Making one does nothing. Its methods may be called from many processes at once, and raise
    ``ServerError``, with the end of the log where PostgreSQL gave up.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder.with_name(f"{folder.name}.log")

    @property
    def psql(self) -> Path:
        """The packaged psql."""
        return find_programs() / "psql"

    @property
    def owner_url(self) -> Url:
        """The role that migrations use: it owns the database. The server must be running."""
        return self._url(OWNER, DATABASE)

    @property
    def runtime_url(self) -> Url:
        """The role that the application uses: data rights only. The server must be running."""
        return self._url(RUNTIME, DATABASE)

    def admin_url(self, database: str) -> Url:
        """Return where the superuser finds ``database``. The server must be running."""
        return self._url(ADMIN, database)

    def start(self) -> None:
        """Start the server unless it runs, making its data folder, database and roles first."""
        if self._is_serving():
            return
        with self._locked() as account:
            if not self._is_serving():
                self._start(account)

    def stop(self) -> bool:
        """Stop the server, ending its connections; return whether one was running."""
        if self._find() is None:
            return False
        with self._locked():
            running = self._find()
            if running is not None:
                self._halt(running)
        return running is not None

    def allow_databases(self) -> None:
        """Let the owner role create databases, for tests. The server must be running."""
        with (
            self._locked(),  # PostgreSQL refuses to alter a role twice at once
            connect(self._url(ADMIN, ADMIN)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"ALTER ROLE {OWNER} CREATEDB")

    def status(self) -> Status | None:
        """Return what runs, or ``None`` where nothing accepts connections."""
        running = self._find()
        if running is None or not running.reachable:
            return None
        with connect(self._url(ADMIN, ADMIN)) as connection:
            version = connection.info.parameter_status("server_version") or packaged_major()
        return Status(running.pid, version, self._data, running.socket, running.since)

    @property
    def _data(self) -> Path:
        return self.folder.resolve()

    def _find(self) -> Postmaster | None:
        try:
            return Postmaster.find(self._data)
        except PermissionError:
            raise ServerError(
                f"The data folder {self.folder} belongs to another account.",
                cure="Run the command as that account, or delete the folder to start with an empty "
                "database.",
            ) from None

    def _is_serving(self) -> bool:
        running = self._find()
        return running is not None and running.reachable and self._is_provisioned()

    def _is_provisioned(self) -> bool:
        with suppress(FileNotFoundError):
            return (self._data / PROVISIONED).read_text() == PROVISION
        return False

    def _url(self, role: str, database: str) -> Url:
        running = self._find()
        if running is None:
            raise ServerError("The embedded server isn't running.", cure="Run `invoke db.start`.")
        return Url(role, "", ((str(running.socket), PORT),), database)

    @contextmanager
    def _locked(self) -> Iterator[Account]:
        """Hold the lock that makes starting and stopping one process's affair at a time."""
        account = Account.choose(self.folder)
        with self._open_lock(account) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go by closing it, and by dying
            yield account

    def _open_lock(self, account: Account) -> IO[bytes]:
        state = self.folder.parent
        try:
            with suppress(FileExistsError):  # also where another process makes it just now
                state.mkdir(parents=True)
                if state.parent.stat().st_uid == account.uid:
                    account.own(state)
            return account.open_own(self.folder.with_name(f"{self.folder.name}.lock"))
        except OSError as error:
            raise ServerError(
                f"{error.filename} can't be written: {error.strerror}.",
                cure=f"The embedded server keeps its data in {state}: make it writable.",
            ) from None

    def _start(self, account: Account) -> None:
        running = self._find()
        if running is not None and self._must_end(running):
            self._halt(running)
            running = None
        if running is not None:  # another process began to start it, and died
            await_ready(self._data, running.pid, self.log, 0)
        else:
            programs = programs_for(account)
            make_data(self.folder, account, programs)
            launch(self._data, account, programs, self.log)
        if not self._is_provisioned():
            account.open_own(self.log).close()  # an earlier version let everybody read it
            provision(self._url(ADMIN, ADMIN), self.owner_url, self.runtime_url)
            count_queries(self._url(ADMIN, DATABASE), OWNER, RUNTIME)
            (self._data / PROVISIONED).write_text(PROVISION)

    def _must_end(self, running: Postmaster) -> bool:
        """Return whether it is on its way out, or a cleaner of temporary files took its socket."""
        unreachable = running.state == "ready" and not running.reachable
        return running.state == "stopping" or unreachable

    def _halt(self, running: Postmaster) -> None:
        try:
            ended = running.stop(STOP_SECONDS)
        except PermissionError:
            raise ServerError(
                f"The embedded server (process {running.pid}) belongs to another account.",
                cure="Run the command as that account.",
            ) from None
        if not ended:
            raise ServerError(
                f"The embedded server (process {running.pid}) didn't stop in {STOP_SECONDS:.0f} s.",
                cure=f"Look at the end of {self.log}.",
            )
        with suppress(OSError):
            running.socket.rmdir()
