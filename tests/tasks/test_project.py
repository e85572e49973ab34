import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("command", [["db.status"], ["build", "--json"]], ids=" ".join)
def test_a_command_whose_output_is_cut_ends_quietly(project, command, buffered) -> None:
    project.component("blog", "class Post(db.Entity):\n    title = Required(str)\n")
    environment = {**os.environ, **project.environment}
    environment["PYTHONUNBUFFERED"] = "" if buffered else "1"
    reader, writer = os.pipe()
    os.close(reader)  # as head does when it has its lines
    try:
        done = subprocess.run(
            [sys.executable, "-m", "invoke", *command],
            cwd=project.root,
            env=environment,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
