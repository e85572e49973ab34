"""psql on a database, in the place of this process."""

import os
from pathlib import Path
from typing import NoReturn

from psycopg2.extensions import make_dsn

from berceau.postgres.core.url import Url


def open_shell(psql: Path, url: Url) -> NoReturn:
    """Become ``psql``, connected by ``url``.

    The password goes by the environment: everyone on the machine can read a command line. psql
    looks for what belongs to it beside the path that it was called by, so it gets the whole path.
    """
    keywords = url.dsn()
    environment = dict(os.environ)
    if password := keywords.pop("password", None):
        environment["PGPASSWORD"] = password
    os.execve(psql, [str(psql), make_dsn(**keywords)], environment)  # noqa: S606 - no shell between
