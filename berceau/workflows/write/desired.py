"""What the schema has to become: what entities declare, with all that stays for a release."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from berceau.schema.changes import Change
from berceau.schema.choices import Choices, Place
from berceau.schema.diff import diff
from berceau.schema.expanding import Doubled, doubled, expand, split
from berceau.schema.keeping import Keeping, mapped, recoding
from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import called, with_kept, without_details
from berceau.schema.labels import translating
from berceau.schema.model import Schema
from berceau.schema.naming import with_names
from berceau.schema.preserve import keep
from berceau.schema.renaming import KeepName
from berceau.schema.resting import without_unfounded
from berceau.schema.staying import following
from berceau.schema.subset import outside
from berceau.schema.unhindering import unhindering
from berceau.workflows.write.renames import Settled


@dataclass(frozen=True)
class Desired:
    """The ``schema`` to reach, and the ``changes`` that lead there once renames are settled.

    ``choices`` are what rows get by then. ``labels`` are the values in rows, by column, that others
    replace at once while their labels stay. ``dropped`` is what isn't declared any more and stays,
    and ``doubled`` what stays beside something new. ``names`` has what was kept before by what it
    is called now; those in ``unfounded`` end, as what they served ended.
    """

    schema: Schema
    changes: tuple[Change, ...]
    choices: Choices
    labels: Mapping[Place, Mapping[str, str]]
    dropped: frozenset[Kept]
    doubled: tuple[Kept, ...]
    names: Mapping[Kept, Kept]
    unfounded: Set[Kept]

    @property
    def keeps(self) -> tuple[Kept, ...]:
        """What stays from now on, and what stayed before and is called otherwise now."""
        return (*self.doubled, *self.dropped, *(self.names[each] for each in self._renamed))

    @property
    def ends(self) -> tuple[Kept, ...]:
        """What stayed before and ends, or is called otherwise now."""
        return (
            *self._renamed,
            *sorted(old for old, new in self.names.items() if new in self.unfounded),
        )

    @property
    def stays(self) -> tuple[Kept, ...]:
        """What is there by then without being declared."""
        return (*(set(self.names.values()) - self.unfounded), *self.dropped)

    @property
    def _renamed(self) -> list[Kept]:
        return [old for old, new in self.names.items() if new != old]


def desire(
    settled: Settled, declared: Schema, keeping: Keeping, kept: frozenset[Kept], choices: Choices
) -> Desired:
    """Return what becomes of the schema of ``settled`` where entities have ``declared`` another.

    ``keeping`` calls things as that schema does, and ``kept`` as they were called before it. Raises
    ``MigrationError`` for what the running release couldn't work with.
    """
    current = settled.schema
    groups = tuple(beside(settled, declared, keeping, choices))
    olds = (
        *(Kept(Kind.COLUMN, (each.table, name)) for each in groups for name in each.old),
        *(Kept(Kind.NAME, (c.old.name,)) for c in settled.changes if isinstance(c, KeepName)),
    )
    names = called(kept, settled.changes)
    bare = without_details(declared, kept) if settled.changes else declared
    followed = following(with_kept(current, bare, (*names.values(), *olds)), settled.changes)
    translated = translating(current, settled.doubled, choices)
    followed, choices = expand(current, followed, groups, translated)
    dropped = keeping.dropped(current, followed)
    whole = with_kept(current, followed, dropped)
    whole = unhindering(whole, followed, dropped, outside(current))
    schema, unfounded = without_unfounded(current, with_names(current, keep(current, whole)))
    changes = diff(current, schema)
    keeping.require_known_labels(dropped, choices.labels)
    return Desired(
        schema,
        changes,
        recoding(current, dropped, choices),
        mapped(current, dropped, choices),
        dropped,
        olds,
        names,
        unfounded,
    )


def beside(
    settled: Settled, declared: Schema, keeping: Keeping, choices: Choices
) -> Iterator[Doubled]:
    """Yield the columns that the running release uses, with those that take their place."""
    yield from doubled(settled.doubled)
    yield from split(settled.schema, declared, keeping.uses, choices)
