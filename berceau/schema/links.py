"""Link tables by the relations that they hold: Pony's names for them count in their order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from berceau.schema.meaning import Meaning, Role, is_made
from berceau.schema.moved import Moved
from berceau.schema.renames import Kind, Rename
from berceau.schema.suggest import Question

Side = tuple[tuple[str, str], str]
"""An attribute: its entity, as table and subclass, and its name."""

SideOf = Callable[[str, str], Side]
"""Returns the side that an attribute is, by its entity and name."""


@dataclass(frozen=True)
class Link:
    """A link table; ``columns`` has the side that each is of, with the part of a composite key.

    ``attributes`` are the sides as entities call them.
    """

    table: str
    columns: Mapping[str, tuple[Side, str]]
    attributes: Mapping[Side, str]

    @property
    def sides(self) -> frozenset[Side]:
        """The attributes on both sides: one where the relation is symmetric."""
        return frozenset(self.attributes)

    @property
    def ends(self) -> list[str]:
        """The tables that it links."""
        tables = sorted(table for (table, _), _ in self.sides)
        return tables * 2 if len(tables) == 1 else tables

    def __str__(self) -> str:
        return " and ".join(sorted(each for each in self.attributes.values() if not is_made(each)))


class Links:
    """The link tables of today, and where each goes; ``moved`` holds what was chosen so far."""

    def __init__(self, moved: Moved) -> None:
        self.moved = moved

    @cached_property
    def before(self) -> tuple[Link, ...]:
        """The link tables of today whose relations are known, under their old names.

        Their sides are what the renames that are chosen make of them.
        """
        new_names = {
            (each.parent, each.before): each.after
            for each in self.moved.chosen
            if each.kind is Kind.RELATION
        }

        def side(entity: str, name: str) -> Side:
            return self.moved.holder(entity), new_names.get((entity, name), name)

        return tuple(_links(self.moved.current.meanings, side))

    @cached_property
    def after(self) -> tuple[Link, ...]:
        """The link tables that are declared."""
        holders = self.moved.new_holders
        meanings = self.moved.desired.meanings
        return tuple(_links(meanings, lambda entity, name: (holders[entity], name)))

    @cached_property
    def pairs(self) -> tuple[tuple[Link, Link], ...]:
        """The link tables that are the same for sure: one side is enough, where no other has it."""
        exact = {link.sides: link for link in self.after}
        found = [(old, exact[old.sides]) for old in self.before if old.sides in exact]
        done, new_done = _tables(old for old, _ in found), _tables(new for _, new in found)
        old_left = [link for link in self.before if link.table not in done]
        new_left = [link for link in self.after if link.table not in new_done]
        half = [
            (old, new)
            for old in old_left
            for new in new_left
            if old.sides & new.sides and old.ends == new.ends
        ]
        olds, news = [old for old, _ in half], [new for _, new in half]
        found += [(o, n) for o, n in half if olds.count(o) == news.count(n) == 1]
        return tuple(found)

    def relations(self) -> Iterator[Question]:
        """Yield a question for each relation that isn't declared, and may be called otherwise."""
        known, taken = _tables(old for old, _ in self.pairs), _tables(new for _, new in self.pairs)
        free = [link for link in self.after if link.table not in taken]
        for link in self.before:
            if link.table in known:
                continue
            side = min(link.sides, key=lambda each: _written_first(link.attributes[each]))
            found = [
                name
                for other in free
                if other.ends == link.ends
                for (end, name) in sorted(other.sides)
                if end == side[0] and not is_made(name)
            ]
            if found:
                entity, _, before = link.attributes[side].rpartition(".")
                note = f"the table {link.table} holds {link}, which no entity declares now"
                yield Question(
                    Kind.RELATION, entity, before, tuple(dict.fromkeys(found)), note, (link.table,)
                )

    def tables(self) -> Iterator[Question]:
        """Yield a question for each link table that has another name by now."""
        for old, new in self.pairs:
            place = (old.table,)
            if self.moved.is_chosen(place) or old.table == new.table:
                continue
            note = f"the table {old.table} holds {old}, whose table is {new.table} now"
            yield Question(Kind.TABLE, None, old.table, (new.table,), note, place, certain=True)

    def columns(self) -> Iterator[Question]:
        """Yield a question for each column that changes its name with that of the other side."""
        for old, new in self.pairs:
            if len(old.sides) == 1:
                continue  # both directions are the same
            wanted = dict(zip(new.columns.values(), new.columns, strict=True))
            for column, (side, part) in old.columns.items():
                target = wanted.get((_counterpart(side, old, new), part))
                here = self.moved.new_place((old.table, column))[-1]
                if target not in (None, here) and here in new.columns:
                    note = f"{old.table}.{column} holds {old.attributes[side]}"
                    note += f", which {new.table}.{target} does now"
                    yield Question(
                        Kind.COLUMN,
                        old.table,
                        column,
                        (str(target),),
                        note,
                        (old.table, column),
                        certain=True,
                    )

    def implied(self, questions: Iterator[Question]) -> tuple[list[Question], list[Rename]]:
        """Part ``questions`` into those to ask and those that a renamed relation has answered."""
        renamed = {each.parent for each in self.moved.chosen if each.kind is Kind.RELATION}
        answered = {
            link.table
            for link in self.before
            if any(name.rpartition(".")[0] in renamed for name in link.attributes.values())
            and any(side[1] != name.rpartition(".")[2] for side, name in link.attributes.items())
        }
        left, found = [], []
        for each in questions:
            if each.place[0] in answered:
                found.append(Rename(each.kind, each.parent, each.before, each.candidates[0]))
            else:
                left.append(each)
        return left, found

    def lost(self) -> set[tuple[str, ...]]:
        """Return the tables whose names another relation gets, while theirs goes."""
        kept, declared = _tables(old for old, _ in self.pairs), _tables(self.after)
        return {
            (link.table,)
            for link in self.before
            if link.table not in kept and self.moved.new_place((link.table,))[0] in declared
        }


def _links(meanings: tuple[Meaning, ...], side: SideOf) -> Iterator[Link]:
    tables: dict[str, Link] = {}
    for each in meanings:
        if each.role == Role.LINK:
            of, _, part = each.of.partition("-")
            entity, _, name = of.rpartition(".")
            link = tables.setdefault(each.place[0], Link(each.place[0], {}, {}))
            found = side(entity, name)
            link = Link(
                link.table,
                {**link.columns, each.place[1]: (found, part)},
                {**link.attributes, found: of},
            )
            tables[each.place[0]] = link
    yield from tables.values()


def _written_first(side: str) -> tuple[bool, str]:
    return is_made(side), side


def _tables(links: Iterable[Link]) -> set[str]:
    return {link.table for link in links}


def _counterpart(side: Side, old: Link, new: Link) -> Side:
    """Return what ``side`` of a link table is in ``new``, where one side at least is the same."""
    if side in new.sides:
        return side
    (other,) = new.sides - old.sides
    return other
