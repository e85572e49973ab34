"""The SQL of procrastinate's tables: all of it, or what a newer version changes."""

import re
from importlib.metadata import version as version_of
from pathlib import Path

from procrastinate.schema import SchemaManager

_FILE = re.compile(r"(\d+)\.(\d+)\.(\d+)_\d+_\w+\.sql")
_MADE = re.compile(r"^CREATE (TABLE|FUNCTION|TYPE) (\w+)( AS ENUM)?", re.MULTILINE)


def version() -> str:
    """Return the version of procrastinate that is installed."""
    return version_of("procrastinate")


def create_sql() -> str:
    """Return what makes the tables in an empty schema."""
    return SchemaManager.get_schema().strip() + "\n"


def upgrade_sql(since: str) -> str:
    """Return what changes the tables of the version ``since``; empty where nothing does."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return "\n".join(
        f"-- {file.name}\n{file.read_text().strip()}\n"
        for file in files
        if _number(file) > _numbers(since)
    )


def drop_sql() -> str:
    """Return what undoes ``create_sql``."""
    made = {kind: ", ".join(_names(kind)) for kind in ("TABLE", "FUNCTION", "TYPE")}
    # A function returns rows of a table, and a trigger of the table calls another one.
    return (
        f"DROP TABLE {made['TABLE']} CASCADE;\n"
        f"DROP FUNCTION IF EXISTS {made['FUNCTION']};\n"
        f"DROP TYPE {made['TYPE']};\n"
    )


def tables_and_enums() -> tuple[str, ...]:
    """Return the names of what no entity declares."""
    enums = (name for kind, name, is_enum in _MADE.findall(create_sql()) if is_enum)
    return tuple(sorted((*_names("TABLE"), *enums)))


def _names(kind: str) -> list[str]:
    return [name for found, name, _ in _MADE.findall(create_sql()) if found == kind]


def _number(file: Path) -> tuple[int, ...]:
    """Return the version that ``file`` came with."""
    found = _FILE.fullmatch(file.name)
    return tuple(map(int, found.groups())) if found else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:3]))
