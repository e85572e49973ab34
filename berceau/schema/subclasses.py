"""The subclass that rows name, where that has another name now or is gone."""

import shlex
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from berceau.errors import MigrationError, RenameError
from berceau.schema.choices import Choices
from berceau.schema.keeping import Keeping
from berceau.schema.meaning import Place, Role
from berceau.schema.model import Schema
from berceau.schema.moved import Moved
from berceau.schema.names import literal_text, quote_literal, quote_name
from berceau.schema.renames import Kind, path_of
from berceau.schema.suggest import Question

Values = dict[str, str]
"""Entities by the value that their rows hold."""


@dataclass(frozen=True)
class Recoded:
    """The values in the discriminator at ``place``, a table and its column, that become others.

    The rows of those that are ``gone`` are of no entity; ``left`` are those that are declared, and
    ``root`` is today's of the root. All names are new ones.
    """

    place: Place
    values: Mapping[str, str]
    gone: tuple[str, ...]
    root: str
    left: tuple[str, ...]


class Subclasses:
    """The subclasses of today, and what becomes of their rows by what ``moved`` holds so far."""

    def __init__(self, moved: Moved, mapped: Container[tuple[str, str]]) -> None:
        self.moved = moved
        self.mapped = mapped
        self.chosen = {
            (each.parent, each.before): each.after
            for each in moved.chosen
            if each.kind is Kind.SUBCLASS
        }

    def questions(self) -> Iterator[Question]:
        """Yield a question for each value that stands for nothing by now, or for something else."""
        for each in self._columns():
            for value, entity in each.before.items():
                wanted, held = each.wanted(value), each.held(value)
                is_settled = each.rooted(value) is not None or self._is_settled(each, value)
                if is_settled or wanted == held or (wanted is None and held in each.after):
                    continue
                known = {*each.before.values()}
                free = [
                    new
                    for new, other in each.after.items()
                    if new not in each.before and new != each.new_root and other not in known
                ]
                likely = sorted(free, key=lambda other: _unlike(value, other))
                found = likely if wanted is None else [wanted]
                if found:
                    note = f"rows of {path_of(each.place[:1])} with {path_of(each.place[1:])} = "
                    note += f"{quote_literal(value)} are {entity}"
                    note += f", which is {wanted} now" if wanted else ", which is gone"
                    yield Question(
                        Kind.SUBCLASS,
                        path_of(each.place),
                        value,
                        tuple(found),
                        note,
                        (*each.place, value),
                        certain=wanted is not None,
                    )

    def recoded(self) -> Iterator[Recoded]:
        """Yield what the rows of each discriminator get."""
        for each in self._columns():
            renamed, gone = {}, []
            for value in each.before:
                new = self.chosen.get((path_of(each.place), value), each.rooted(value))
                held = each.held(value)
                if new is not None and new != held:
                    self._require(new, each)
                    renamed[held] = new
                elif new is None and held not in each.after:
                    gone.append(held)
            if renamed or gone or each.root != each.new_root:
                left = tuple(each.after)
                yield Recoded(each.new_place, renamed, tuple(gone), each.root or "", left)

    def _columns(self) -> Iterator["_Column"]:
        before, after = _by_column(self.moved.current), _by_column(self.moved.desired)
        default, new_default = _defaults(self.moved.current), _defaults(self.moved.desired)
        labels = self._labels()
        for place, values in before.items():
            new_place = self.moved.new_place(place)
            yield _Column(
                place,
                new_place,
                values,
                after.get(new_place, {}),
                _root(default.get(place), values),
                _root(new_default.get(new_place), after.get(new_place, {})),
                labels.get(place, {}),
            )

    def _labels(self) -> dict[Place, Values]:
        """Return the new labels of enums, by the old ones, by the columns that hold them."""
        found: dict[str, Values] = {}
        for each in self.moved.chosen:
            if each.kind is Kind.LABEL and each.parent is not None:
                found.setdefault(quote_name(each.parent), {})[each.before] = each.after
        return {
            (table.name, column.name): found[column.type]
            for table in self.moved.current.tables
            for column in table.columns
            if column.type in found
        }

    def _is_settled(self, column: "_Column", value: str) -> bool:
        known = (path_of(column.place), value) in self.chosen
        return known or (path_of(column.new_place), value) in self.mapped

    def _require(self, value: str, column: "_Column") -> None:
        if value not in column.after:
            raise RenameError(
                f"No entity declares the value {value} of {path_of(column.new_place)}.",
                cure=f"Choose one of: {', '.join(column.after) or 'none'}. Nothing was written.",
            )
        stays = column.rooted(value) in (None, value) and column.wanted(value) == value
        if stays and (path_of(column.place), value) not in self.chosen:
            where = path_of((*column.new_place, "OLD"))
            raise RenameError(
                f"{value} of {path_of(column.place)} has rows of its own, which stay.",
                cure=f"To give it others as well: --map-value {where}={path_of((value,))}. "
                "Nothing was written.",
            )


