"""What code does with entities that fails, or costs a query for each object of a loop."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.lint.file_facts import FileFacts, Read
from berceau.lint.rules import diagnose
from berceau.orm.attributes import Attribute

_CALLS = 3
"""How many functions of other modules are followed, one calling another."""
_COUNTED = {"count", "is_empty"}
"""Methods of a set that send no query once the set was read."""
_SELECTING = {"select", "filter", "where", "order_by", "sort_by", "limit", "page", "random"}
"""Methods of a set that always send a query."""


def check_reads(
    attributes: Iterable[Attribute], facts: Mapping[Path, FileFacts]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with reads of entities and their objects: L303, L304, L611 and L612."""
    model = _Model(attributes)
    for file, each in facts.items():
        reads = [_resolved(read, file, facts) for read in each.reads]
        loaded = {
            (read.scope, prefix)
            for read in reads
            if read.kind == "loop"
            for prefix in model.loaded(read.path)
        }
        for read in reads:
            for code, message, cure in model.faults(read, loaded):
                yield diagnose(code, (file, read.line), message, cure)


def _resolved(read: Read, file: Path, facts: Mapping[Path, FileFacts]) -> Read:
    """Return ``read`` with the entity, where it begins at a function of another module."""
    for _ in range(_CALLS):
        root, _, rest = read.path.partition("/")
        module, is_function, name = root.partition(":")
        if not is_function:
            break
        file = _module_file(module, file)
        returns = facts[file].returns if file in facts else {}
        path, prefetched = returns.get(name, ("", []))
        path = f"{path}/{rest}" if path and rest else path
        read = replace(read, path=path, prefetched=(*read.prefetched, *prefetched))
    return read


def _module_file(module: str, importing: Path) -> Path:
    """Return the file of a ``module``, as ``.service``, that the file ``importing`` imports."""
    name = module.lstrip(".")
    folder = importing.parents[len(module) - len(name) - 1]
    return folder.joinpath(*name.split(".")).with_suffix(".py")


class _Model:
    """The attributes of all entities."""

    def __init__(self, attributes: Iterable[Attribute]) -> None:
        self._attributes = {(each.entity, each.name): each for each in attributes}
        self._entities = {entity for entity, _ in self._attributes}

    def loaded(self, path: str) -> Iterator[str]:
        """Yield the parts of ``path`` that reading it loads: all, where it ends with no method."""
        entity, *names = path.split("/")
        steps = list(self._steps(entity, names))
        if len(steps) == len(names):
            yield from ("/".join((entity, *names[: n + 1])) for n in range(len(names)))

    def faults(
        self, read: Read, loaded: set[tuple[int, str]]
    ) -> Iterator[tuple[str, str, str | None]]:
        """Yield the code, the message and the cure of what is wrong with ``read``."""
        entity, *names = read.path.split("/")
        if entity not in self._entities:
            return
        match read.kind:
            case "iterated":
                yield "L611", f"Python iterates the entity {entity}: `{read.text}`.", None
            case "inline":
                message = (
                    f"Python reads all objects of a query to compute one value: `{read.text}`."
                )
                yield "L304", message, None
            case "query":
                message = f"A query for each object of a loop: `{read.text}`."
                yield "L303", message, None
            case "aggregate":
                yield from self._aggregate(entity, names, read)
            case _:
                yield from self._loop(entity, names, read, loaded)

    def _aggregate(
        self, entity: str, names: list[str], read: Read
    ) -> Iterator[tuple[str, str, str | None]]:
        *path, method = names
        steps = list(self._steps(entity, path))
        if len(steps) == len(path) and any(step.many for step in steps) and method != "distinct":
            owner = read.text[: read.text.rindex(f".{method}(")]
            message = f"`{read.text}` in a query: what it reads has no method {method}()."
            yield "L612", message, f"Use Pony's function: `{method}({owner})`."

    def _loop(
        self, entity: str, names: list[str], read: Read, loaded: set[tuple[int, str]]
    ) -> Iterator[tuple[str, str, str | None]]:
        steps = list(self._steps(entity, names))
        message = f"A query for each object of a loop: `{read.text}`."
        for step in steps:
            if step.alone and not self._is_prefetched(step, read):
                yield "L303", message, _cure(step)
                return
        method = names[len(steps)] if len(steps) < len(names) else ""
        if not steps or not steps[-1].many:
            return
        path = "/".join((entity, *names[: len(steps)]))
        spared = self._is_prefetched(steps[-1], read) or (read.scope, path) in loaded
        if method in _SELECTING or (method in _COUNTED and not spared):
            yield "L303", message, _cure(steps[-1], method)

    def _steps(self, entity: str | None, names: list[str]) -> Iterator[Attribute]:
        """Yield the attributes that ``names`` lead through, as far as they are attributes."""
        for name in names:
            attribute = self._attributes.get((entity or "", name))
            if attribute is None:
                return
            yield attribute
            entity = attribute.target

    def _is_prefetched(self, attribute: Attribute, read: Read) -> bool:
        if not attribute.columns and not attribute.many:
            return False  # the other side of one to one: Pony reads it alone in any case
        found = (each.rpartition(".")[::2] for each in read.prefetched)
        return any(
            name == attribute.name and self._owner(entity, name) == attribute.declared_by
            for entity, name in found
        )

    def _owner(self, entity: str, name: str) -> str | None:
        attribute = self._attributes.get((entity.rpartition(".")[2], name))
        return attribute.declared_by if attribute else None


def _cure(attribute: Attribute, method: str = "") -> str:
    """Return the query that spares reading ``attribute``, or a ``method`` of it, in a loop."""
    owner = attribute.declared_by
    variable = owner[0].lower()
    value = f"{variable}.{attribute.name}"
    prefetch = f"`.prefetch({owner}.{attribute.name})`"
    if method == "count":
        return (
            f"Count in the query, as in `select(({variable}, count({value})) for {variable} in "
            f"{owner})`, or read the sets of all objects at once: {prefetch}."
        )
    if method == "is_empty":
        return (
            f"Ask in the query, as in `select({variable} for {variable} in {owner} if not "
            f"{value}.is_empty())`, or read the sets of all objects at once: {prefetch}."
        )
    if method:
        return (
            f"Send one query of {attribute.target} before the loop, or read the whole set and "
            f"choose from it in Python: Pony reads `{value}` for all objects at once."
        )
    if attribute.target and not attribute.many:
        return (
            f"Select both in the query, as in `select(({variable}, {value}) for {variable} in "
            f"{owner})`, or loop over {attribute.target}, which has the column."
        )
    return f"Read it for all objects at once: add {prefetch} to the query."
