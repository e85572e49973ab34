"""What tests of several folders share: a private schema, and projects to run commands in."""

import atexit
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from textwrap import dedent
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import hypothesis
import pytest

from berceau.postgres.clone.databases import drop_database
from berceau.postgres.core.connection import connect
from berceau.postgres.core.locks import try_lock
from berceau.postgres.core.url import Url
from berceau.postgres.embedded import binaries, cluster
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.settings import load
from berceau.testing.options import WITHOUT_SLOW
from berceau.workflows.shared.databases import Databases, resolve_databases
from berceau.workflows.testing.isolation import PREFIX
from berceau.workflows.testing.template import databases_of
from tests.command_server import CommandServer
from tests.folders import remove_abandoned
from tests.ports import free_port, is_open
from tests.rights import grant_data_rights
from tests.waiting import SECONDS, wait_until

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("berceau", deadline=None, max_examples=100)
hypothesis.settings.register_profile("berceau-quick", deadline=None, max_examples=25)

ROOT = Path(__file__).parents[1]
HEADER = "from pony.orm import *\nfrom berceau.orm import db\n"
TASKS = "from berceau.tasks import namespace\n"
CULPRIT = "# culprit"
"""Marks the line that an error must point at."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Project:
    """A Berceau project in a folder of its own."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    def component(self, name: str, entities: str | None = None, **files: str) -> Path:
        """Write a component: its entities, below the usual imports, and other modules by name."""
        folder = self.root / "components" / name
        for module, text in {"__init__": "", **files}.items():
            self.write(f"components/{name}/{module}.py", text)
        if entities is not None:
            (folder / "entities.py").write_text(HEADER + dedent(entities))
        return folder

    def migration(self, name: str, sql: str) -> Path:
        """Write a migration by hand, and note in ``HEAD`` what is the newest by then."""
        file = self.write(f"migrations/{name}/migration.sql", sql)
        self.write("migrations/HEAD", f"{self.migrations()[-1]}\n")
        return file

    def migrations(self) -> list[str]:
        return sorted(path.name for path in self.root.glob("migrations/*/"))

    def culprit(self) -> tuple[Path, int]:
        """Return the file and the number of the line that bears the mark."""
        return next(
            (file, number)
            for file in sorted(self.root.rglob("*.py"))
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if CULPRIT in line
        )

    def files(self) -> dict[str, bytes]:
        """Return all that commands may write, by path."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for folder in (".berceau", "migrations")
            for path in (self.root / folder).rglob("*")
            if path.is_file()
        }

    def start(
        self, *command: str, output: Any = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """Run ``python -m command`` in the project; ``environment`` comes on top of its own.

        All that it prints goes to the file ``output``, if there is one.
        """
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=_clean(os.environ) | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            preexec_fn=_heed_interrupts,
        )

    def run(self, *command: str, **environment: str) -> Result:
        with self.start(*command, **environment) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Result(process.returncode, out, err)

    def invoke(self, *arguments: str, **environment: str) -> Result:
        """Run a command of the project, in a fork of a process that has imported its libraries."""
        if any(name.startswith("PYTHON") for name in self.environment | environment):
            return self.run("invoke", *arguments, **environment)  # Python reads them as it starts
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            code = command_server().run(
                ("invoke", *arguments),
                self.root,
                _clean(os.environ) | self.environment | environment,
                (out, err),
                timeout=SECONDS,
            )
            for output in (out, err):
                output.seek(0)
            return Result(code, out.read(), err.read())

    def succeed(self, *arguments: str, **environment: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        result = self.invoke(*arguments, **environment)
        assert result.code == 0, result
        return result.out

    def fail(self, *arguments: str, **environment: str) -> str:
        """Run a command that must be refused, and return its one message."""
        result = self.invoke(*arguments, **environment)
        assert result.code == 1, result
        assert result.err.startswith("error: "), result
        assert "Traceback" not in result.err
        return result.err


def share_server(project: Project) -> None:
    """Let the embedded server of ``project`` be that of the project that is tested."""
    (project.root / ".berceau").mkdir()
    (project.root / ".berceau" / "postgres").symlink_to(ROOT / ".berceau" / "postgres")


@cache
def command_server() -> CommandServer:
    """Return the process that forks for the commands of these tests."""
    server = CommandServer(_clean(os.environ))
    atexit.register(server.close)
    return server


def pytest_configure(config: pytest.Config) -> None:
    """Let Hypothesis try fewer examples where slow tests are left out, and leave no servers.

    A run that is told to end does so as at Ctrl-C, and ends what its fixtures have started.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        remove_abandoned()
    quick = config.getoption(WITHOUT_SLOW)
    hypothesis.settings.load_profile("berceau-quick" if quick else "berceau")


def examples(count: int) -> int:
    """Return how many examples a test tries: ``count``, or less where slow tests are left out."""
    return count * hypothesis.settings.default.max_examples // 100


def cases(names: str, given: Mapping[str, Any] | Sequence[Any], quick: int) -> pytest.MarkDecorator:
    """Parametrize a test by ``given``, whose keys are ids; those after ``quick`` are slow."""
    named = given.items() if isinstance(given, Mapping) else ((None, each) for each in given)
    return pytest.mark.parametrize(
        names,
        [
            pytest.param(
                *(each if "," in names else (each,)),
                id=name,
                marks=() if number < quick else pytest.mark.slow,
            )
            for number, (name, each) in enumerate(named)
        ],
    )


