import copy
import inspect
import pickle
from pathlib import Path

import pytest

from berceau import errors
from berceau.errors import BerceauError, Location, MigrationFileError, StatementError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, BerceauError)
]
HERE = Location("demo", Path("entities.py"), 3)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_gets_a_place_or_a_cure_by_another_object(kind: type[BerceauError]) -> None:
    error = kind("It broke.", cure="Repair it.")
    placed = error.at(HERE)
    cured = placed.with_cure("Remove it.")
    assert type(placed) is type(cured) is kind
    assert (str(error), error.where) == ("It broke.\n  Repair it.", None)
    assert str(placed) == "It broke.\n  in component demo, entities.py:3\n  Repair it."
    assert str(cured) == "It broke.\n  in component demo, entities.py:3\n  Remove it."


def test_a_copy_of_an_error_has_no_traceback_of_the_first() -> None:
    with pytest.raises(MigrationFileError) as caught:
        raise MigrationFileError("It broke.")
    assert caught.value.__traceback__ is not None
    assert caught.value.at(HERE).__traceback__ is None


def test_a_failed_statement_is_known_by_its_fields() -> None:
    error = StatementError(
        "m failed at statement 2: no such table",
        migration="m",
        number=2,
        reason="no such table",
        sqlstate="42P01",
    )
    for same in (error, error.at(HERE), copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (same.migration, same.number) == ("m", 2)
        assert (same.reason, same.sqlstate) == ("no such table", "42P01")


def test_a_statement_of_no_migration_has_its_message_for_a_reason() -> None:
    assert StatementError("no such table").reason == "no such table"


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        head, found, _ = line.strip().partition("Error")
        if not found or "`" in line:
            continue
        name = head.lstrip("│├└─ ") + found
        depth = (len(line.rstrip()) - len(line.strip().lstrip("│├└─ "))) // 4 - 1
        path[depth:] = [name]
        drawn[name] = path[depth - 1] if depth else "Exception"
    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in KINDS}
