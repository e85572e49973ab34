import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import psutil
import psycopg2
import pytest

from berceau.errors import ServerError
from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.account import Account
from berceau.postgres.embedded.postmaster import SOCKET, is_alive
from berceau.postgres.embedded.server import EmbeddedServer

pytestmark = pytest.mark.slow


def execute(connection, statement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def answer(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


class TestStart:
    def test_makes_database_and_both_roles(self, running) -> None:
        assert running.ask("SELECT current_user") == "berceau_app"
        assert running.ask("SELECT current_database()") == "berceau"
        with connect(running.owner_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_schema(), current_setting('TimeZone')")
            assert cursor.fetchone() == ("berceau_owner", "public", "UTC")

    def test_encodes_as_utf8_and_sorts_the_same_on_every_machine(self, running) -> None:
        assert running.ask("SELECT current_setting('server_encoding')") == "UTF8"
        assert (
            running.ask("SELECT datlocale FROM pg_database WHERE datname = 'berceau'") == "C.UTF-8"
        )

    def test_no_other_account_reads_its_log_or_holds_its_lock(self, embedded) -> None:
        embedded.log.parent.mkdir(parents=True, exist_ok=True)
        embedded.log.touch(0o644)  # as earlier versions made it
        embedded.start()
        for file in (embedded.log, embedded.folder.with_name(f"{embedded.folder.name}.lock")):
            assert file.stat().st_mode & 0o777 == 0o600, file

    def test_one_of_an_earlier_version_gets_the_rights_of_today(self, embedded) -> None:
        embedded.start()
        (embedded.folder / "berceau.provisioned").write_text("")
        with connect(embedded._url("postgres", "berceau")) as connection:
            execute(connection, "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
        embedded.start()
        with (
            connect(embedded.runtime_url) as connection,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            execute(connection, "SELECT lo_create(0)")

    def test_again_keeps_the_running_server(self, embedded) -> None:
        embedded.start()
        pid = embedded.pid
        embedded.start()
        assert embedded.pid == pid

    def test_of_many_processes_at_once_gives_one_server(self, embedded) -> None:
        processes = [embedded.start_elsewhere() for _ in range(8)]
        assert len({answer(process) for process in processes}) == 1

    def test_of_many_threads_at_once_makes_one_folder(self, tmp_path) -> None:
        for attempt in range(50):
            server = EmbeddedServer(tmp_path / str(attempt) / "state" / "postgres")
            together = Barrier(8)

            def lock(server=server, together=together) -> None:
                together.wait()
                server._open_lock(Account.choose(tmp_path)).close()

            with ThreadPoolExecutor(8) as threads:
                for attempted in [threads.submit(lock) for _ in range(8)]:
                    attempted.result()

    def test_survives_the_process_that_started_it(self, embedded) -> None:
        pid = int(answer(embedded.start_elsewhere()))
        assert embedded.ask() == 1
        assert embedded.pid == pid

    def test_is_out_of_reach_of_ctrl_c(self, embedded) -> None:
        embedded.start()
        assert os.getsid(embedded.pid) != os.getsid(0)

    def test_listens_on_nothing_but_a_private_unix_socket(self, embedded) -> None:
        embedded.start()
        postmaster = psutil.Process(embedded.pid)
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
    def test_works_in_any_folder(self, embedded_in, folder, name) -> None:
        server = embedded_in(folder / name)
        server.start()
        assert server.ask() == 1
        assert server.status().data.samefile(server.folder)

    def test_leaves_nothing_for_its_caller_to_reap(self, embedded) -> None:
        embedded.start()
        assert embedded.pid not in [child.pid for child in psutil.Process().children()]

    def test_ignores_the_callers_postgresql_variables(self, embedded, monkeypatch) -> None:
        monkeypatch.setenv("PGPORT", "7777")
        monkeypatch.setenv("PGDATA", "/nowhere")
        monkeypatch.setenv("LC_ALL", "no_SUCH")
        embedded.start()
        assert (embedded.status().socket / SOCKET).exists()


class TestStop:
    def test_ends_the_server_and_its_connections(self, embedded) -> None:
        embedded.start()
        socket, pid = embedded.status().socket, embedded.pid
        connection = connect(embedded.runtime_url)
        assert embedded.stop() is True
        assert not is_alive(pid)
        assert not socket.exists()
        with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def test_of_nothing_says_so(self, embedded) -> None:
        assert embedded.stop() is False

    def test_leaves_the_urls_unanswered_with_a_cure(self, embedded) -> None:
        with pytest.raises(ServerError, match="isn't running") as caught:
            _ = embedded.owner_url
        assert "db.start" in str(caught.value)

    def test_and_start_keep_the_url(self, embedded) -> None:
        embedded.start()
        url = embedded.runtime_url
        embedded.stop()
        embedded.start()
        assert embedded.runtime_url == url


def test_status_tells_process_version_and_age(embedded) -> None:
    assert embedded.status() is None
    before = time.time()
    embedded.start()
    status = embedded.status()
    assert psutil.Process(status.pid).name() == "postgres"
    assert status.version.startswith("18.")
    assert before - 2 < status.since.timestamp() < time.time() + 1


def test_a_folder_squatted_by_another_account_is_refused(embedded, tmp_path) -> None:
    embedded.start()
    socket = embedded.status().socket
    embedded.stop()
    socket.symlink_to(tmp_path)
    try:
        with pytest.raises(ServerError, match="isn't a private folder"):
            embedded.start()
    finally:
        socket.unlink()
