"""The views that keep names of tables for a release of before, read from the catalog."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from berceau.schema.model import OldName
from berceau.schema.names import unquote_name

MARKED = "v.relkind = 'v' AND obj_description(v.oid, 'pg_class') = %(kept_name)s"
"""Whether ``v`` of pg_class is such a view."""

QUERY = f"""
SELECT DISTINCT d.refobjid, v.relname, pg_get_viewdef(v.oid)
FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n' AND d.refobjid <> v.oid
WHERE v.relnamespace = %(schema)s::regnamespace AND {MARKED}
ORDER BY v.relname
"""  # noqa: S608 - our own text
"""Table, name and definition of each."""

_NAME = r'"(?:[^"]|"")+"|[^\s",.]+'
_COLUMN = re.compile(rf"(?:(?:{_NAME})\.)?({_NAME})(?: AS ({_NAME}))?")


def by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[OldName, ...]]:
    """Return the old names by the oid of their table."""
    found: dict[str, tuple[OldName, ...]] = defaultdict(tuple)
    for table, name, definition in rows:
        listed = definition.partition("SELECT")[2].rpartition("FROM")[0].strip()
        columns = tuple(
            (unquote_name(each[2] or each[1]), unquote_name(each[1]))
            for each in _COLUMN.finditer(listed)
        )
        found[table] += (OldName(name, columns),)
    return found
