"""What the names of a module mean, as far as its imports show."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)


class Nodes:
    """All nodes of a module by their type: to walk through them is what takes the time."""

    def __init__(self, tree: ast.Module) -> None:
        self._by_type: dict[type[ast.AST], list[Any]] = defaultdict(list)
        for node in ast.walk(tree):
            self._by_type[type(node)].append(node)

    def of(self, kind: type[Node]) -> Sequence[Node]:
        """Return the nodes of a type, outer ones before those inside of them."""
        return self._by_type.get(kind, ())


class Names:
    """The names that a module imports, and those that it defines."""

    def __init__(self, nodes: Nodes) -> None:
        self._origins = dict(_imported(nodes))
        self._defined = set(_defined(nodes))
        self._entities: set[str] = set()
        self._all_entities = any(
            _is_of_entities("." * node.level + (node.module or ""))
            for node in nodes.of(ast.ImportFrom)
            if node.names[0].name == "*"
        )
        for declared in nodes.of(ast.ClassDef):
            if any(self._is_entity(base) for base in declared.bases):
                self._entities.add(declared.name)

    def __contains__(self, package: str) -> bool:
        """Return whether anything is imported from ``package`` or below it."""
        return any(f"{origin}.".startswith(f"{package}.") for origin in self._origins.values())

    def origin(self, node: ast.AST) -> str | None:
        """Return where an expression comes from: ``datetime.datetime.now``, ``builtins.sorted``."""
        match node:
            case ast.Attribute(value=value, attr=attribute):
                origin = self.origin(value)
                return None if origin is None else f"{origin}.{attribute}"
            case ast.Name(id=name):
                if name in self._origins:
                    return self._origins[name]
                if hasattr(builtins, name) and name not in self._defined:
                    return f"builtins.{name}"
        return None

    def entity(self, node: ast.AST) -> str | None:
        """Return the name of the class that ``node`` means, if it may be an entity."""
        match node:
            case ast.Name(id=name) if name in self._entities:
                return name
            case ast.Name(id=name) if name not in self._origins:
                imported = self._all_entities and name not in self._defined
                return name if imported and name[:1].isupper() else None
        package, _, name = (self.origin(node) or "").rpartition(".")
        return name if _is_of_entities(package) and name[:1].isupper() else None

    def _is_entity(self, base: ast.expr) -> bool:
        return getattr(base, "attr", None) == "Entity" or self.entity(base) is not None

    def neighbour(self, node: ast.AST) -> str | None:
        """Return the function of another module of the package that ``node`` means, if it is one.

        It is returned as ``.service:posts``, with the dots of the import.
        """
        module, _, name = (self.origin(node) or "").rpartition(".")
        return f"{module}:{name}" if module.strip(".") and module.startswith(".") else None


def _is_of_entities(module: str) -> bool:
    """Return whether a component imports its own or another's entities from ``module``."""
    return module == "berceau.orm.db" or module.startswith(".") or "entities" in module.split(".")


def imports(nodes: Nodes) -> set[str]:
    """Return the names of the modules that a module imports, and of what it imports from them."""
    found = {alias.name for plain in nodes.of(ast.Import) for alias in plain.names}
    for node in nodes.of(ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        dot = "." if node.module else ""
        found |= {f"{module}{dot}{alias.name}" for alias in node.names}
    return found


def _imported(nodes: Nodes) -> Iterator[tuple[str, str]]:
    for plain in nodes.of(ast.Import):
        for alias in plain.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or name, name
    for node in nodes.of(ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name != "*":
                separator = "" if module.endswith(".") else "."
                yield alias.asname or alias.name, f"{module}{separator}{alias.name}"
            elif module == "pony.orm":
                import pony.orm  # costs more than to examine a hundred files

                yield from ((name, f"pony.orm.{name}") for name in vars(pony.orm) if name[0] != "_")


def _defined(nodes: Nodes) -> Iterator[str]:
    yield from (each.id for each in nodes.of(ast.Name) if isinstance(each.ctx, ast.Store))
    yield from (each.arg for each in nodes.of(ast.arg))
    yield from (each.name for each in nodes.of(ast.FunctionDef))
    yield from (each.name for each in nodes.of(ast.ClassDef))