def handed_over(
    keeping: Keeping, recoded: Iterable[Recoded], choices: Choices
) -> dict[tuple[str, str], dict[str, str]]:
    """Return the values of subclasses that go, by column, each with the one that its rows get.

    The running release goes on to write them.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    places = {each.place[:2] for each in recoded} if keeping.active else ()
    for table, column, old in choices.merged:
        if (table, column) in places and keeping.knows(table):
            new = choices.values[table, column][old]
            found.setdefault((table, column), {})[old] = new
    return found


def require_found_again(keeping: Keeping, choices: Choices) -> None:
    """Refuse to take rows of a subclass away from the release that runs.

    It finds them by the value in their discriminator, which ``choices`` may change or delete. To
    give them to another subclass is what was asked for. Raises ``MigrationError``.
    """
    used = _subclasses(keeping.release) if keeping.active and keeping.release else {}
    end = "Or stop all processes for this migration, and add --allow-downtime."
    for place, pairs in choices.values.items():
        for old, new in pairs.items():
            entity = used.get(place, {}).get(old)
            if entity is not None and (*place, old) not in choices.merged:
                raise MigrationError(
                    f"The running release finds the rows of {entity} by {old!r} in "
                    f"{path_of(place)}, where this one would write {new!r}.",
                    cure=f"Nothing was written. Keep the value, and rename only the class in "
                    f"Python: _discriminator_ = {old!r}. {end}",
                )
    for table, column, old in choices.deleted:
        entity = used.get((table, column), {}).get(old)
        if entity is not None:
            option = f"--map-value {shlex.quote(path_of((table, column, old)) + '=VALUE')}"
            raise MigrationError(
                f"The running release reads and writes the rows of {entity}, which would be "
                f"deleted: those of {table} with {old!r} in {column}.",
                cure=f"Nothing was written. Give them to another entity: {option}. {end}",
            )


def strangers(release: Schema, other: Schema) -> Mapping[Place, tuple[Values, Values]]:
    """Return the subclasses that only the ``other`` release has, and those that it lacks.

    They are by the column with their values. Where nothing tells what names of the ``other`` stand
    for, nothing is known.
    """
    mine, theirs = _subclasses(release), _subclasses(other)
    found = {}
    for place in mine if other.meanings else ():
        ours, others = mine[place], theirs.get(place, {})
        new = {value: name for value, name in others.items() if value not in ours}
        gone = {value: name for value, name in ours.items() if value not in others}
        found[place] = new, gone
    return found


def _subclasses(schema: Schema) -> Mapping[Place, Values]:
    """Return the subclasses by their values, by column; a root's rows are found by any value."""
    defaults = _defaults(schema)
    return {
        place: {
            value: name for value, name in values.items() if value != _root(defaults[place], values)
        }
        for place, values in _by_column(schema).items()
        if place in defaults
    }


@dataclass(frozen=True)
class _Column:
    """A discriminator before and after, with the values that it gives to entities."""

    place: Place
    new_place: Place
    before: Values
    after: Values
    root: str | None
    new_root: str | None
    labels: Values

    def held(self, value: str) -> str:
        """Return what rows of ``value`` hold once the labels of its enum have their new names."""
        return self.labels.get(value, value)

    def wanted(self, value: str) -> str | None:
        """Return the value that the entity of ``value`` has by now."""
        entity = self.before.get(value)
        return next((new for new, other in self.after.items() if other == entity), None)

    def rooted(self, value: str) -> str | None:
        """Return the new value of the root's rows: it's the root that is called otherwise.

        Not where another entity, which is there already, became the root.
        """
        if value != self.root or not self.after:
            return self.root if value == self.root else None
        wanted = self.wanted(value)
        if wanted is None and self.new_root not in self.before:
            wanted = self.new_root
        return wanted


def _by_column(schema: Schema) -> dict[Place, Values]:
    found: dict[Place, Values] = {}
    for each in schema.meanings:
        if each.role == Role.SUBCLASS:
            found.setdefault(each.place[:2], {})[each.place[2]] = each.of
    return found


def _defaults(schema: Schema) -> dict[Place, str]:
    return {
        (table.name, column.name): column.default
        for table in schema.tables
        for column in table.columns
        if column.default is not None
    }


def _root(default: str | None, values: Values) -> str | None:
    """Return which of ``values`` is that of the root's rows: the default, as SQL."""
    said = None if default is None else literal_text(default)
    return said if said in values else None


def _unlike(one: str, other: str) -> tuple[float, str]:
    return -SequenceMatcher(None, one, other, autojunk=False).ratio(), other
