"""Which components need which: what a component can't be built or run without."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from berceau.components import Component, by_folder, component_of
from berceau.lint.file_facts import FileFacts
from berceau.orm.attributes import Attribute


def dependencies(
    components: Iterable[Component],
    attributes: Iterable[Attribute],
    facts: Mapping[Path, FileFacts],
) -> dict[str, tuple[str, ...]]:
    """Return the names of the components that each component needs, by its name.

    It needs those that declare what its relations lead to and its extensions extend, and those of
    which it imports a module, as far as there are ``facts`` of its files. Its tests don't count.
    """
    components = tuple(components)
    folders = by_folder(components)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file, needed in {*_by_relations(attributes), *_by_imports(components, facts)}:
        source, target = component_of(file, folders), component_of(needed, folders)
        if source and target and source != target:
            found[source.name].add(target.name)
    return {name: tuple(sorted(needed)) for name, needed in found.items()}


def _by_relations(attributes: Iterable[Attribute]) -> Iterator[tuple[Path, Path]]:
    attributes = tuple(attributes)
    homes = {each.entity: each.home for each in attributes}
    for each in attributes:
        if each.target:
            yield each.file, homes[each.target]
        yield each.file, homes[each.declared_by]


def _by_imports(
    components: Iterable[Component], facts: Mapping[Path, FileFacts]
) -> Iterator[tuple[Path, Path]]:
    components = tuple(components)
    packages = {component.package: component.path for component in components}
    for component in components:
        for file in component.sources():
            inside = file.parent.relative_to(component.path).parts
            package = ".".join((component.package, *inside))
            for name in facts[file].imports if file in facts else ():
                parts = _absolute(name, package).split(".")
                for end in range(len(parts), 0, -1):
                    if path := packages.get(".".join(parts[:end])):
                        yield file, path / "__init__.py"
                        break


def _absolute(name: str, package: str) -> str:
    """Return the module that a file in ``package`` means by ``name``, which may begin with dots."""
    module = name.lstrip(".")
    level = len(name) - len(module)
    if level == 0:
        return name
    parts = package.split(".")
    return ".".join((*parts[: len(parts) - level + 1], module))
