"""Any entities become any others in two phases, with what is kept in between, and back."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings

from berceau.errors import BerceauError, MigrationError
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema.choices import NO_CHOICES
from berceau.schema.diff import diff
from berceau.schema.keeping import Keeping, with_defaults
from berceau.schema.kept import Kind
from berceau.schema.kept_parts import as_kept, present, with_kept
from berceau.schema.model import Schema
from berceau.schema.planning import steps_between
from berceau.schema.release import fits
from berceau.schema.sql import to_statements
from berceau.schema.surprises import surprises
from berceau.schema.unhindering import unhindering
from tests.acceptance.test_entities_property import (
    EXAMPLES,
    REFUSAL,
    built,
    connection,
    entities,
    normal,
)

__all__ = ["connection"]

GOING = (Kind.TABLE, Kind.COLUMN, Kind.LABEL)

pytestmark = pytest.mark.slow


@settings(
    max_examples=EXAMPLES * 3 // 4,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(entities(3), entities(1))
def test_what_is_kept_ends(
    declare: Callable[[str], Schema], connection: Connection, first: str, second: str
) -> None:
    try:
        declared = declare(first), declare(second)
        with built(connection, declared[1]) as desired:
            pass
        with built(connection, declared[0]) as current:
            note(first + "=====\n" + second)
            two_phases(connection, current, desired, declared)
    except MigrationError as error:
        if not REFUSAL.search(error.message):
            raise AssertionError(str(error)) from error
        event(REFUSAL.search(error.message)[0])
    except BerceauError as error:
        event(error.message.splitlines()[0][:60])
        assume(False)


def two_phases(
    connection: Connection, current: Schema, desired: Schema, declared: tuple[Schema, Schema]
) -> None:
    keeping = Keeping(active=True)
    choices = NO_CHOICES.over(declared[1])
    assume("inet" not in {c.type for table in declared[1].tables for c in table.columns if c.empty})
    dropped = keeping.dropped(current, desired)
    whole = unhindering(with_kept(current, desired, dropped), desired, dropped)
    defaults = keeping.defaults(diff(current, whole), choices, ())
    kept = {*dropped, *defaults}
    migrate(connection, current, with_defaults(whole, defaults))
    expanded = catalog.read(connection)
    assert set(present(kept, expanded, desired)) == kept
    assert diff(expanded, with_kept(expanded, desired, kept)) == ()
    left = {enum.name for enum in expanded.enums}  # a column of another type may need one no more
    lost = {
        each
        for each in as_kept(current) - as_kept(expanded)
        if each.kind in GOING and (each.kind is not Kind.LABEL or each.place[0] in left)
    }
    assert lost == set()
    assert fits(declared[1], expanded) == ()
    assert {each.place for each in dropped}.isdisjoint(
        each.place for each in fits(declared[0], expanded)
    )
    new = {each.place for each in surprises(declared[1], expanded) if "DELETE" in each.statements}
    assert new == set()
    migrate(connection, expanded, desired)
    contracted = catalog.read(connection)
    assert normal(contracted) == normal(desired)
    migrate(connection, contracted, expanded)
    migrate(connection, expanded, current)
    assert normal(catalog.read(connection)) == normal(current)


def migrate(connection: Connection, current: Schema, desired: Schema) -> None:
    statements = to_statements(steps_between(current, desired))
    for statement in statements:
        note(f"{statement}")
    execute_statements(connection, statements)
