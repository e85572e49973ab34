"""The development database's queries, counted by ``pg_stat_statements``.

Only those of the application's role are: tests, copies and migrations ask thousands that no one
looks for, and each would push one of the application out of the list.
"""

from psycopg2 import sql

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.extensions import COUNTING, COUNTING_SCHEMA

SETTINGS = (
    f"shared_preload_libraries={COUNTING}",
    f"{COUNTING}.track=none",
    f"{COUNTING}.track_utility=off",
)

_COUNT = """
    CREATE SCHEMA IF NOT EXISTS {schema};
    CREATE EXTENSION IF NOT EXISTS {library} SCHEMA {schema};
    GRANT USAGE ON SCHEMA {schema} TO {owner};
    GRANT pg_read_all_stats TO {owner};
    ALTER ROLE {runtime} IN DATABASE {database} SET {track} = 'top';
"""


def count_queries(admin: Url, owner: str, runtime: str) -> None:
    """Let the server count what ``runtime`` asks the database of ``admin``, a superuser there.

    ``owner`` may read it. A server that was started without the library counts from its next
    start. Running it again changes nothing.
    """
    names = {
        **{
            "schema": (COUNTING_SCHEMA,),
            "library": (COUNTING,),
            "owner": (owner,),
            "runtime": (runtime,),
        },
        **{"database": (admin.database,), "track": (COUNTING, "track")},
    }
    text = sql.SQL(_COUNT).format(**{key: sql.Identifier(*each) for key, each in names.items()})
    with connect(admin) as connection:
        execute(connection, text)
