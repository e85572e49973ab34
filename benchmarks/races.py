"""Equal writes at once: 8 and 64 requests, in Berceau and in Django on the same tables.

Each serves on waitress with 16 threads. For every key, all requests are sent together over
connections that are open already. Prints the answers, the rows and the latency, and fails where
Berceau answers 500 or writes a row twice.
"""

import argparse
import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Barrier

from project import TASKS, write
from serve import PAGES, started, stop_server

from berceau.orm import db, unit_of_work
from berceau.settings import load
from berceau.workflows.serve.start import start

ENTITIES = '''
"""What is written at once."""

from pony.orm import Required, Set

from berceau.orm import db


class RaceTag(db.Entity):
    name = Required(str, 100, unique=True)
    uses = Required(int, default=0)
    notes = Set("RaceNote")


class RaceNote(db.Entity):
    title = Required(str, 100, unique=True)
    tags = Set(RaceTag)
    lines = Set("RaceLine", cascade_delete=True)


class RaceLine(db.Entity):
    note = Required(RaceNote)
'''
VIEWS = '''
"""Writes what the address says."""

from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.view import view_config

from .entities import RaceLine, RaceNote, RaceTag


def includeme(config: Configurator) -> None:
    config.add_route("write", "/{kind}/{key}")


@view_config(route_name="write", request_method="POST", require_csrf=False)
def write(request):
    kind, key = request.matchdict["kind"], request.matchdict["key"]
    note = RaceNote.get(title=key) if kind in ("link", "refer") else None
    if kind == "create" and RaceTag.get(name=key) is None:
        RaceTag(name=key)
    elif kind == "get_or_create":
        RaceTag.get_or_create(name=key)
    elif kind == "upsert":
        RaceTag.upsert(name=key, defaults={"uses": 1})
    elif kind == "link":
        note.tags.add(RaceTag.get(name=key))
    elif kind == "refer" and note is not None:
        if request.headers["X-Number"] == "0":
            note.delete()
        else:
            RaceLine(note=note)
    return Response(key)
'''
ROWS = {
    "create": "SELECT count(*) FROM race_tag WHERE name = $key",
    "get_or_create": "SELECT count(*) FROM race_tag WHERE name = $key",
    "upsert": "SELECT count(*) FROM race_tag WHERE name = $key AND uses = 1",
    "link": "SELECT count(*) FROM race_note_race_tag JOIN race_note ON race_note = id "
    "WHERE title = $key",
    "refer": "SELECT 1 + count(*) FROM race_line LEFT JOIN race_note ON note = race_note.id "
    "WHERE race_note.id IS NULL",
}
INI = """
[app:main]
use = egg:berceau#main
berceau.root = {root}
berceau.hosts = 127.0.0.1
berceau.pool_size = 16

[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}
threads = 16
"""
PORTS = {"berceau": 6630, "django": 6631}
DJANGO_KINDS = ("create", "get_or_create", "upsert")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, ExitStack() as applications:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL runs as another account where we are root
        make_project(root)
        running = start(load(root, {"berceau.development": "true"}))
        url = running.databases.runtime_url.with_password()
        python = sys.executable
        commands = {
            "berceau": [str(Path(python).with_name("pserve")), str(root / "races.ini")],
            "django": [*(python, str(PAGES / "django_races.py"), url, str(PORTS["django"]), "16")],
        }
        applications.callback(stop_server, root)
        for name, command in commands.items():
            applications.enter_context(started(command, root, running))
            await_answer(PORTS[name])
        failed = [kind for count in (8, 64) for kind in ROWS if not measured(kind, count, rounds)]
    if failed:
        sys.exit(f"An answer 500, or rows that are wrong: {failed}")


def make_project(root: Path) -> None:
    """Write a component with the tables, and migrate them."""
    write(root / "tasks.py", TASKS)
    write(root / "components" / "__init__.py", '"""Written at once."""\n')
    write(root / "components" / "races" / "__init__.py", VIEWS)
    write(root / "components" / "races" / "entities.py", ENTITIES)
    (root / "races.ini").write_text(INI.format(root=root, port=PORTS["berceau"]))
    invoke = str(Path(sys.executable).with_name("invoke"))
    subprocess.run(
        [invoke, "migrate", "--name", "races"], cwd=root, check=True, stdout=subprocess.DEVNULL
    )
    sys.path.insert(0, str(root))


def await_answer(port: int) -> None:
    """Wait until a server answers."""
    for _ in range(200):
        with suppress(OSError):
            ask(http.client.HTTPConnection("127.0.0.1", port), "/create/first", 0)
            return
        time.sleep(0.1)
    sys.exit(f"No server answers at port {port}.")


def measured(kind: str, count: int, rounds: int) -> bool:
    """Print what ``count`` equal writes of a kind led to; return whether all was right."""
    right = True
    for name, port in PORTS.items():
        if name == "django" and kind not in DJANGO_KINDS:
            continue
        statuses: Counter[int] = Counter()
        seconds: list[float] = []
        wrong = 0
        for number in range(rounds):
            key = f"{name}-{kind}-{count}-{number}"
            prepare(kind, key)
            for status, time_taken in at_once(port, f"/{kind}/{key}", count):
                statuses[status] += 1
                seconds.append(time_taken * 1000)
            wrong += rows(kind, key) != 1
        p95 = statistics.quantiles(seconds, n=20)[-1]
        print(
            f"| {count} | {kind} | {name} | {dict(sorted(statuses.items()))} | {wrong} "
            f"| {statistics.median(seconds):.0f} | {p95:.0f} | {max(seconds):.0f} |"
        )
        right &= name != "berceau" or not (wrong or any(status >= 500 for status in statuses))
    return right


def prepare(kind: str, key: str) -> None:
    """Write the rows that requests find."""
    from components.races.entities import RaceNote, RaceTag

    if kind in ("link", "refer"):
        with unit_of_work():
            RaceNote(title=key)
            RaceTag(name=key)


def rows(kind: str, key: str) -> int:  # noqa: ARG001 - the statement names it
    """Return how many rows there are for a key."""
    with unit_of_work():
        found: int = db.select(ROWS[kind])[0]
        return found


def at_once(port: int, path: str, count: int) -> list[tuple[int, float]]:
    """Return the statuses and the seconds of equal requests that are sent together."""
    together = Barrier(count)

    def visit(number: int) -> tuple[int, float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        together.wait()
        begin = time.perf_counter()
        status = ask(connection, path, number)
        return status, time.perf_counter() - begin

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(visit, range(count)))


def ask(connection: http.client.HTTPConnection, path: str, number: int) -> int:
    """Send a request and return the status of the answer."""
    try:
        connection.request("POST", path, headers={"X-Number": str(number)})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


if __name__ == "__main__":
    main()
