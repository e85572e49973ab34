"""What migrations require of rows as they are, as far as their text shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from berceau.migration.destructive import Renamed
from berceau.migration.splitter import HEAD, NAME, ParsedStatement, split
from berceau.schema.names import unquote_name

_NAMES = rf"{NAME}(?: , {NAME})*"
_TABLE = rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME})"
_ALTERS = re.compile(rf"(?P<opening>{_TABLE}) ")
_ALTER = re.compile(
    rf"{_TABLE} "
    rf"(?P<does>add|alter|drop|rename|validate)\b(?: column)?(?: if (?:not )?exists)? ?"
    rf"(?P<column>{NAME})?(?P<rest>.*)"
)
_OTHER_VALUES = re.compile(r" (?:type|set expression) ")
_FILLED = re.compile(rf"{_TABLE} alter (?:column )?(?P<column>{NAME}) set not null\b")
_KEY = re.compile(
    rf"{_TABLE} add (?:constraint {NAME} )?(?:unique|primary key) \( (?P<columns>{_NAMES}) \)"
)
_INDEX = re.compile(
    rf"create unique index (?:concurrently )?(?:(?:if not exists )?{NAME} )?on (?:only )?"
    rf"(?P<table>{NAME}) (?:using btree )?\( (?P<columns>{_NAMES}) \)(?!.* where )"
)
_REFERENCE = re.compile(
    rf"{_TABLE} add (?:constraint (?P<name>{NAME}) )?foreign key \( (?P<columns>{_NAMES}) \) "
    rf"references (?P<target>{NAME}) \( (?P<others>{_NAMES}) \)(?P<unchecked>.* not valid)?"
)
_VALIDATE = re.compile(rf"{_TABLE} validate constraint (?P<name>{NAME})")
_CHANGE = re.compile(
    r"(?:update (?:only )?"
    r"|create (?:(?:global|local|temp|temporary|unlogged|foreign) )*table (?:if not exists )?)"
    rf"(?:{NAME} \. )?(?P<table>{NAME})"
)
_DROP = re.compile(r"drop (?:foreign )?table (?:if exists )?(?P<tables>.+)")
_NAME = re.compile(NAME)
_STRUCTURE = re.compile(r"(alter|create|drop|comment|begin|commit|reindex)\b")


@dataclass(frozen=True)
class Requirement:
    """What each row of ``table`` has to have in its ``columns``, by the names of before.

    That is a "value" in the one column, a "unique" value in all together, or a "reference" to a row
    of ``target``, by the columns ``others``. The statement begins in ``line``, from 1.
    """

    kind: Literal["value", "unique", "reference"]
    table: str
    columns: tuple[str, ...]
    line: int
    target: str = ""
    others: tuple[str, ...] = ()


@dataclass
class Requirements:
    """What migrations require that run one after the other.

    Where a statement before may change the rows, nothing is known.
    """

    renamed: Renamed = field(default_factory=Renamed)
    _changed: set[str] = field(default_factory=set)
    _replaced: set[tuple[str, str]] = field(default_factory=set)
    _unchecked: dict[tuple[str, str], Requirement] = field(default_factory=dict)
    _unclear: bool = False

    def of(self, text: str) -> Iterator[Requirement]:
        """Yield what the SQL ``text`` requires."""
        for statement in split(text):
            words = " ".join(statement.head)
            changed = self._tables_changed(words)
            self._changed.update(changed)
            if not changed and not _STRUCTURE.match(words):
                self._unclear = True
            actions = _actions(statement)
            for action in actions:  # whatever their order, constraints are looked at last
                self._note_columns(action)
            if len(statement.head) < HEAD:
                found = (self._required(action, statement.line) for action in actions)
                yield from (each for each in found if each and self._is_about_rows_of_before(each))
            elif match := _ALTERS.match(words):
                self._changed.add(self._table(match["table"]))  # there may be other actions
            self.renamed.note(words)

    def _required(self, words: str, line: int) -> Requirement | None:
        if match := _KEY.match(words) or _INDEX.match(words):
            return Requirement("unique", *self._place(match["table"], match["columns"]), line)
        if match := _REFERENCE.match(words):
            place = self._place(match["table"], match["columns"])
            found = Requirement(
                "reference", *place, line, *self._place(match["target"], match["others"])
            )
            if not match["unchecked"]:
                return found
            self._unchecked[place[0], unquote_name(match["name"] or "")] = found
        elif match := _VALIDATE.match(words):
            name = unquote_name(match["name"])
            return self._unchecked.get((self._table(match["table"]), name))
        elif match := _FILLED.match(words):
            return Requirement("value", *self._place(match["table"], match["column"]), line)
        return None

    def _is_about_rows_of_before(self, found: Requirement) -> bool:
        """Return whether no statement before may have changed what ``found`` is about."""
        columns = {(found.table, each) for each in found.columns}
        columns |= {(found.target, each) for each in found.others}
        changed = self._unclear or not self._changed.isdisjoint({found.table, found.target})
        return not changed and self._replaced.isdisjoint(columns)

    def _note_columns(self, words: str) -> None:
        """Note the column that an action adds, drops or gives other values."""
        match = _ALTER.match(words)
        if match is None or match["column"] is None:
            if altered := _ALTERS.match(words):  # as ATTACH PARTITION, which brings rows
                self._changed.add(self._table(altered["table"]))
            return
        table, columns = self._place(match["table"], match["column"])
        if match["does"] in ("add", "drop"):
            self._replaced |= {(table, each) for each in columns}
        elif match["does"] == "alter" and _OTHER_VALUES.search(match["rest"]):
            self._changed.add(table)

    def _place(self, table: str, columns: str) -> tuple[str, tuple[str, ...]]:
        """Return a table and its columns by the names of before."""
        name = self._table(table)
        found = map(unquote_name, _NAME.findall(columns))
        return name, tuple(self.renamed.column(name, each) for each in found)

    def _table(self, name: str) -> str:
        return self.renamed.table(unquote_name(name))

    def _tables_changed(self, words: str) -> set[str]:
        """Return the tables whose rows a statement updates or drops, and one that it creates."""
        names: list[str] = []
        if match := _CHANGE.match(words):
            names = [match["table"]]
        elif match := _DROP.match(words):
            names = _NAME.findall(match["tables"])
        return {self._table(each) for each in names}


def _actions(statement: ParsedStatement) -> list[str]:
    """Return the words of ``statement``; of an ALTER TABLE, one such statement for each action."""
    words = " ".join(statement.head)
    match = _ALTERS.match(words)
    if match is None:
        return [words]
    actions: list[list[str]] = [[]]
    depth = 0
    for part in statement.head:
        depth += (part == "(") - (part == ")")
        if part == "," and depth == 0:
            actions.append([])
        else:
            actions[-1].append(part)
    first, *others = map(" ".join, actions)
    return [first, *(f"{match['opening']} {each}" for each in others)]
