"""The pooler of docs/production, between the application and its server."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pooler import Pooler, needs_pgbouncer
from tests.ports import free_port
from tests.production.conftest import shown

pytestmark = [needs_pgbouncer, pytest.mark.usefixtures("demo")]


@pytest.mark.slow
def test_the_application_works_behind_it(serve, database, query, demo) -> None:
    demo.succeed("migrate.deploy")  # makes the table of running processes
    ((host, port),) = database.runtime_url.hosts
    listen = free_port()
    with tempfile.TemporaryDirectory(prefix="berceau-pooler-") as name:
        folder = Path(name)
        url = replace(
            database.runtime_url,
            hosts=(("127.0.0.1", listen),),
            database="shop",
            password="pooled",
            pooled=True,
        )
        replacements = {
            "host=10.0.0.21 port=5432 dbname=shop": f"host={host} port={port or 5432} "
            f"dbname={database.runtime_url.database}",
            "listen_port = 6432": f"listen_port = {listen}",
            "/etc/pgbouncer/userlist.txt": str(folder / "users"),
            "/var/log/postgresql/pgbouncer.log": str(folder / "log"),
            "/run/postgresql/pgbouncer.pid": str(folder / "pid"),
        }
        (folder / "ini").write_text(shown("pgbouncer.ini", replacements))
        (folder / "users").write_text(f'"{url.user}" "pooled"\n')
        pooler = Pooler(url, folder)
        pooler.start()
        try:
            served = serve(DATABASE_URL=url.with_password())
            assert served.request("/readyz") == (200, "ok\n")
            assert query("SELECT pid FROM berceau_process") == [(served.process.pid,)]
            _, page = served.request("/demo/posts")
            token = re.search('name="csrf_token" value="([0-9a-f]+)"', page)[1]
            body = f"csrf_token={token}&title=a&content=b&status=DRAFT&name=c&email=d@example.org"
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            form["Cookie"] = f"csrf_token={token}"
            assert served.request("/demo/posts", "POST", body, **form)[0] == 303
            assert served.terminate() == 0
        finally:
            pooler.kill()
    assert query("SELECT title FROM demo_post") == [("a",)]
    assert query("SELECT * FROM berceau_process") == []
