"""Renamed enums and values: columns, arrays and defaults follow, and rows show the new names."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Case:
    """Entities before and after, the values of ``--rename``, statements, and changed values."""

    before: str
    after: str
    renames: str
    statements: str
    labels: tuple[tuple[str, str], ...]


STATE = """
class State(enum.StrEnum):
    ON = "on"
    OFF = "off"

class Lamp(db.Entity):
    state = Required(State, sql_default="'on'")
    was = Optional(State)
"""
LAMPS = "INSERT INTO lamp (state, was) VALUES ('on', NULL), ('off', 'on');"
CASES = {
    "an enum type": Case(
        STATE,
        STATE.replace("State", "Mode"),
        "state=mode",
        """
        ALTER TYPE state RENAME TO mode;
        """,
        (),
    ),
    "an enum's value, a default": Case(
        STATE,
        STATE.replace('"on"', '"lit"').replace("'on'", "'lit'"),
        "state.on=lit",
        """
        ALTER TYPE state RENAME VALUE 'on' TO 'lit';
        """,
        (("on", "lit"),),
    ),
    "two values that swap, of a type that gets another name": Case(
        STATE,
        STATE.replace("State", "Mode")
        .replace('"on"', '"x"')
        .replace('"off"', '"on"')
        .replace('"x"', '"off"')
        .replace("'on'", "'off'"),
        "state=mode state.on=off mode.off=on",
        """
        ALTER TYPE state RENAME TO mode;
        ALTER TYPE mode RENAME VALUE 'on' TO 'on_renamed';
        ALTER TYPE mode RENAME VALUE 'off' TO 'on';
        ALTER TYPE mode RENAME VALUE 'on_renamed' TO 'off';
        """,
        (("on", "x"), ("off", "on"), ("x", "off")),
    ),
    "a value's old name given again": Case(
        STATE,
        STATE.replace('"on"', '"lit"')
        .replace("'on'", "'lit'")
        .replace('"off"', '"off"\n    NEW = "on"'),
        "state.on=lit",
        """
        ALTER TYPE state RENAME VALUE 'on' TO 'lit';
        ALTER TYPE state ADD VALUE 'on' AFTER 'off';
        """,
        (("on", "lit"),),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_renames(check_rename, case) -> None:
    check_rename(case.before, case.after, case.renames, case.statements, LAMPS, case.labels)
