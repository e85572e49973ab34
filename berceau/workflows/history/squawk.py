"""squawk, the linter of PostgreSQL migrations, run on hand-written SQL."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.errors import MigrationError
from berceau.migration.codes import Code
from berceau.migration.lint import Remark, findings, readable
from berceau.migration.migration import UP, Migration

CURE = "Install it where `migrate.check` is run: `pip install squawk-cli`."


def lint(migration: Migration, root: Path, version: int) -> Iterator[Diagnostic]:
    """Yield what squawk finds in the SQL of ``migration``, for a server of the major ``version``.

    ``root`` is the project's folder, whose ``.squawk.toml`` it heeds. A squawk that is missing
    or fails is a finding, too.
    """
    try:
        remarks = _run(migration, root, version)
    except MigrationError as error:
        yield Diagnostic(Code.RISKY, error.message, error.cure or "", migration=migration.name)
    else:
        yield from findings(migration, remarks)


def _run(migration: Migration, root: Path, version: int) -> tuple[Remark, ...]:
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.is_file() else shutil.which("squawk")
    if program is None:
        raise MigrationError(
            f"squawk isn't installed: the SQL of {migration.name}, written by hand, "
            "wasn't checked.",
            cure=CURE,
        )
    options = ("--reporter=json", "--assume-in-transaction", f"--pg-version={version}")
    done = subprocess.run(  # noqa: S603 - found beside this Python, or on the user's own path
        [program, *options, f"--stdin-filepath={migration.file(UP)}"],
        input=readable(migration.sql),
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return tuple(
            Remark(each["line"] + 1, each["rule_name"], each["message"], each["help"])
            for each in json.loads(done.stdout)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MigrationError(
            f"squawk failed, and {migration.name} wasn't checked: {done.stderr.strip()[:500]}",
            cure="Correct its .squawk.toml, or report its message.",
        ) from error
