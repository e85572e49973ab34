"""The plugin that pytest finds: outside of Berceau's projects it does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from berceau.testing.options import ALLOWED, FLAGS, ISOLATION, N_PLUS_ONE, RECORD

# What only projects need is imported in projects only: pytest loads this wherever it runs.


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of Berceau."""
    group = parser.getgroup("berceau", "Berceau")
    for name, meaning in FLAGS.items():
        group.addoption(name, action="store_true", help=meaning)
    group.addoption(
        N_PLUS_ONE,
        type=int,
        metavar="N",
        help="fail tests in which a line of a component sends the same query more than N times",
    )
    parser.addini(
        ISOLATION,
        "what each test process gets: a database or a schema; auto (default) is a "
        "database where one can be made",
    )
    parser.addini(
        ALLOWED,
        "functions and others, by name, that may refer from a test's schema to its source",
        type="args",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Let a project's tests import its components, and be called alike in several of them."""
    root = project_root(early_config.rootpath)
    if root is None:
        return
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    if not any(argument.startswith("--import-mode") for argument in args):
        args.insert(0, "--import-mode=importlib")
        early_config.known_args_namespace.importmode = "importlib"


def pytest_configure(config: pytest.Config) -> None:
    """Give a project its fixtures."""
    root = project_root(config.rootpath)
    if root is not None:
        import pony

        from berceau.testing import fixtures, slow

        # It would take the processes of xdist for somebody's console, where no unit is asked for:
        # their __main__ has no file.
        pony.MODE = "UNKNOWN"
        config.stash[fixtures.ROOT] = root
        config.pluginmanager.register(fixtures, "berceau-fixtures")
        config.addinivalue_line("markers", fixtures.COMMITS)
        config.addinivalue_line("markers", fixtures.SETTINGS)
        slow.register(config)
        for watcher in _watchers(config, root):
            config.pluginmanager.register(watcher)
            config.stash.setdefault(fixtures.WATCHERS, []).append(watcher)


def _watchers(config: pytest.Config, root: Path) -> Iterator[Any]:
    """Yield what looks at the queries of all tests, where that is wanted."""
    from berceau.testing.recording import Recording
    from berceau.testing.repeats import Repeats
    from berceau.testing.snapshot import Snapshot

    compares = Snapshot.wanted(config, root)
    if compares or config.getoption(RECORD):
        recording = Recording(config, root)
        yield recording
        if compares:
            config.pluginmanager.register(Snapshot(config, root, recording))
    if Repeats.wanted(config):
        yield Repeats(config, root)


def project_root(start: Path) -> Path | None:
    """Return the folder of the Berceau project that ``start`` is in, if it is in one."""
    for folder in (start, *start.parents):
        tasks = folder / "tasks.py"
        if (folder / "components").is_dir() and tasks.is_file():
            return folder if "berceau" in tasks.read_text(errors="replace") else None
    return None
