"""A project that can't be written: what only reads it works, since caches only spare time."""

import os
import subprocess
import sys
from shutil import rmtree, which
from subprocess import CompletedProcess

import pytest

from tests.conftest import Project

READING = (
    ("migrate.status",),
    ("migrate.check",),
    ("migrate.diff",),
    ("build", "--check"),
    ("migrate.deploy",),
    ("migrate.down", "--allow-data-loss"),
    ("migrate.deploy",),
)
POST = "class Post(db.Entity):\n    title = Required(str)\n"


@pytest.fixture
def blog(connected) -> Project:
    """A migrated project that has lost its caches."""
    connected.component("blog", POST)
    connected.succeed("migrate", "--name", "init")
    rmtree(connected.root / ".berceau/cache")
    return connected


@pytest.mark.parametrize("command", READING[:4], ids=" ".join)
def test_a_cache_that_cannot_be_written_is_no_error(blog, command) -> None:
    (blog.root / ".berceau/cache").write_text("no folder")
    blog.succeed(*command)


@pytest.mark.slow
def test_the_application_serves_without_caches(blog, serve) -> None:
    (blog.root / ".berceau/cache").write_text("no folder")
    with serve(blog) as site:
        assert site.get("/")[0] == 200


@pytest.mark.slow
def test_commands_that_only_read_work_on_a_read_only_file_system(blog) -> None:
    mount = f"mount --bind '{blog.root}' '{blog.root}' && mount -o remount,ro,bind '{blog.root}'"
    if not which("unshare") or unshared(blog, mount).returncode:
        pytest.skip("this user may not mount file systems")
    commands = (f"{sys.executable} -m invoke {' '.join(each)}" for each in READING)
    done = unshared(blog, f"{mount} && cd '{blog.root}' && {' && '.join(commands)}")
    assert done.returncode == 0, done
    assert not (blog.root / ".berceau/cache").exists()


def unshared(project, command) -> CompletedProcess[str]:
    """Run a command of the shell that sees mounts of its own."""
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", command],
        cwd=project.root,
        env=os.environ | project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
