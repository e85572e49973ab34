"""Pages of rows in the console, of a table of 1,000 rows and of one of 5 million.

Run: python benchmarks/rows.py [--rows 5000000] [--repeats 30] [--browser]
With --browser, Chromium opens the pages, and the time is until each is loaded. The first page, a
page of a filter, the page after it, a page sorted by another column, and one object: the whole
request of each, through the application, in pairs of both tables.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import sync_playwright
from waitress.server import create_server
from webtest import TestApp

from benchmarks.project import TASKS, write
from berceau.console.guard import TOKEN
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.settings import load
from berceau.web.app import DEVELOPMENT, make_app
from berceau.workflows.shared.databases import embedded_server, resolve_databases

ENTITIES = '''
"""The same entity twice, for few rows and for many."""

from datetime import datetime

from pony.orm import Json, Optional, PrimaryKey, Required, Set

from berceau.orm import db


class Reader(db.Entity):
    name = Required(str, unique=True)
    small = Set("Small")
    large = Set("Large")


class Small(db.Entity):
    id = PrimaryKey(int, size=64, auto=True)
    title = Required(str)
    reader = Required(Reader, index=True)
    shelf = Required(int, index=True)
    at = Required(datetime, index=True)
    data = Optional(Json)


class Large(db.Entity):
    id = PrimaryKey(int, size=64, auto=True)
    title = Required(str)
    reader = Required(Reader, index=True)
    shelf = Required(int, index=True)
    at = Required(datetime, index=True)
    data = Optional(Json)
'''
READERS = "INSERT INTO reader (name) SELECT 'Reader ' || i FROM generate_series(1, %s) AS i"
FILL = """
INSERT INTO {table} (title, reader, shelf, at, data)
SELECT md5(i::text), 1 + i %% {readers}, i %% {shelves},
    timestamptz '2020-01-01' + i * interval '1 s', jsonb_build_object('number', i)
FROM generate_series(1, %s) AS i
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = {"HTTP_ACCEPT": "text/html", "HTTP_HOST": "localhost:6543", "REMOTE_ADDR": "127.0.0.1"}
PAGES = {
    "first page": "",
    "filter that 100 rows fit": "?where=reader&is=equals&value=7",
    "its next page": "?where=reader&is=equals&value=7&after={after}",
    "filter that 100 and one in 1,000 fit": "?where=shelf&is=equals&value=7",
    "sorted by a time": "?sort=-at",
    "its next page, sorted": "?sort=-at&after={after}",
    "one object": "/object?key=500",
}


def main() -> None:
    """Fill both tables and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL runs as another account where we are root
        write(root / "tasks.py", TASKS)
        write(root / "components" / "__init__.py", "")
        write(root / "components" / "library" / "__init__.py", '"""Readers."""\n')
        write(root / "components" / "library" / "entities.py", ENTITIES)
        sys.path.insert(0, str(root))
        os.chdir(root)
        settings = load(root, {"berceau.development": "true"})
        try:
            app = prepare(settings, options.rows)
            print(f"1,000 rows and {options.rows:,}; medians of {options.repeats} requests\n")
            print("| | 1,000 rows, ms | many rows, ms | ratio |\n|---|---|---|---|")
            with in_browser(app) if options.browser else nullcontext(Requests(app)) as visitor:
                for name, path in PAGES.items():
                    small, large = measure(visitor, path, options.repeats)
                    print(f"| {name} | {small:.1f} | {large:.1f} | {large / small:.2f} |")
        finally:
            embedded_server(settings).stop()


def prepare(settings: Any, rows: int) -> TestApp:
    """Return the application with both tables filled, for a browser that may use its console."""
    command = ["invoke", "migrate", "--name", "first", "--no-input"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    app = TestApp(make_app(settings, includes=DEVELOPMENT), extra_environ=BROWSER)
    app.get(f"/berceau?token={TOKEN}", status=303)
    url = resolve_databases(settings).migration_url
    with connect(url, autocommit=True) as connection:
        execute(connection, READERS, (rows // 100,))
        for table, count, shelves in ("small", 1_000, 10), ("large", rows, 1_000):
            query = FILL.format(table=table, readers=count // 100, shelves=shelves)
            execute(connection, query, (count,))
            execute(connection, f"VACUUM ANALYZE {table}")
    return app


class Requests:
    """Opens pages by requests to the application."""

    def __init__(self, app: TestApp) -> None:
        self._app = app

    def open(self, address: str) -> None:
        """Open the page at ``address``."""
        self._app.get(address, status=200)

    def next_after(self, address: str) -> str:
        """Return the address of the page after that at ``address``."""
        return str(self._app.get(address).html.select_one("a[rel=next]")["href"])


class Window:
    """Opens pages in a window of Chromium."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def open(self, address: str) -> None:
        """Open the page at ``address``, with all that it loads."""
        assert self._page.goto(address).ok, address

    def next_after(self, address: str) -> str:
        """Return the address of the page after that at ``address``."""
        self.open(address)
        return str(self._page.locator("a[rel=next]").first.get_attribute("href"))


@contextmanager
def in_browser(app: TestApp) -> Iterator[Window]:
    """Serve the application, and give the body a window of Chromium that it lets in."""
    found = next(filter(None, map(shutil.which, BROWSERS)))
    server = create_server(app.app, host="127.0.0.1", port=0, threads=4)
    thread = Thread(target=server.run)
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.effective_port}")
        page.goto(f"/berceau?token={TOKEN}")
        yield Window(page)
        browser.close()
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(server.close)
    thread.join()


def measure(app: Requests | Window, path: str, repeats: int) -> tuple[float, float]:
    """Return the median milliseconds of a page of the small table, and of the large one."""
    paths = {}
    for entity in "Small", "Large":
        before = path.partition("&after")[0].partition("?after")[0]
        after = ""
        if "{after}" in path:
            after = app.next_after(f"/berceau/rows/{entity}{before}").partition("after=")[2]
        paths[entity] = f"/berceau/rows/{entity}{path}".format(after=after)
    times: dict[str, list[float]] = {entity: [] for entity in paths}
    for _ in range(repeats):
        for entity, address in paths.items():
            begin = time.perf_counter()
            app.open(address)
            times[entity].append((time.perf_counter() - begin) * 1000)
    small, large = (statistics.median(times[entity]) for entity in ("Small", "Large"))
    return small, large


if __name__ == "__main__":
    main()
