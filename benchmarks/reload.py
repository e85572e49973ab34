"""How long a developer waits: from saving a file to the answered request, median of 20.

Run: python benchmarks/reload.py [--runs 20]
A project with one component of `invoke new`, served by `pserve development.ini --reload`. The peer
is the same project served by the same server, but reloaded by hupper alone, as pserve does with any
Pyramid application.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from project import TASKS, write

INI = """
[app:main]
use = egg:berceau#main
berceau.root = %(here)s
berceau.development = true
pyramid.reload_templates = true

[server:main]
use = egg:{server}#main
listen = 127.0.0.1:{port}
"""
SETTLED = 2.0
"""Seconds between an answer and the next change: hupper only then watches what was imported."""

NUMBER = {
    "template": ("templates/list.pt", 'maxlength="[^"]*"', 'maxlength="{}"'),
    "view": ("views.py", '"length": .*}', '"length": {}}}'),
    "entity": ("entities.py", "MARK = .*", "MARK = {}"),
}
"""The file that each kind of change puts a number into, which the page shows then."""


def main() -> None:
    """Measure changes of the three kinds, with Berceau's reload and with hupper's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    print("milliseconds from saving to the answered request: median (least to most)")
    with project() as root:
        for server in ("berceau", "waitress"):
            with served(root, server) as address:
                for kind in ("view", "entity", "template"):
                    times = [measure(root, address, kind, run) * 1000 for run in range(runs)]
                    print(
                        f"{server:9} {kind:9} {statistics.median(times):.0f} "
                        f"({min(times):.0f} to {max(times):.0f})"
                    )


@contextmanager
def project() -> Iterator[Path]:
    """Yield a project with one new component; its page shows a number of the entities' module."""
    with tempfile.TemporaryDirectory(prefix="berceau reload ") as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL runs as another account when we are root
        write(root / "tasks.py", TASKS)
        try:
            invoke(root, "new", "notes")
            invoke(root, "migrate", "--name", "init")
            entities = root / "components/notes/entities.py"
            entities.write_text(entities.read_text() + "MARK = 0\n")
            views = root / "components/notes/views.py"
            views.write_text(views.read_text().replace("import TITLE", "import MARK, TITLE"))
            yield root
        finally:
            invoke(root, "db.stop")


def measure(root: Path, address: str, kind: str, run: int) -> float:
    """Save a change of a ``kind``; return the seconds until a request is answered with it."""
    if run == 0:
        save(root, "template", "${length}")
        save(root, "view", "MARK")
        ask(address)
    time.sleep(SETTLED)
    number = f"{time.time_ns()}"
    start = save(root, kind, number)
    while f'maxlength="{number}"' not in ask(address):
        time.sleep(0.005)
    return time.perf_counter() - start


def save(root: Path, kind: str, number: str) -> float:
    """Put ``number`` into the file of a ``kind``; return the moment when it was written."""
    name, pattern, text = NUMBER[kind]
    path = root / "components/notes" / name
    changed = re.sub(pattern, lambda _: text.format(number), path.read_text())
    path.write_text(changed)
    return time.perf_counter()


def ask(address: str) -> str:
    """Return the page, or an empty text while the server restarts."""
    try:
        with urlopen(f"{address}/notes", timeout=30) as response:
            return str(response.read().decode())
    except (OSError, HTTPException):
        return ""


@contextmanager
def served(root: Path, server: str) -> Iterator[str]:
    """Serve the project while the body runs; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    write(root / "development.ini", INI.format(server=server, port=port))
    process = subprocess.Popen(
        [sys.executable, "-m", "pyramid.scripts.pserve", "development.ini", "--reload"],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while not ask(address):
            time.sleep(0.05)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def invoke(root: Path, *arguments: str) -> None:
    """Run a command of the project."""
    command = [sys.executable, "-m", "invoke", *arguments]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    main()
