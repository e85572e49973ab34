"""Schemas as pg_dump prints them: an independent judge of copies."""

import re
import subprocess

from berceau.postgres.embedded import binaries
from berceau.postgres.embedded.cluster import ADMIN


def run(connection, text: str) -> list[tuple]:
    """Run SQL; return the rows of the last statement."""
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


def dump(server, schema: str) -> set[str]:
    """Return the lines that pg_dump prints for ``schema``, as if it were called torture."""
    url = server._url(ADMIN, server.owner_url.database)
    ((host, port),) = url.hosts
    text = subprocess.run(
        [binaries.find_programs() / "pg_dump", "-s", "-n", schema, "-h", host, "-p", str(port),
         "-U", ADMIN, url.database],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    text = re.sub(r"^\\(un)?restrict .*$|^--.*$", "", text, flags=re.MULTILINE)
    return set(text.replace("copied", "torture").replace('"torture".', "torture.").splitlines())