def _heed_interrupts() -> None:
    """Let SIGINT be what it is at a terminal: a shell's background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would tie a project to the test run that made it.

    A project's own runs of pytest are one process, as others run beside them, and leave out the
    plugins of other packages that are installed here: no project needs them, and each process would
    import them for a second.
    """
    ours = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "BERCEAU_", "PYTEST_", "PYTHONPATH")
    kept = {name: value for name, value in environment.items() if not name.startswith(ours)}
    plugins = "-p no:faker -p no:hypothesispytest -p no:schemathesis"
    return {**kept, "BERCEAU_TEST_WORKERS": "1", "PYTEST_ADDOPTS": plugins}


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """Let servers be of the programs in the folder BERCEAU_TEST_PROGRAMS, if it is given."""
    folder = os.environ.get("BERCEAU_TEST_PROGRAMS")
    with pytest.MonkeyPatch.context() as patch:
        if folder:
            version = subprocess.check_output([f"{folder}/postgres", "--version"], text=True)
            major = re.search(r" (\d+)\.", version)[1]
            patch.setattr(binaries, "find_programs", lambda: Path(folder))
            patch.setattr(cluster, "packaged_major", lambda: major)
            if int(major) < 17:  # the builtin provider of locales is younger
                options = [each for each in cluster.INITDB_OPTIONS if "builtin" not in each]
                patch.setattr(cluster, "INITDB_OPTIONS", options)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without components, and without a database."""
    project = Project(tmp_path / "a project")
    project.write("tasks.py", TASKS)
    project.write("components/__init__.py", "")
    return project


@pytest.fixture(scope="session")
def server() -> Databases:
    """The database of the project that is tested."""
    return resolve_databases(load(ROOT))


@contextmanager
def private_schema(server: Databases) -> Iterator[Databases]:
    """Make an empty schema; both roles may do there what they may in the project's own."""
    name = PREFIX + secrets.token_hex(6)
    with connect(server.migration_url, autocommit=True) as connection:
        try_lock(connection, name)
        create_schema(connection, name)
        try:
            grant_data_rights(connection, name, server.runtime_url.user)
            yield Databases(
                server.runtime_url.with_schema(name),
                server.migration_url.with_schema(name),
                embedded=False,
            )
        finally:
            drop_schema(connection, name)
            for made in databases_of(connection, server.migration_url.with_schema(name)):
                drop_database(connection, made)


@pytest.fixture
def database(server: Databases) -> Iterator[Databases]:
    """A private empty schema, dropped after the test."""
    with private_schema(server) as made:
        yield made


def sync_nothing(admin_url: Url) -> None:
    """Let a server of tests' own leave it to the system when its files reach the disk.

    A killed server loses nothing by that. Databases are made and dropped several times faster.
    """
    with connect(admin_url, autocommit=True) as admin, admin.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET fsync = off")
        cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture
def connected(project: Project, database: Databases) -> Project:
    """A project without components, on a private empty schema; nothing else runs on it."""
    project.environment = {
        "DATABASE_URL": database.runtime_url.with_password(),
        "MIGRATION_DATABASE_URL": database.migration_url.with_password(),
        "BERCEAU_ALLOW_DOWNTIME": "true",
    }
    return project


@pytest.fixture
def query(database: Databases) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that runs SQL as the owner in the private schema, and gives its rows."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with connect(database.migration_url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return query


INI = """
[app:main]
use = egg:berceau#main
berceau.root = %(here)s
berceau.development = {development}
berceau.hosts = 127.0.0.1
berceau.allow_ddl = true
pyramid.reload_templates = {development}

[server:main]
use = egg:berceau#main
listen = 127.0.0.1:{port}
"""


@dataclass
class Site:
    """A project that is served by a process of its own, as a developer serves it."""

    project: Project
    address: str

    def get(self, path: str, data: bytes | None = None) -> tuple[int, str]:
        """Return the status and the text that a browser gets now; ``data`` is posted."""
        request = Request(self.address + path, data, {"Accept": "text/html, */*;q=0.8"})
        try:
            with urlopen(request, timeout=SECONDS) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def await_text(self, path: str, text: str) -> str:
        """Return the page at ``path`` once it holds ``text``."""

        def page() -> str:
            found = self.get(path)[1]
            return found if text in found else ""

        return wait_until(page, self.project.root / "serve.log")


@contextmanager
def served(project: Project, *options: str, development: bool = True) -> Iterator[Site]:
    """Serve ``project`` by ``pserve`` while the body runs."""
    port = free_port()
    ini = INI.format(port=port, development=str(development).lower())
    project.write("development.ini", ini)
    log = project.root / "serve.log"
    command = [sys.executable, "-m", "pyramid.scripts.pserve", "development.ini", *options]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=project.root,
            env=_clean(os.environ) | project.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until(lambda: is_open(port), log, process)
            yield Site(project, f"http://127.0.0.1:{port}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=SECONDS)


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[Site]]:
    """Return the function that serves a project while a ``with`` block runs."""
    return served
