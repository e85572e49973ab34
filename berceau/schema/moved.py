"""What names stand for, held against what they shall stand for: where each has to go."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from berceau.schema.meaning import Holders, Meaning, Place, Role, usual_place
from berceau.schema.model import Schema
from berceau.schema.names import object_name
from berceau.schema.recorded import places
from berceau.schema.renames import Kind, Rename, path_of
from berceau.schema.suggest import Question

KINDS = {Role.TABLE: Kind.TABLE, Role.COLUMN: Kind.COLUMN, Role.LABEL: Kind.LABEL}


@dataclass(frozen=True)
class Moved:
    """The way from ``current``, with what its names stand for, to what is ``desired``.

    The renames ``chosen`` so far are on it. All places are those in ``current``, unless they are
    called new.
    """

    current: Schema
    desired: Schema
    chosen: Sequence[Rename]

    @cached_property
    def names(self) -> dict[Place, str]:
        """The new names of what is renamed, by place."""
        found: dict[Place, str] = {}
        for each in self.chosen:
            if each.kind not in (Kind.RELATION, Kind.SUBCLASS):
                parent = () if each.parent is None else (each.parent,)
                found[(*parent, each.before)] = each.after
        return found

    @cached_property
    def there(self) -> set[Place]:
        """The new places of all that is desired."""
        return places(self.desired)

    def new_place(self, place: Place) -> Place:
        """Return what ``place`` is called after the renames."""
        return tuple(
            self.names.get(place[: end + 1], name) if end < 2 else name
            for end, name in enumerate(place)
        )

    def is_chosen(self, place: Place) -> bool:
        """Return whether somebody said already what becomes of ``place``."""
        return place in self.names

    def holder(self, entity: str) -> tuple[str, str]:
        """Return the new table of an ``entity`` of today, and its new name if it is a subclass."""
        table, subclass = self._holders[entity]
        return self.new_place((table,))[0], self._subclasses.get((table, subclass), subclass)

    @cached_property
    def _holders(self) -> Holders:
        return Holders(self.current.meanings)

    @cached_property
    def new_holders(self) -> Holders:
        """The new tables of entities that are declared."""
        return Holders(self.desired.meanings)

    @cached_property
    def _subclasses(self) -> dict[tuple[str, str], str]:
        """The new names of entities whose value in rows is renamed, by table and old name."""
        new = {each.place: each.of for each in self.desired.meanings if each.role == Role.SUBCLASS}
        values = {
            (each.parent, each.before): each.after
            for each in self.chosen
            if each.kind is Kind.SUBCLASS
        }
        found = {}
        for each in self.current.meanings:
            after = values.get((path_of(each.place[:2]), each.place[-1]))
            if each.role == Role.SUBCLASS and after is not None:
                name = new.get((*self.new_place(each.place[:2]), after))
                if name is not None:
                    found[each.place[0], each.of] = name
        return found

    def crossed(self, *roles: Role) -> Iterator[Question]:
        """Yield what belongs elsewhere, where something else has that name, or wants its own."""
        taken = {self.new_place(place) for place in places(self.current)}
        for each in self.current.meanings:
            if each.role not in roles or self.is_chosen(each.place):
                continue
            here, wanted = self.new_place(each.place), self._wanted(each)
            if wanted is None or wanted == here:
                continue
            if here in self.there or wanted in taken:
                note = f"{path_of(each.place)} is {each.of}, which is {path_of(wanted)} now"
                parent = each.place[0] if len(each.place) > 1 else None
                kind = KINDS[Role(each.role)]
                yield Question(
                    kind, parent, each.place[-1], (wanted[-1],), note, each.place, certain=True
                )

    def _wanted(self, meaning: Meaning) -> Place | None:
        """Return the new place of what a name stands for, beside the others in its parent."""
        parent = self.new_place(meaning.place)[:-1]
        key = self._key(meaning.role, meaning.of, new=False)
        declared = self._declared.get((meaning.role, parent), [])
        for each in declared:
            if self._key(each.role, each.of, new=True) == key:
                return each.place
        usual = usual_place(Meaning(meaning.role, (*parent, ""), meaning.of), self.there)
        return None if usual in {each.place for each in declared} else usual

    @cached_property
    def _declared(self) -> dict[tuple[str, Place], list[Meaning]]:
        found: dict[tuple[str, Place], list[Meaning]] = {}
        for each in self.desired.meanings:
            found.setdefault((each.role, each.place[:-1]), []).append(each)
        return found

    def _key(self, role: str, of: str, *, new: bool) -> tuple[object, ...]:
        entity, _, name = of.rpartition(".")
        if role == Role.COLUMN:
            found = self.new_holders[entity] if new else self.holder(entity)
            return (found, name)
        return (name,)


def with_room(moved: Moved, freed: Iterable[Place] = ()) -> tuple[Rename, ...]:
    """Return the renames that are chosen, and those of what stands in their way or is ``freed``.

    That gets a name of its own, under which it goes.
    """
    found = list(moved.chosen)
    taken = {*places(moved.current), *moved.there}
    before = set(moved.names)
    wanted = set(freed)
    for each in moved.chosen:
        if each.kind in (Kind.TABLE, Kind.COLUMN):
            wanted.add((each.after,) if each.parent is None else (each.parent, each.after))
    for place in sorted(wanted & places(moved.current) - before):
        name = object_name(place[-1], (), "retired")
        while (*place[:-1], name) in taken:
            name = object_name(name, (), "retired")
        taken.add((*place[:-1], name))
        parent = place[0] if len(place) > 1 else None
        found.append(Rename(Kind.COLUMN if parent else Kind.TABLE, parent, place[-1], name))
    return tuple(found)
