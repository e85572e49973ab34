"""Rows of any entities survive the way to any others and back, or are refused with a reason."""

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings

from berceau.errors import BerceauError, MigrationError
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.rows.synthetic_rows import make_rows
from berceau.schema.choices import Choices
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.gaps import Gap
from berceau.workflows.write.planner import Planner

pytestmark = pytest.mark.slow


EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "15"))

REASON = re.compile(
    "is required, but|can't be .* in \\d+ row|must be unique, but|to no row of|can't become"
)
"""What rows may keep from being done, each in words of our own."""


def strategies() -> ModuleType:
    """Load the module whose strategies draw entities: tests are no package to import from."""
    path = Path(__file__).with_name("test_entities_property.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(gap: Gap) -> str | None:
    """Choose a label for those that go; what lacks a value is refused."""
    return gap.labels[0] if gap.labels else None


entities = strategies().entities


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.explain},
)
@given(entities(3), entities(1))
def test_rows_survive_or_are_refused(
    declare, server, generated, tmp_path_factory, first, second
) -> None:
    """The proof compares the rows; what is refused is refused for what they hold, told as such."""
    note(first + "=====\n" + second)
    try:
        before, after = declare(first), declare(second)
        statements = to_statements(order(create(before)))
        with scratch(server.migration_url) as target:
            execute_statements(target, statements)
            current = catalog.read(target)
            labels = {enum.name: enum.labels[-1] for enum in current.enums}
            make_rows(target, current, [table.name for table in current.tables], labels)
            with target.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                ((name,),) = cursor.fetchall()
            migrations = [generated(to_text(statements))]
            cache = SchemaCache(tmp_path_factory.mktemp("cache"))
            decisions = Decisions(choices=Choices(cuts=True), ask_value=answer)
            migration_url = server.migration_url.with_schema(name)
            Planner(migration_url, migrations, cache, decisions).plan(after)
    except MigrationError as error:
        if not REASON.search(error.message):
            raise
        event(REASON.search(error.message)[0])
    except BerceauError:
        assume(False)
