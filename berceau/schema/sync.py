"""What a trigger of Berceau does to each row while two releases write to a table, as values."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from berceau.errors import MigrationError
from berceau.schema.change import TableChange
from berceau.schema.codec import decode, encode
from berceau.schema.names import RESERVED_IN_COLUMNS, quote_literal, quote_name, unquote_name, words

VERSION = 1
"""The form of rules as text. One that reads otherwise gets the next number."""

_END_FIRST = (
    "Nothing was written. End what is kept for that release first: invoke migrate --contract"
)
_QUOTED = re.compile(r'"([^"]+)"')
_WORD = re.compile(r"[\w$]+")
_PLAIN = re.compile(r'("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)((?:::[a-z][a-z0-9_ (),]*)?)')


@dataclass(frozen=True)
class Computed:
    """A ``column``, and the ``expression`` that its value is: SQL over the other columns."""

    column: str
    expression: str

    @property
    def is_plain(self) -> bool:
        """Whether it is the value of another column, as it is or cast: of NULL that is NULL."""
        match = _PLAIN.fullmatch(self.expression)
        return match is not None and match[1] not in RESERVED_IN_COLUMNS  # as true is, and null

    def renamed(self, columns: Mapping[str, str]) -> "Computed":
        """Return it with the new names of ``columns``; raises ``MigrationError``."""
        column = columns.get(self.column, self.column)
        match = _PLAIN.fullmatch(self.expression)
        if match is not None and self.is_plain:
            name = unquote_name(match[1])
            return Computed(column, quote_name(columns.get(name, name)) + match[2])
        if words(self.expression).isdisjoint(columns):
            return Computed(column, self.expression)
        raise MigrationError(
            f"A trigger computes {self.column} for another release, from what gets another name: "
            f"{self.expression}",
            cure=_END_FIRST,
        )


@dataclass(frozen=True)
class Sync:
    """Columns of two releases for the same facts; each side is computed from the other.

    A release writes its own side, and leaves the other one out, so no column has a default in the
    database: the trigger couldn't tell it from what was given. ``defaults`` are instead for
    columns of a new row where neither side is given.
    """

    old: tuple[Computed, ...]
    new: tuple[Computed, ...]
    defaults: tuple[Computed, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of both sides, the old ones first."""
        return tuple(each.column for each in (*self.old, *self.new))

    @property
    def is_same(self) -> bool:
        """Whether both sides hold the very same values."""
        names = set(map(quote_name, self.columns))
        return names.issuperset(each.expression for each in (*self.old, *self.new))


@dataclass(frozen=True)
class Mapped:
    """A ``column`` of an enum or of subclasses: a row that would get ``before`` gets ``after``.

    Of an ``array``, each item.
    """

    column: str
    before: str
    after: str
    array: bool = False


@dataclass(frozen=True)
class SyncTrigger:
    """The rules of a table's trigger. ``fills`` are for columns that a row has no value for.

    ``maps`` are for values that one release writes, and the next one doesn't know. ``unknown`` are
    the rules, as text, of a trigger that this code can't read: a newer one made it. ``function`` is
    what the function behind it is called, where that is there already.
    """

    syncs: tuple[Sync, ...] = ()
    fills: tuple[Computed, ...] = ()
    maps: tuple[Mapped, ...] = ()
    unknown: str = ""
    function: str | None = field(default=None, compare=False)

    @property
    def acts(self) -> bool:
        """Whether it does anything."""
        return bool(self.syncs or self.fills or self.maps or self.unknown)

    @property
    def computed(self) -> Iterator[Computed]:
        """Yield what it computes, each column once."""
        for sync in self.syncs:
            yield from (*sync.old, *sync.new)
        yield from self.fills

    @property
    def filled(self) -> frozenset[str]:
        """The columns that it may give a value; of unknown rules, all that they name."""
        return frozenset(each.column for each in self.computed) | self.names

    @property
    def names(self) -> frozenset[str]:
        """Whatever may be a name in unknown rules."""
        return frozenset((*_QUOTED.findall(self.unknown), *_WORD.findall(self.unknown)))

    @property
    def synced(self) -> frozenset[str]:
        """The columns that it keeps in step with others."""
        return frozenset(name for sync in self.syncs for name in sync.columns)

    def relabelled(self, labels: Mapping[str, Mapping[str, str]]) -> "SyncTrigger":
        """Return it with the new names of ``labels``, by column and old name.

        Raises ``MigrationError`` where SQL has them.
        """
        gone = {quote_literal(old) for names in labels.values() for old in names}
        for each in self.computed:
            if found := sorted(label for label in gone if label in each.expression):
                raise MigrationError(
                    f"A trigger computes {each.column} for another release, from {found[0]}, which "
                    f"gets another name: {each.expression}",
                    cure=_END_FIRST,
                )

        def new(rule: Mapped, label: str) -> str:
            return labels.get(rule.column, {}).get(label, label)

        maps = (replace(m, before=new(m, m.before), after=new(m, m.after)) for m in self.maps)
        return replace(self, maps=tuple(maps))

    def require_known(self, columns: Iterable[str]) -> None:
        """Raise ``MigrationError`` where unknown rules name some of these ``columns``."""
        named = sorted(self.names.intersection(columns))
        if named:
            raise _unknown(self, f"names {', '.join(named)}, which would change")

    def elsewhere(self, columns: Iterable[str]) -> frozenset[str]:
        """Return the columns whose facts are in some of these ``columns``, too."""
        there = set(columns)
        found: set[str] = set()
        for sync in self.syncs:
            old, new = ({each.column for each in side} for side in (sync.old, sync.new))
            found |= old if new <= there else set()
            found |= new if old <= there else set()
        return frozenset(found)

    def renamed(self, columns: Mapping[str, str]) -> "SyncTrigger":
        """Return it with the new names of ``columns``; raises ``MigrationError``."""
        self.require_known({name for name, new in columns.items() if name != new})

        def each(values: Iterable[Computed]) -> tuple[Computed, ...]:
            return tuple(value.renamed(columns) for value in values)

        syncs = (Sync(each(s.old), each(s.new), each(s.defaults)) for s in self.syncs)
        maps = (replace(m, column=columns.get(m.column, m.column)) for m in self.maps)
        return replace(self, syncs=tuple(syncs), fills=each(self.fills), maps=tuple(maps))


