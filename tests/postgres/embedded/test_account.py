import os
from pathlib import Path

import psutil
import pytest

from berceau.postgres.embedded import account, binaries

DAEMON = 1  # an account of its own, on Linux and macOS

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's server runs as another account"
)


@pytest.mark.slow
def test_it_runs_as_the_projects_owner(fresh_in, folder) -> None:
    os.chown(folder, DAEMON, DAEMON)
    server = fresh_in(folder)
    server.start()
    assert psutil.Process(server.pid).uids().real == DAEMON
    assert {path.stat().st_uid for path in server.folder.parent.iterdir()} == {DAEMON}


@pytest.mark.slow
def test_it_runs_as_nobody_in_roots_own_project(embedded_in, folder) -> None:
    server = embedded_in(folder)
    server.start()
    assert psutil.Process(server.pid).username() == "nobody"
    assert server.folder.owner() == "nobody"
    assert server.folder.parent.owner() == "root"


@pytest.mark.slow
def test_what_the_account_cannot_reach_is_put_elsewhere(
    fresh_in, folder, tmp_path, monkeypatch
) -> None:
    package = binaries.find_programs().parents[1]
    for each in (package, package.with_name(binaries.LIBRARIES)):
        (tmp_path / each.name).symlink_to(each)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(account, "SHARED", folder / "shared")
    monkeypatch.setattr(
        binaries, "find_programs", lambda: tmp_path / package.name / binaries.PROGRAMS
    )
    server = fresh_in(tmp_path / "project")
    server.start()
    assert server.ask() == 1
    assert server.folder.readlink().is_relative_to(folder / "shared")
    program = Path(psutil.Process(server.pid).exe())
    assert program.is_relative_to(folder / "shared")
    server.stop()
    server.start()  # found again, and not made again
    assert len(list((folder / "shared").glob("project-*"))) == 1
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_an_ordinary_user_is_told_whose_the_data_is(embedded_in, folder) -> None:
    server = embedded_in(folder)
    server.start()
    process = server.start_elsewhere(DAEMON, DAEMON)
    _, message = process.communicate()
    assert process.returncode != 0
    assert f"The data folder {server.folder} belongs to another account" in message


@pytest.mark.slow
def test_an_ordinary_user_needs_no_root(fresh_in, folder) -> None:
    os.chown(folder, DAEMON, DAEMON)
    server = fresh_in(folder)
    process = server.start_elsewhere(DAEMON, DAEMON)
    _, message = process.communicate()
    assert process.returncode == 0, message
    assert psutil.Process(server.pid).uids().real == DAEMON


@pytest.mark.slow
def test_roots_server_is_known_in_a_container_too(embedded, monkeypatch) -> None:
    """Docker's root may not ask where another account's process works."""
    embedded.start()
    pid = embedded.pid

    def refuse(path: Path) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "readlink", refuse)
    assert embedded.pid == pid
    assert embedded.stop()
