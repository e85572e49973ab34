"""A real PgBouncer in transaction mode before a server."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from berceau.postgres.core.url import Url
from tests.folders import open_folder
from tests.ports import free_port, is_open
from tests.waiting import wait_until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer isn't installed")

CONFIGURATION = """
[databases]
{database} = host={host} port={port} dbname={database} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
logfile = {folder}/log
pidfile = {folder}/pid
{more}
"""


@dataclass
class Pooler:
    """PgBouncer on a port of its own, to be stopped and started again."""

    url: Url
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        identity = {}
        if os.geteuid() == 0:  # PgBouncer refuses root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.process = subprocess.Popen(
            [PROGRAM, "-q", self.folder / "ini"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **identity,
        )
        ((_, port),) = self.url.hosts
        wait_until(lambda: is_open(port), self.folder / "log", self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def pooler(target: Url, *, size: int = 2, more: str = "") -> Iterator[Pooler]:
    """Run PgBouncer before the server of ``target``, with ``more`` lines of configuration."""
    ((host, port),) = target.hosts
    listen = free_port()
    with open_folder() as folder:
        text = CONFIGURATION.format(
            database=target.database,
            host=host,
            port=port or 5432,
            user=target.user,
            listen=listen,
            size=size,
            folder=folder,
            more=more,
        )
        (folder / "ini").write_text(text)
        running = Pooler(replace(target, hosts=(("127.0.0.1", listen),), pooled=True), folder)
        try:
            running.start()
            yield running
        finally:
            if running.process is not None:
                running.kill()