@dataclass(frozen=True)
class AlterSyncTrigger(TableChange):
    """Other rules for the rows of a table that two releases write to; ``None`` is no trigger."""

    before: SyncTrigger | None
    after: SyncTrigger | None

    def require_known(self) -> None:
        """Raise ``MigrationError`` where the rules that would change can't be read."""
        for each in (self.before, self.after):
            if each is not None and each.unknown:
                raise _unknown(each, f"would change with {self.table}")

    @property
    def ends_rules(self) -> bool:
        """Whether it does nothing but to end some rules."""
        return united(self.before, self.after) == self.before

    @property
    def ended_maps(self) -> frozenset[Mapped]:
        """The values that it replaces no longer."""
        before, after = (each.maps if each else () for each in (self.before, self.after))
        return frozenset(before).difference(after)


def united(one: SyncTrigger | None, other: SyncTrigger | None) -> SyncTrigger | None:
    """Return the trigger with the rules of both, each rule once."""
    if one is None or other is None:
        return one or other
    return replace(
        one,
        syncs=tuple(dict.fromkeys((*one.syncs, *other.syncs))),
        fills=tuple(dict.fromkeys((*one.fills, *other.fills))),
        maps=tuple(dict.fromkeys((*one.maps, *other.maps))),
        unknown=one.unknown or other.unknown,
    )


def in_step(trigger: SyncTrigger | None, columns: Iterable[str]) -> SyncTrigger | None:
    """Return ``trigger`` with the rules that keep some of these ``columns`` in step, no others."""
    if trigger is not None and trigger.unknown:
        return trigger
    there = frozenset(columns)
    syncs = tuple(each for each in trigger.syncs if there >= {*each.columns}) if trigger else ()
    return replace(trigger, syncs=syncs, fills=(), maps=()) if trigger and syncs else None


def to_text(trigger: SyncTrigger) -> str:
    """Return the rules of ``trigger`` in one line, with the version of their form."""
    rules = encode(replace(trigger, unknown="", function=None))[:3]
    return f" {VERSION}: {json.dumps(rules, ensure_ascii=False)}"


def from_text(text: str, function: str) -> SyncTrigger:
    """Return the rules that ``to_text`` wrote; those in another form are an unknown trigger."""
    version, _, rules = text.partition(":")
    try:
        if int(version or "1") == VERSION:
            return decode(SyncTrigger, [*json.loads(rules), "", function])
    except (ValueError, TypeError):
        pass
    return SyncTrigger(unknown=text.strip(), function=function)


def _unknown(trigger: SyncTrigger, why: str) -> MigrationError:
    return MigrationError(
        f"The trigger behind the function {trigger.function} {why}, and this Berceau can't read "
        "its rules: a newer one made it, or somebody edited it.",
        cure="Nothing was written. Upgrade Berceau to the version that made it, and run the "
        "command again.",
    )
